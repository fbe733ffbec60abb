"""Where Prometheus, Alertmanager and their checkers are, and how to get them where they are not.

`python -m monitoring.tools NAME...` fetches what is missing and prints one line a tool.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = (ROOT if (ROOT / "pyproject.toml").exists() else Path.cwd()) / ".tools"
POLICY = Path("/usr/sbin/policy-rc.d")
ENABLED = Path("/etc/systemd/system")
DEBIAN_TEMPLATES = b"/usr/share/prometheus/alertmanager"
APT_TIMEOUT_SECONDS = 600

Talk = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Tool:
    """A program from outside Python.

    commands: its names on PATH. packages: Debian's, the first one holds the program.
    variable: the environment variable that names its path. services: what Debian would start on installation.
    portable: it runs unpacked anywhere, without installation.
    """

    name: str
    commands: tuple[str, ...]
    packages: tuple[str, ...]
    variable: str
    services: tuple[str, ...] = ()
    portable: bool = True


TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("prometheus", ("prometheus",), ("prometheus",), "PROMETHEUS_BIN", ("prometheus",)),
        Tool("promtool", ("promtool",), ("prometheus",), "PROMTOOL_BIN", ("prometheus",)),
        Tool(
            "alertmanager",
            ("alertmanager", "prometheus-alertmanager"),
            ("prometheus-alertmanager",),
            "ALERTMANAGER_BIN",
            ("prometheus-alertmanager",),
        ),
        Tool("amtool", ("amtool",), ("prometheus-alertmanager",), "AMTOOL_BIN", ("prometheus-alertmanager",)),
        Tool(
            "node_exporter",
            ("node_exporter", "prometheus-node-exporter"),
            ("prometheus-node-exporter",),
            "NODE_EXPORTER_BIN",
            ("prometheus-node-exporter",),
        ),
        Tool(
            "chromium",
            ("chromium", "chromium-browser", "google-chrome"),
            ("chromium", "fonts-noto-cjk", "libatomic1"),
            "CHROMIUM_BIN",
            portable=False,
        ),
    )
}


def find(name: str, *, environ: Mapping[str, str] = os.environ, folder: Path = FOLDER) -> Path | None:
    """Return the path of a tool, or None.

    Looked for in its variable (`PROMETHEUS_BIN`), on PATH under each of its names, then below `.tools/`.
    Raises FileNotFoundError where the variable names something that cannot be run, KeyError for an unknown tool.
    """
    tool = TOOLS[name]
    if named := environ.get(tool.variable):
        if shutil.which(named) is None:
            raise FileNotFoundError(f"{tool.variable}={named}: no program there")
        return Path(str(shutil.which(named))).absolute()
    places = (environ.get("PATH", os.defpath), str(folder / "usr/bin"))
    for place in places:
        for command in tool.commands:
            if found := shutil.which(command, path=place):
                return Path(found).absolute()
    return None


def working_folder(program: Path, folder: Path = FOLDER) -> Path | None:
    """Return the folder a tool has to be started in: `.tools/` for one that was unpacked there, else any will do."""
    return folder if program.is_relative_to(folder) else None


def ensure(names: Sequence[str], talk: Talk) -> dict[str, Path]:
    """Find tools, fetch those that are missing, and return the path of each that is there.

    As root: apt, without starting or enabling any service. Otherwise: Debian's packages unpacked below `.tools/`,
    or brew. talk: told in one line what is done and what cannot be had.
    """
    missing = [TOOLS[name] for name in names if find(name) is None]
    if missing:
        FOLDER.mkdir(parents=True, exist_ok=True)
        with (FOLDER / "tools.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _fetch([tool for tool in missing if find(tool.name) is None], talk)
    return {name: path for name in names if (path := find(name)) is not None}


def _fetch(missing: Sequence[Tool], talk: Talk) -> None:
    packages = list(dict.fromkeys(package for tool in missing for package in tool.packages))
    try:
        if packages and shutil.which("apt-get") and os.geteuid() == 0:
            talk(f"installing {', '.join(packages)} with apt; no service of theirs is started")
            _install(packages, sorted({service for tool in missing for service in tool.services}))
        elif packages and shutil.which("apt-get") and shutil.which("dpkg-deb"):
            _unpack([tool for tool in missing if tool.portable], talk)
        elif packages and shutil.which("brew"):
            talk(f"installing {', '.join(tool.name for tool in missing)} with brew")
            _run(["brew", "install", "--quiet", *sorted({tool.commands[0] for tool in missing if tool.services})])
    except (OSError, subprocess.SubprocessError) as error:
        talk(f"could not fetch {', '.join(packages)}: {_reason(error)}")


def _install(packages: Sequence[str], services: Sequence[str]) -> None:
    """Install packages as root; services that come with them are neither started now nor at the next boot."""
    before = {service for service in services if _unit(service).exists()}
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-qq", "--no-install-recommends", *packages]
    with _no_service_starts():
        try:
            _run(install, environment)
        except subprocess.CalledProcessError:
            _run(["apt-get", "update", "-qq"], environment)
            _run(install, environment)
    for service in services:
        if service not in before:
            for link in ENABLED.glob(f"*.wants/{service}.service"):  # what `systemctl disable` does; it may not be here
                link.unlink()


def _unit(service: str) -> Path:
    return Path("/lib/systemd/system") / f"{service}.service"


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Tell Debian's packages that services may not be started, and put the previous policy back afterwards."""
    kept = POLICY.with_name("policy-rc.d.before-newswatch")
    if POLICY.exists() and not kept.exists():
        POLICY.rename(kept)
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()
        if kept.exists():
            kept.rename(POLICY)


def _unpack(tools: Sequence[Tool], talk: Talk) -> None:
    """Download Debian's packages as an ordinary user and unpack them below `.tools/`."""
    packages = sorted({tool.packages[0] for tool in tools})
    if not packages:
        return
    talk(f"unpacking Debian's {', '.join(packages)} below {FOLDER}")
    downloads = FOLDER / "debs"
    downloads.mkdir(exist_ok=True)
    try:
        _run(["apt-get", "download", "-qq", *packages], cwd=downloads)
    except subprocess.CalledProcessError:
        (downloads / "lists/partial").mkdir(parents=True, exist_ok=True)
        own = ["-o", f"Dir::State::Lists={downloads}/lists", "-o", f"Dir::Cache={downloads}/cache"]
        _run(["apt-get", *own, "update", "-qq"])
        _run(["apt-get", *own, "download", "-qq", *packages], cwd=downloads)
    for archive in sorted(downloads.glob("*.deb")):
        _run(["dpkg-deb", "-x", str(archive), str(FOLDER)])
    shutil.rmtree(downloads)
    _find_templates_here(FOLDER / "usr/bin/prometheus-alertmanager")


def _find_templates_here(alertmanager: Path) -> None:
    """Let an unpacked Alertmanager of Debian find its message templates below the folder it is started in.

    Debian moved them out of the program, to an absolute path that no option or setting changes; it is replaced by a
    relative one of the same length.
    """
    if alertmanager.exists():
        content = alertmanager.read_bytes()
        alertmanager.write_bytes(content.replace(DEBIAN_TEMPLATES, DEBIAN_TEMPLATES[1:].replace(b"/", b"//", 1)))


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
    subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment, cwd=cwd, timeout=APT_TIMEOUT_SECONDS
    )


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = [line for line in f"{error.stderr}{error.stdout}".splitlines() if line.strip()]
        return lines[-1] if lines else f"{error.cmd[0]} ended with {error.returncode}"
    return str(error)


def main(names: Sequence[str]) -> int:
    """Fetch tools and print one line for each; 0 if all are there, else 1."""
    found = ensure(names or list(TOOLS), _say)
    for name in names or TOOLS:
        where = found.get(name)
        absent = "not to be had" if TOOLS[name].portable else "not to be had without root; its tests are skipped"
        _say(f"{name:<13} {where or absent}")
    return 0 if len(found) == len(names or TOOLS) else 1


def _say(line: str) -> None:
    sys.stderr.write(f"stack: {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
