import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

UV = """#!/bin/sh
[ "$1" = --version ] && { echo 'uv 0'; exit; }
echo "$@" >> "$CALLS"
mkdir -p .venv/bin
cat > .venv/bin/python <<'END'
#!/bin/sh
[ "$1" = -c ] && exit
echo "python $@"
END
chmod +x .venv/bin/python
"""


class Clone:
    """A copy of the entry script with its lock, and a `uv` that only writes down what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "clone with a space"
        self.folder.mkdir()
        for name in ("stack", "pyproject.toml", "uv.lock"):
            shutil.copy(ROOT / name, self.folder)
        programs = folder / "bin"
        programs.mkdir()
        (programs / "uv").write_text(UV)
        (programs / "uv").chmod(0o755)
        self.calls = folder / "calls"
        self.environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "CALLS": str(self.calls)}

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = ["sh", str(self.folder / "stack"), *arguments]
        return subprocess.run(
            command, env=self.environment, cwd="/", capture_output=True, text=True, check=False, timeout=60
        )

    @property
    def syncs(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_the_environment_is_made_once_and_the_command_handed_over(clone: Clone) -> None:
    first = clone.run("doctor", "--data-dir", "a b")
    second = clone.run("doctor")
    assert first.stdout.splitlines()[-1] == "python -P -m monitoring doctor --data-dir a b"
    assert second.stdout.splitlines() == ["python -P -m monitoring doctor"]
    assert second.stderr == ""
    assert clone.syncs == ["sync --quiet --locked --inexact --no-dev"]


def test_a_changed_lock_makes_the_environment_anew(clone: Clone) -> None:
    clone.run("doctor")
    with (clone.folder / "uv.lock").open("a") as lock:
        lock.write("\n")
    clone.run("doctor")
    assert len(clone.syncs) == 2


def test_two_at_once_make_it_once(clone: Clone) -> None:
    command = ["sh", str(clone.folder / "stack"), "doctor"]
    both = [subprocess.Popen(command, env=clone.environment, stdout=subprocess.PIPE) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0].decode() for process in both]
    assert all(output.endswith("python -P -m monitoring doctor\n") for output in outputs)
    assert len(clone.syncs) == 1


def test_a_folder_that_cannot_be_written_is_one_line(clone: Clone) -> None:
    (clone.folder / ".tools").write_text("in the way")
    result = clone.run("up")
    assert result.returncode == 1
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith(f"stack: cannot write in {clone.folder}")


def test_what_ci_runs_is_the_test_command_of_the_entry_script() -> None:
    commands = [line for line in (ROOT / ".ci/run").read_text().splitlines() if not line.startswith("#")]
    assert commands == ["set -eu", 'cd "$(dirname "$0")/.."', "exec ./stack test"]
