"""The whole stack on one machine: what has to be true before it starts, its programs, its files, its end.

Everything is written below the data folder (`./var`).
"""

import errno
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml

from monitoring import tools
from monitoring.demo_history import FIGURES, openmetrics
from monitoring.ownership import Unable, owned
from monitoring.processes import Processes, Program, Signals, Talk
from monitoring.rendering import (
    SERVICES,
    Addresses,
    Credentials,
    alertmanager_configuration,
    demo_settings,
    prometheus_configuration,
    service_settings,
)
from monitoring.settings import Configuration
from runtime.clock import SystemClock
from runtime.security import Access, Role, create_token, read_tokens
from runtime.service import TOKENS_FILE
from runtime.settings import ENVIRONMENT_PREFIX, load, merge

READY_SECONDS = 120.0
SAMPLE_LEARNING_SECONDS = 20.0
RETENTION_TIME = "35d"
RETENTION_SIZE = "4GB"
SHIPPED = tools.ROOT / "prometheus"
SAMPLE = tools.ROOT / "examples/news_app.py"


class ToolMissing(Unable):
    """Prometheus or Alertmanager is not there and cannot be fetched."""


@dataclass(frozen=True, slots=True)
class Options:
    """What `monitoring up` was told.

    sample: run the sample application; None for "where no settings are given". once: end as soon as all is ready.
    demo: also run the receivers of mails and webhooks, with made history and quick timers; in a folder of its own.
    """

    config: tuple[Path, ...] = ()
    data_dir: Path = Path("var")
    port_offset: int = 0
    sample: bool | None = None
    web_config_file: Path | None = None
    log_level: str = "info"
    once: bool = False
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack, decided: where it listens, what runs, where it keeps its data."""

    options: Options
    settings: Configuration
    addresses: Addresses
    access: Access
    found: Mapping[str, Path] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """The data folder, absolute."""
        folder = self.options.data_dir.absolute()
        return folder / "demo" if self.options.demo else folder

    @property
    def run(self) -> Path:
        """The folder of the files that are made anew at every start."""
        return self.data / "run"

    @property
    def sample(self) -> bool:
        """Whether the sample application runs."""
        return self.options.demo or (not self.options.config if self.options.sample is None else self.options.sample)

    @property
    def own_prometheus(self) -> bool:
        """Whether this stack has a Prometheus of its own: the settings name no other."""
        return "url" not in self.settings.prometheus.model_fields_set

    @property
    def own_alertmanager(self) -> bool:
        """Whether this stack has an Alertmanager of its own: the settings name no other."""
        return "urls" not in self.settings.alertmanager.model_fields_set

    @property
    def rules_dir(self) -> Path:
        """Where the bridge writes the rules it generates."""
        return (self.settings.prometheus.rules_dir or self.data / "rules").absolute()

    @property
    def sample_log(self) -> Path:
        """The log of the sample application, which the analyzer follows."""
        return self.data / "sample/news_app.log"

    @property
    def alertmanager_urls(self) -> list[str]:
        """The Alertmanagers that Prometheus tells."""
        own = [f"http://{self.addresses.alertmanager}"]
        return own if self.own_alertmanager else list(self.settings.alertmanager.urls)

    @property
    def prometheus_url(self) -> str:
        """The Prometheus that is asked for series."""
        return f"http://{self.addresses.prometheus}" if self.own_prometheus else self.settings.prometheus.url

    @property
    def parts(self) -> list[str]:
        """The parts that listen, of those that this stack starts itself."""
        optional = {
            "prometheus": self.own_prometheus,
            "alertmanager": self.own_alertmanager,
            "sample": self.sample,
            "demo_mail": self.options.demo,
            "demo_hooks": self.options.demo,
        }
        return [part for part, _ in self.addresses.items() if optional.get(part, True)]


def decide(options: Options) -> Stack:
    """Read the settings and decide what the stack is. Raises SettingsError, AccessError, ValueError."""
    settings = load(Configuration, options.config)
    bridge = settings.alert_bridge
    addresses = Addresses(feed=bridge.feed.listen_address, dashboard=bridge.dashboard.listen_address)
    access = Access.load(options.web_config_file, options.data_dir / TOKENS_FILE, settings.web.viewers)
    return Stack(options, settings, addresses.shifted(options.port_offset), access)


def up(options: Options, talk: Talk, announce: Callable[[Stack, Signals], bool]) -> int:
    """Start everything, wait until it is healthy, and watch it until SIGINT, SIGTERM or SIGHUP.

    talk: told each step in one line. announce: called once all is ready; where it returns False the stack ends.
    Returns the exit code: 1 where announce was not content.
    Raises Unable before anything is started, StartFailed after everything was stopped again.
    """
    stack = decide(options)
    prepare_folders(stack.data)
    with owned(stack.data) as owner, Signals().installed() as signals:
        check_ports(stack)
        _empty(stack.data / "tmp")
        stack = Stack(options, stack.settings, stack.addresses, stack.access, need_tools(stack, talk))
        if options.demo:
            _begin_demo(stack, talk)
        write_files(stack)
        started = programs(stack)
        health = {program.name: program.health_url for program in started}
        processes = Processes(started, stack.data / "logs", signals, talk)
        try:
            processes.start()
            owner.note(processes.pids, health)
            content = not processes.wait_ready(READY_SECONDS) or announce(stack, signals)
            if content and not options.once:
                processes.watch(lambda: owner.note(processes.pids, health))
        finally:
            processes.stop()
    talk("stopped")
    return 0 if content else 1


def need_tools(stack: Stack, talk: Talk) -> dict[str, Path]:
    """Return the programs that this stack needs beside Python's, fetched where they are missing.

    Raises ToolMissing where they are not to be had.
    """
    needed = [name for name in ("prometheus", "alertmanager") if name in stack.parts]
    try:
        found = tools.ensure(needed, talk)
    except FileNotFoundError as error:
        raise Unable(str(error)) from None
    for name in needed:
        if name not in found:
            package = tools.TOOLS[name].packages[0]
            variable = tools.TOOLS[name].variable
            raise ToolMissing(f"{name} is not to be had: install it (Debian: {package}), or name it by {variable}=PATH")
    return found


def prepare_folders(data: Path) -> None:
    """Make the folders below the data folder. Raises Unable where it cannot be written."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("logs", "run", "rules", "tmp", "prometheus", "alertmanager", "sample"):
            (data / name).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data / "run"):
            pass
    except OSError as error:
        raise Unable(f"cannot write to {error.filename or data}: {error.strerror}; give another --data-dir") from None


def check_ports(stack: Stack, parts: Sequence[str] | None = None) -> None:
    """Raise Unable where a port of the stack is in use, naming who holds it and what to do. parts: all by default."""
    for part in stack.parts if parts is None else parts:
        address = getattr(stack.addresses, part)
        if (reason := port_problem(address)) is not None:
            raise Unable(
                f"{part} cannot listen on {address}: {reason}; stop that, "
                f"or move this stack with --port-offset {stack.options.port_offset + 100}"
            )


def port_problem(address: str) -> str | None:
    """Return why nothing can listen on HOST:PORT, naming the process that holds the port where it can be seen."""
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]") or "0.0.0.0", int(port)))  # noqa: S104 - only to see whether it is free
        except OSError as error:
            return (
                f"it is in use by {port_holder(int(port))}" if error.errno == errno.EADDRINUSE else str(error.strerror)
            )
    return None


def port_holder(port: int) -> str:
    """Return who listens on a port: process and command, or `another process` where that cannot be seen."""
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections(kind="tcp"):
            listens = connection.status == psutil.CONN_LISTEN and getattr(connection.laddr, "port", None) == port
            if listens and connection.pid:
                command = " ".join(psutil.Process(connection.pid).cmdline())
                return f"process {connection.pid} ({command[:60]})"
    return "another process"


def write_files(stack: Stack) -> None:
    """Write what Prometheus, Alertmanager and the services read, below the data folder."""
    credentials = _make_credentials(stack)
    stack.rules_dir.mkdir(parents=True, exist_ok=True)
    settings = service_settings(
        stack.addresses,
        prometheus_url=stack.prometheus_url if stack.own_prometheus else None,
        alertmanager_urls=stack.alertmanager_urls if stack.own_alertmanager else None,
        rules_dir=stack.rules_dir,
        credentials=credentials,
        analyzer=_sample_source(stack) if stack.sample else None,
    )
    if stack.options.demo:
        settings = merge(settings, demo_settings(stack.addresses))
    _write_yaml(stack.run / "stack.yml", settings)
    _write_yaml(stack.run / "prometheus.yml", _prometheus_configuration(stack, credentials))
    _write_yaml(stack.run / "alertmanager.yml", _alertmanager_configuration(stack, credentials))


def programs(stack: Stack) -> list[Program]:
    """Return the programs of the stack in the order in which they are started."""
    environment = _environment(stack)
    started = [_service(stack, name, environment) for name in SERVICES]
    if stack.own_prometheus:
        started.append(_prometheus(stack, environment))
    if stack.own_alertmanager:
        started.append(_alertmanager(stack, environment))
    if stack.sample:
        started.append(_sample(stack, environment))
    if stack.options.demo:
        started.append(_receivers(stack, environment))
    return started


def summary(stack: Stack) -> str:
    """Return what a person needs to know of a stack that is up."""
    shown = stack.options.data_dir
    scheme = "https" if stack.access.ssl_context else "http"
    websocket = "wss" if stack.access.ssl_context else "ws"
    lines = {
        "dashboard": f"{scheme}://{stack.addresses.dashboard}/",
        "feed": f"{websocket}://{stack.addresses.feed}/",
        "HTTP API": f"{scheme}://{stack.addresses.alert_bridge}/api/v1/alerts",
        "Prometheus": stack.prometheus_url,
        "Alertmanager": ", ".join(stack.alertmanager_urls),
        "logs": f"{shown}/logs/*.log",
        "to stop": "Ctrl-C here, or `./stack down`",
    }
    if stack.sample:
        url = f"http://{stack.addresses.sample}"
        lines["sample"] = f"{url}/metrics, a made-up news application to look at (--no-sample leaves it out)"
        body = '{"mode": "database"}'
        lines["break it"] = f"curl -X POST -H 'Content-Type: application/json' -d '{body}' {url}/fail"
    return "\n".join(["Newswatch is up.", *(f"  {name:<13} {value}" for name, value in lines.items())])


def to_paste(stack: Stack, what: str) -> str:
    """Return what belongs into the configuration of the user's own `prometheus` or `alertmanager`, as YAML."""
    if what == "prometheus":
        content = _prometheus_configuration(stack, _named_credentials(stack))
        content = {key: content[key] for key in ("rule_files", "alerting", "scrape_configs")}
    else:
        content = _alertmanager_configuration(stack, _named_credentials(stack))
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def _begin_demo(stack: Stack, talk: Talk) -> None:
    """Begin a demo with an empty folder and four weeks of made history."""
    for name in ("prometheus", "alertmanager", "rules", "sample", "received"):
        shutil.rmtree(stack.data / name, ignore_errors=True)
    for file in stack.data.glob("*.db*"):
        file.unlink()
    (stack.data / "thresholds.jsonl").unlink(missing_ok=True)
    prepare_folders(stack.data)
    history = stack.data / "tmp/history.txt"
    instances = {"exporter": stack.addresses.exporter, "app": stack.addresses.sample}
    with history.open("w", encoding="utf-8") as lines:
        lines.writelines(openmetrics(SystemClock().time(), instances))
    load_history(stack.data / "prometheus", history)
    talk(f"four weeks of made history for {', '.join(FIGURES)} are in Prometheus' folder")


def load_history(tsdb: Path, openmetrics: Path) -> None:
    """Put old samples into the folder of a Prometheus that does not run yet.

    openmetrics: a file in the OpenMetrics format with timestamps, ended by `# EOF`.
    Raises Unable where promtool is not to be had or refuses the file.
    """
    promtool = tools.find("promtool")
    if promtool is None:
        raise Unable("promtool is not to be had: it comes with Prometheus")
    command = [str(promtool), "tsdb", "create-blocks-from", "openmetrics", "--quiet", str(openmetrics), str(tsdb)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unable(f"promtool refused {openmetrics}: {(done.stderr or done.stdout).strip()}")


def _service(stack: Stack, name: str, environment: Mapping[str, str]) -> Program:
    """Return one of our services; users and certificate are the bridge's, the others know the stack's tokens alone."""
    address = getattr(stack.addresses, name)
    url = f"{_named_credentials(stack).scheme(name)}://{address}"
    command = [sys.executable, "-P", "-m", name, "--web.listen-address", address, "--data-dir", str(stack.data)]
    command += ["--log.level", stack.options.log_level]
    for file in (*stack.options.config, stack.run / "stack.yml"):
        command += ["--config", str(file.absolute())]
    if name == "alert_bridge" and stack.options.web_config_file:
        command += ["--web.config.file", str(stack.options.web_config_file.absolute())]
    return Program(name, tuple(command), f"{url}/-/ready", f"{url}/metrics", environment)


def _prometheus(stack: Stack, environment: Mapping[str, str]) -> Program:
    program, address = stack.found["prometheus"], stack.addresses.prometheus
    command = (
        str(program),
        f"--config.file={stack.run / 'prometheus.yml'}",
        f"--storage.tsdb.path={stack.data / 'prometheus'}",
        f"--storage.tsdb.retention.time={RETENTION_TIME}",
        f"--storage.tsdb.retention.size={RETENTION_SIZE}",
        f"--web.listen-address={address}",
        "--web.enable-lifecycle",
    )
    folder = tools.working_folder(program)
    return Program("prometheus", command, f"http://{address}/-/ready", f"http://{address}/", environment, folder)


def _alertmanager(stack: Stack, environment: Mapping[str, str]) -> Program:
    program, address = stack.found["alertmanager"], stack.addresses.alertmanager
    command = (
        str(program),
        f"--config.file={stack.run / 'alertmanager.yml'}",
        f"--storage.path={stack.data / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    )
    folder = tools.working_folder(program)
    return Program("alertmanager", command, f"http://{address}/-/ready", f"http://{address}/", environment, folder)


def _sample(stack: Stack, environment: Mapping[str, str]) -> Program:
    address = stack.addresses.sample
    folder = str(stack.sample_log.parent)
    command = (sys.executable, "-P", str(SAMPLE), "--listen", address, "--log-dir", folder)
    return Program("sample", command, f"http://{address}/-/ready", f"http://{address}/", environment)


def _receivers(stack: Stack, environment: Mapping[str, str]) -> Program:
    mail, hooks = stack.addresses.demo_mail, stack.addresses.demo_hooks
    folder = str(stack.data / "received")
    command = (sys.executable, "-P", "-m", "monitoring.receivers", "--smtp", mail, "--http", hooks, "--dir", folder)
    return Program("receivers", command, f"http://{hooks}/-/ready", f"http://{hooks}/", environment)


def _environment(stack: Stack) -> dict[str, str]:
    """Return the environment of the programs: temporary files in the data folder, the stack's own settings in force."""
    decided = yaml.safe_load((stack.run / "stack.yml").read_text())
    names = {ENVIRONMENT_PREFIX + "__".join(path).upper() for path in _paths(decided)}
    kept = {name: value for name, value in os.environ.items() if name not in names}
    promtool = tools.find("promtool")
    checks = {"PROMTOOL_BIN": str(promtool)} if promtool else {}
    return {**kept, **checks, "TMPDIR": str(stack.data / "tmp"), "PYTHONUNBUFFERED": "1"}


def _paths(settings: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _paths(value, (*above, key))
        else:
            yield (*above, key)


def _prometheus_configuration(stack: Stack, credentials: Credentials) -> dict[str, Any]:
    return prometheus_configuration(
        yaml.safe_load((SHIPPED / "prometheus.yml").read_text()),
        SHIPPED,
        stack.addresses,
        rules_dir=stack.rules_dir,
        alertmanagers=stack.alertmanager_urls,
        running=stack.parts,
        credentials=credentials,
    )


def _alertmanager_configuration(stack: Stack, credentials: Credentials) -> dict[str, Any]:
    shipped = yaml.safe_load((SHIPPED / "alertmanager.yml").read_text())
    return alertmanager_configuration(shipped, stack.addresses, credentials, "5s" if stack.options.demo else None)


def _empty(folder: Path) -> None:
    """Remove what a killed program left in the folder for temporary files."""
    shutil.rmtree(folder)
    folder.mkdir()


def _write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True))


def _named_credentials(stack: Stack) -> Credentials:
    """Return how Prometheus and Alertmanager log in: nothing where the services are open."""
    tls = stack.access.ssl_context is not None
    if stack.access.open:
        return Credentials(tls)
    return Credentials(tls, stack.run / "scrape.token", stack.run / "ingest.token")


def _sample_source(stack: Stack) -> dict[str, Any]:
    """Return the analyzer's settings for following the sample application beside the user's own sources."""
    analyzer = stack.settings.analyzer
    own = [source.model_dump(exclude_unset=True) for source in analyzer.sources]
    learning = {} if "learning_seconds" in analyzer.model_fields_set else {"learning_seconds": SAMPLE_LEARNING_SECONDS}
    return {"sources": [*own, {"name": "news_app", "path": str(stack.sample_log)}], **learning}


def _make_credentials(stack: Stack) -> Credentials:
    """Return how they log in, and make the tokens."""
    credentials = _named_credentials(stack)
    tokens = stack.data / TOKENS_FILE
    if credentials.scrape_file and credentials.ingest_file:
        _make_token(tokens, credentials.scrape_file, Role.VIEWER, "stack-prometheus")
        _make_token(tokens, credentials.ingest_file, Role.INGEST, "stack-alertmanager")
    return credentials


def _make_token(tokens: Path, file: Path, role: Role, name: str) -> None:
    """Write a token of this role into a file; it is kept as long as the token file knows it."""
    if not file.exists() or not _known(tokens, file.read_text()):
        file.touch(mode=0o600)
        file.write_text(create_token(tokens, role, name))


def _known(tokens: Path, token: str) -> bool:
    return tokens.exists() and hashlib.sha256(token.encode()).hexdigest() in read_tokens(tokens)
