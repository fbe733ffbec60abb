"""Bringing the generated rules into force: written whole, checked, then loaded; what was in force stays if not."""

import asyncio
import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from runtime.prometheus import SeriesUnavailable

logger = logging.getLogger(f"monitoring.{__name__}")

FILE_NAME = "thresholds.yml"
_CHECK_SECONDS = 30.0


class RuleLoader(Protocol):
    """What makes Prometheus read its rule files again; PrometheusReader is one."""

    async def reload(self) -> None:
        """Read them again. Raises SeriesUnavailable."""
        ...


def find_promtool(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the path of promtool (`PROMTOOL_BIN`, else on PATH), or None."""
    found = shutil.which(environ.get("PROMTOOL_BIN") or "promtool", path=environ.get("PATH", os.defpath))
    return Path(found) if found else None


class RuleFile:
    """The rule file `thresholds.yml` in the folder that Prometheus loads.

    promtool: checks a file before it takes the old one's place; None: Prometheus' own check at the reload decides.
    """

    def __init__(self, folder: Path, loader: RuleLoader, promtool: Path | None = None) -> None:
        self._file = folder / FILE_NAME
        self._loader = loader
        self._promtool = promtool
        self._loaded: str | None = None
        self._refused: str | None = None
        self._said: str | None = None

    async def write(self, text: str) -> bool:
        """Bring rules into force; return whether they are. Writes nothing where they are already.

        A text that promtool refused is not tried again. Where Prometheus does not load it, or does not answer, the
        next call tries again. Raises OSError if the folder cannot be written.
        """
        if text in (self._loaded, self._refused):
            return text == self._loaded
        previous = self._file.read_text(encoding="utf-8") if self._file.exists() else None
        if text != previous and not await self._put(text):
            self._refused = text
            return False
        try:
            await self._loader.reload()
        except SeriesUnavailable as error:
            self._take_back(text, previous, error)
            return False
        self._loaded, self._refused = text, None
        logger.info("threshold rules are in force: %s", self._file)
        return True

    async def _put(self, text: str) -> bool:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        problem = await self._check(fresh)
        if problem is not None:
            fresh.unlink()
            logger.error("threshold rules are refused, the old ones stay in force: %s", problem)
            return False
        fresh.replace(self._file)
        return True

    async def _check(self, file: Path) -> str | None:
        """Return what promtool has against a file, None if nothing."""
        if self._promtool is None:
            return None
        process = await asyncio.create_subprocess_exec(
            self._promtool,
            "check",
            "rules",
            file,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), _CHECK_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            return f"promtool did not answer within {_CHECK_SECONDS:g} s"
        return None if process.returncode == 0 else output.decode(errors="replace").strip()[-2000:]

    def _take_back(self, text: str, previous: str | None, error: SeriesUnavailable) -> None:
        """Unless promtool has found it good, a file that Prometheus did not load makes room for the one before."""
        if self._said != text:
            self._said = text
            logger.warning("threshold rules are not loaded yet, the old ones stay in force: %s", error)
        if self._promtool is not None or text == previous:
            return
        if previous is None:
            self._file.unlink()
        else:
            self._file.write_text(previous, encoding="utf-8")
