"""`monitoring up` without Prometheus and Alertmanager: the same parts embedded in one process."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from monitoring.integrated_monitor import IntegratedMonitoringSystem
from monitoring.ownership import owned
from monitoring.processes import Signals
from monitoring.settings import Configuration
from monitoring.supervisor import Options, Stack, check_ports, decide, prepare_folders

PARTS = ("feed", "dashboard")


def up(options: Options, write: Callable[[str], None]) -> int:
    """Run the embedded monitor until SIGINT, SIGTERM or SIGHUP. write: told the addresses once it is ready.

    Returns the exit code. Raises Unable before anything is started, and what the monitor's start raises.
    """
    stack = decide(options)
    prepare_folders(stack.data)
    with owned(stack.data) as owner:
        check_ports(stack, PARTS)
        secure = "s" if stack.access.ssl_context else ""
        owner.note({}, {"dashboard": f"http{secure}://{stack.addresses.dashboard}/-/ready"})
        asyncio.run(_run(stack, write))
    return 0


def summary(stack: Stack) -> str:
    """Return what a person needs to know of an embedded monitor that is up."""
    secure = "s" if stack.access.ssl_context else ""
    lines = {
        "dashboard": f"http{secure}://{stack.addresses.dashboard}/",
        "feed": f"ws{secure}://{stack.addresses.feed}/",
        "follows": f"{_log_folder(stack)}/*.log, and the sources of the settings",
        "to stop": "Ctrl-C here, or `./stack down`",
    }
    return "\n".join(
        ["Newswatch is up, embedded in one process.", *(f"  {name:<13} {value}" for name, value in lines.items())]
    )


async def _run(stack: Stack, write: Callable[[str], None]) -> None:
    stopping = asyncio.Event()
    for number in Signals.STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    web_config = stack.options.web_config_file
    folder = _log_folder(stack)
    folder.mkdir(exist_ok=True)
    monitor = IntegratedMonitoringSystem(
        db_path=stack.data,
        log_directory=folder,
        dashboard_config={"web_config_file": str(web_config)} if web_config else None,
        config=_moved(stack),
    )
    async with monitor:
        write(summary(stack))
        if not stack.options.once:
            await stopping.wait()


def _log_folder(stack: Stack) -> Path:
    return stack.data / "followed"


def _moved(stack: Stack) -> Configuration:
    """Return the settings with the addresses of this stack."""
    bridge = stack.settings.alert_bridge
    feed = bridge.feed.model_copy(update={"listen_address": stack.addresses.feed})
    dashboard = bridge.dashboard.model_copy(update={"listen_address": stack.addresses.dashboard})
    moved = bridge.model_copy(update={"feed": feed, "dashboard": dashboard})
    return stack.settings.model_copy(update={"alert_bridge": moved})
