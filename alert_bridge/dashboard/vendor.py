"""Fetch the two JavaScript libraries of the page, or check that the copies kept here are the published ones.

`python -m alert_bridge.dashboard.vendor` writes them, with their licences; `--check` compares and writes nothing.
The package manager `npm` fetches the packages; their digests are pinned here.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TARGET = Path(__file__).parent / "static" / "vendor"


@dataclass(frozen=True, slots=True)
class Package:
    """One published package: exact version, digest of its archive, and the files that the page loads."""

    name: str
    version: str
    sha512: str
    files: tuple[str, ...]


PACKAGES = (
    Package(
        "lit-html",
        "3.3.3",
        "el8M6jK2o3RXBnrSHX3ZKrsN8zEV63pSExTO1wYJz7QndGYZ8353e2a5PPX+qHe2aGayfnchQmkAojaWAREOIA==",
        (
            "LICENSE",
            "lit-html.js",
            "directive.js",
            "directive-helpers.js",
            "directives/live.js",
            "directives/repeat.js",
        ),
    ),
    Package(
        "uplot",
        "1.6.32",
        "KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==",
        ("LICENSE", "dist/uPlot.esm.js", "dist/uPlot.min.css"),
    ),
)


class FetchFailed(Exception):
    """npm could not deliver a package."""

    def __init__(self, package: Package, problem: str) -> None:
        super().__init__(package, problem)
        self.package = package
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.package.name} {self.package.version}: {self.problem}"


def fetch(package: Package, timeout_seconds: float = 60.0) -> Mapping[str, bytes]:
    """Return the wanted files of a package, by their path below its folder in `vendor` (a build folder is left out).

    Raises FetchFailed if npm is missing or offline, or if the archive is not the pinned one.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=timeout_seconds)
        except (OSError, subprocess.SubprocessError) as error:
            raise FetchFailed(package, f"npm pack failed ({error})") from error
        archive = next(Path(folder).glob("*.tgz"))
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if digest != package.sha512:
            raise FetchFailed(package, f"the archive's digest is {digest}, expected {package.sha512}")
        with tarfile.open(archive) as tar:
            return {name.removeprefix("dist/"): _member(tar, package, name) for name in package.files}


def _member(tar: tarfile.TarFile, package: Package, name: str) -> bytes:
    stream = tar.extractfile(f"package/{name}")
    if stream is None:
        raise FetchFailed(package, f"{name} is not a file in the archive")
    return stream.read()


def differences(package: Package, files: Mapping[str, bytes], target: Path = TARGET) -> list[str]:
    """Name the files whose kept copy is missing or differs from the published one."""
    kept = {name: target / package.name / name for name in files}
    return [
        f"{package.name}/{name}"
        for name, path in kept.items()
        if not path.is_file() or path.read_bytes() != files[name]
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Write or check the vendored files; 0 done, 1 different or not fetched."""
    parser = argparse.ArgumentParser(prog="python -m alert_bridge.dashboard.vendor", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only")
    arguments = parser.parse_args(argv)
    for package in PACKAGES:
        try:
            files = fetch(package)
        except FetchFailed as error:
            sys.stderr.write(f"{error}\n")
            return 1
        if not arguments.check:
            for name, content in files.items():
                path = TARGET / package.name / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        elif different := differences(package, files):
            sys.stderr.write(f"different from the published package: {', '.join(different)}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
