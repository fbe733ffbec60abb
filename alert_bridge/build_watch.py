"""Which programs run in another version than before, by the labels of `*_build_info` and `app_info`."""

import logging
from collections import deque
from collections.abc import Iterable, Mapping

from alert_bridge.change_log import ChangeLog, Told
from runtime.clock import Clock
from runtime.prometheus import Sample, SeriesReader, SeriesUnavailable

logger = logging.getLogger(f"monitoring.{__name__}")

SELECTOR = '{__name__=~".+_build_info|app_info"}'
CHECK_SECONDS = 15.0

_FORGET_SECONDS = 600.0
"""A version that nothing has run for so long is a change again when it comes back."""

_MOST_AN_HOUR = 6
"""A label that changes all the time (a date of start) is no version: a program tells so many changes at most."""

_PLACES = ("__name__", "instance", "pod", "job")

Version = tuple[tuple[str, str], ...]


class BuildWatch:
    """Compares what runs with what ran; the first look, and a program that is new, change nothing.

    A rolling deploy over many instances is one change, told when the first of them has it.
    """

    def __init__(self, reader: SeriesReader, log: ChangeLog, clock: Clock) -> None:
        self._reader = reader
        self._log = log
        self._clock = clock
        self._seen: dict[tuple[str, str], dict[Version, float]] = {}
        self._told: dict[tuple[str, str], deque[float]] = {}

    async def look(self) -> None:
        """Look once and tell what changed; where the series cannot be read, nothing did."""
        try:
            samples = await self._reader.instant(SELECTOR)
        except SeriesUnavailable as error:
            logger.debug("versions are not compared: %s", error)
            return
        for told in self.compare(samples):
            await self._log.record(told)

    def compare(self, samples: Iterable[Sample]) -> list[Told]:
        """Return the changes between what was seen before and these samples."""
        now = self._clock.time()
        running: dict[tuple[str, str], set[Version]] = {}
        for sample in samples:
            program = sample.labels.get("job", ""), sample.labels.get("__name__", "")
            running.setdefault(program, set()).add(_version(sample.labels))
        found = []
        for program, versions in running.items():
            before = self._seen.get(program, {})
            newest = max(before, key=lambda one: before[one], default=None)
            found += [
                _told(program[0], newest, version, self._clock)
                for version in sorted(versions - before.keys())
                if newest is not None and self._may_tell(program, now)
            ]
            kept = {version: at for version, at in before.items() if now - at < _FORGET_SECONDS}
            self._seen[program] = kept | dict.fromkeys(versions, now)
        return found

    def _may_tell(self, program: tuple[str, str], now: float) -> bool:
        recent = self._told.setdefault(program, deque(maxlen=_MOST_AN_HOUR))
        if len(recent) == _MOST_AN_HOUR and now - recent[0] < 3600:
            return False
        recent.append(now)
        return True


def _version(labels: Mapping[str, str]) -> Version:
    return tuple(sorted((name, value) for name, value in labels.items() if name not in _PLACES))


def _told(job: str, before: Version, after: Version, clock: Clock) -> Told:
    old, new = dict(before), dict(after)
    service = new.get("service") or job or None
    changed = [name for name in new if old.get(name) != new[name]] or [name for name in old if name not in new]
    name = "version" if "version" in changed else changed[0]
    prefix = "" if name == "version" else f"{name} "
    title = f"{service or 'a program'}: {prefix}{old.get(name, '-')} → {new.get(name, '-')}"
    return Told(title[:500], clock.now(), service, new.get("version"), source="build_info")
