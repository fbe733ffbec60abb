"""How a service starts and stops: arguments, settings, log, signals, exit codes."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Generic

from prometheus_client import disable_created_metrics

from runtime import logs
from runtime.clock import Clock, SystemClock
from runtime.database import DatabaseError
from runtime.security import Access, AccessError
from runtime.settings import Settings, SettingsError, SettingsType, load
from runtime.web import AddressInUse, Unprotected

logger = logging.getLogger(f"monitoring.{__name__}")

TOKENS_FILE = "tokens.yml"


@dataclass(frozen=True, slots=True)
class Context(Generic[SettingsType]):
    """What a service is built from.

    reload: asks for the settings to be read again; the service is then built anew.
    """

    settings: SettingsType
    listen_address: str
    data_dir: Path
    access: Access
    arguments: argparse.Namespace
    reload: Callable[[], None]
    clock: Clock = field(default_factory=SystemClock)


Build = Callable[[Context[SettingsType]], AbstractAsyncContextManager[None]]
"""Starts the service on entering and stops it on leaving."""


def version() -> str:
    """Return the version of the installed product."""
    return metadata.version("newswatch")


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what every command takes: where the settings and the data are."""
    add = parser.add_argument
    add("--config", metavar="FILE", action="append", default=[], type=Path, help="settings (YAML, JSON); repeatable")
    add("--data-dir", metavar="DIR", type=Path, default=Path("var"), help="folder of databases and state")


def argument_parser(name: str, default_port: int) -> argparse.ArgumentParser:
    """Return the arguments that every service takes."""
    parser = argparse.ArgumentParser(prog=name, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add_common_arguments(parser)
    address = f"127.0.0.1:{default_port}"
    web_config_help = "TLS and basic authentication, in the format of the Prometheus exporters"
    add = parser.add_argument
    add("--web.listen-address", dest="listen_address", metavar="HOST:PORT", default=address, help="address of the API")
    add("--web.config.file", dest="web_config_file", metavar="FILE", type=Path, help=web_config_help)
    add("--log.level", dest="log_level", choices=logs.LEVELS, default="info", help="what is logged")
    add("--log.format", dest="log_format", choices=logs.FORMATS, default="text", help="how it is logged")
    add("--version", action="version", version=f"{name} {version()}")
    return parser


def run(
    parser: argparse.ArgumentParser,
    model: type[SettingsType],
    build: Build[SettingsType],
    argv: Sequence[str] | None = None,
) -> int:
    """Run a service until SIGINT or SIGTERM; SIGHUP reads the settings again.

    Returns the exit code: 0 after a signal, 1 if it cannot start, with one line on stderr that says why.
    """
    arguments = parser.parse_args(argv)
    logs.configure(arguments.log_level, arguments.log_format)
    disable_created_metrics()  # type: ignore[no-untyped-call]
    try:
        asyncio.run(_serve(parser.prog, arguments, model, build))
    except (SettingsError, AccessError, AddressInUse, Unprotected, DatabaseError, OSError, ValueError) as error:
        sys.stderr.write(f"{parser.prog}: {error}\n")
        return 1
    return 0


async def _serve(
    name: str, arguments: argparse.Namespace, model: type[SettingsType], build: Build[SettingsType]
) -> None:
    wake = asyncio.Event()
    wanted: set[str] = set()

    def ask(what: str) -> None:
        wanted.add(what)
        wake.set()

    loop = asyncio.get_running_loop()
    for stopping in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(stopping, ask, "stop")
    loop.add_signal_handler(signal.SIGHUP, ask, "reload")
    context = _context(arguments, model, lambda: ask("reload"))
    while "stop" not in wanted:
        async with build(context):
            logger.info("%s %s is up on %s", name, version(), arguments.listen_address)
            while True:
                await wake.wait()
                wake.clear()
                if "stop" in wanted:
                    break
                wanted.clear()
                try:
                    context = _context(arguments, model, lambda: ask("reload"))
                except (SettingsError, AccessError) as error:
                    logger.error("settings not read again, the old ones stay in force: %s", error)
                else:
                    logger.info("%s: settings read again", name)
                    break
    logger.info("%s stopped", name)


def _context(
    arguments: argparse.Namespace, model: type[SettingsType], reload: Callable[[], None]
) -> Context[SettingsType]:
    settings = load(model, arguments.config)
    viewers = settings.web.viewers if isinstance(settings, Settings) else ()
    access = Access.load(arguments.web_config_file, arguments.data_dir / TOKENS_FILE, viewers)
    return Context(settings, arguments.listen_address, arguments.data_dir, access, arguments, reload)
