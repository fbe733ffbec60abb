"""The two commands of the README on a Debian 12 that has nothing yet: a root folder by debootstrap, entered by chroot.

The host's settings of apt, pip and certificates come along, so that the packages come from where the host gets them.
Everything runs in name spaces of its own: its processes and mounts end with the command that made them.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.stack.ports import free_offset

REPOSITORY = Path(__file__).resolve().parents[2]
USER = 1234
SETTINGS = (
    *("etc/apt/sources.list", "etc/apt/sources.list.d", "etc/apt/apt.conf.d", "etc/apt/trusted.gpg.d"),
    *("etc/apt/keyrings", "etc/apt/auth.conf.d", "usr/share/keyrings", "etc/resolv.conf", "etc/hosts"),
    *("etc/pip.conf", "etc/xdg/pip", "etc/uv", "etc/ssl/certs", "usr/local/share/ca-certificates"),
)
VARIABLES = re.compile(r"(PIP|UV|SSL|CURL|REQUESTS)_\w+|(https?|no|all)_proxy", re.IGNORECASE)

ENTER = """
set -eu
root=$1; shift
mount --make-rprivate /
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
for folder in $BIND; do
    mkdir -p "$root$folder"
    mount --bind "$folder" "$root$folder"
    mount -o remount,bind,ro "$root$folder"
done
exec chroot "$@"
"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.geteuid() != 0, reason="chroot needs root")]


@dataclass(frozen=True, slots=True)
class Machine:
    """The root folder of a machine, with a clone of the repository in /home/reader/newswatch."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, command: str, *, user: int = 0, timeout: float) -> "subprocess.CompletedProcess[str]":
        """Run a shell command in the clone; what it leaves running is ended with it. timeout: seconds."""
        home = "/home/reader" if user else "/root"
        environment = {**self.environment, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home}
        environment["BIND"] = " ".join(sorted(_folders_named_in(environment)))
        enter = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, "enter", str(self.root)]
        shell = [f"--userspec={user}:{user}", "--groups=", str(self.root), "sh", "-c"]
        inside = [*shell, f"cd /home/reader/newswatch && {{ {command}\n}}"]
        with subprocess.Popen(
            [*enter, *inside],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        ) as process:
            try:
                output = process.communicate(timeout=timeout)[0]
            finally:
                process.kill()
        return subprocess.CompletedProcess(command, process.returncode, output)


def _folders_named_in(environment: dict[str, str]) -> set[str]:
    """Folders of the host that package settings name, such as one with wheels."""
    folders = (word for name, value in environment.items() if VARIABLES.fullmatch(name) for word in value.split())
    named = {folder for folder in folders if folder.startswith("/") and Path(folder).is_dir() and folder.count("/") > 1}
    return {folder for folder in named if folder.strip("/") not in SETTINGS}  # those are copied, packages write there


def _mirror() -> str | None:
    """The address from which the host's apt gets Debian 12 itself, or None."""
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(SUITE) $(CODENAME) $(COMPONENT)"],
        capture_output=True,
        text=True,
        check=False,
    )
    for line in targets.stdout.splitlines():
        address, *rest = line.split()
        if "bookworm" in rest and "main" in rest:
            return address
    return None


def _bring_settings(root: Path) -> None:
    for name in SETTINGS:
        source, target = Path("/", name), root / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, ignore_dangling_symlinks=True)
        elif source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    own = Path.home() / ".config"
    for home in ("root", "home/reader"):
        for name in ("pip", "uv"):
            if (own / name).is_dir():
                shutil.copytree(own / name, root / home / ".config" / name)


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Debian 12 as debootstrap leaves it, without package lists, and an ordinary user with a clone."""
    if shutil.which("apt-get") is None:
        pytest.skip("no apt-get here")
    if shutil.which("debootstrap") is None:
        subprocess.run(["apt-get", "install", "-qq", "debootstrap"], capture_output=True, check=False)
    mirror = _mirror()
    if shutil.which("debootstrap") is None or mirror is None:
        pytest.skip("no debootstrap, or apt here knows no mirror of Debian 12")
    root = tmp_path_factory.mktemp("debian")
    try:
        made = subprocess.run(
            ["debootstrap", "--variant=minbase", "bookworm", str(root), mirror],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        if made.returncode:
            pytest.skip(f"no Debian to be had: {made.stdout.strip().splitlines()[-1]}")
        root.chmod(0o755)
        shutil.rmtree(root / "var/lib/apt/lists")
        (root / "etc/apt/sources.list").unlink()
        (root / "home/reader").mkdir()
        _bring_settings(root)
        with (root / "etc/passwd").open("a") as passwd:
            passwd.write(f"reader:x:{USER}:{USER}::/home/reader:/bin/sh\n")
        with (root / "etc/group").open("a") as group:
            group.write(f"reader:x:{USER}:\n")
        clone = ["git", "clone", "--quiet", "--depth=1", f"file://{REPOSITORY}", str(root / "home/reader/newswatch")]
        subprocess.run(clone, check=True, timeout=60)
        yield root
    finally:
        shutil.rmtree(root)


@pytest.fixture
def machine(debian: Path, tmp_path: Path) -> Iterator[Machine]:
    root = tmp_path / "machine"
    try:
        subprocess.run(["cp", "-a", str(debian), str(root)], check=True, timeout=300)
        yield Machine(root, {name: value for name, value in os.environ.items() if VARIABLES.fullmatch(name)})
    finally:
        shutil.rmtree(root)


@pytest.fixture
def timed(machine: Machine, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that has to succeed, print the time it took, and return its output."""

    def run(command: str, *, user: int = 0, limit: float) -> str:
        start = time.monotonic()
        result = machine.run(command, user=user, timeout=5 * limit)
        with capsys.disabled():
            print(f"\nbare Debian 12, {'user' if user else 'root'}: {command}: {time.monotonic() - start:.0f} s")  # noqa: T201
        assert result.returncode == 0, result.stdout
        return result.stdout

    return run


def test_root_gets_everything_from_nothing(machine: Machine, timed: Callable[..., str]) -> None:
    policy = machine.root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 104\n")
    policy.chmod(0o755)
    assert not (machine.root / "usr/bin/python3").exists()
    up = timed(f"./stack up --once --demo --port-offset {free_offset()}", limit=360)
    assert "environment ready: Python 3" in up
    assert policy.read_text() == "#!/bin/sh\nexit 104\n"
    assert not list((machine.root / "etc/systemd/system").glob("*.wants/*prometheus*"))
    tests = timed("./stack test tests/stack/test_entry_script.py tests/dashboard", limit=210)
    assert "chromium      /usr/bin/chromium" in tests
    assert tests.rstrip().endswith("stack: all checks passed")


def test_a_user_gets_everything_but_the_browser(machine: Machine, timed: Callable[..., str]) -> None:
    install = "apt-get update -qq && apt-get install -qq --no-install-recommends python3"
    assert machine.run(f"{install} && rm -r /var/lib/apt/lists", timeout=600).returncode == 0
    subprocess.run(["chown", "-R", f"{USER}:{USER}", str(machine.root / "home/reader/newswatch")], check=True)
    up = timed(f"./stack up --once --port-offset {free_offset()}", user=USER, limit=180)
    assert "environment ready: Python 3" in up
    assert (machine.root / "home/reader/newswatch/.tools/usr/bin/prometheus").exists()
    tests = timed("./stack test tests/stack/test_entry_script.py", user=USER, limit=210)
    assert "chromium      not to be had without root; its tests are skipped" in tests
    assert tests.rstrip().endswith("stack: all checks passed")
