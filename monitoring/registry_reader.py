"""Series of one process without Prometheus: its registries, sampled into rings, read by name.

The same names as in the stack: the guide's (`cpu_percent`), custom values (`app_<name>`), and every family of the
registries, also by a plain selector (`dynamic_threshold{metric="cpu_percent"}`). Nothing of PromQL beyond that.
"""

import asyncio
import logging
import math
import re
import socket
from array import array
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry

from alert_bridge.figures import BY_NAME, CUSTOM
from exporter.performance import LiveValues, PerformanceMonitor
from runtime.clock import Clock
from runtime.prometheus import Sample, Series, SeriesUnavailable

logger = logging.getLogger(f"monitoring.{__name__}")

POINTS = 1000
"""How many values are kept of a series."""

MAX_SERIES = 1000
JOB = "embedded"
_LEFT_OUT = ("_bucket", "_created")
_STALE_INTERVALS = 3
_DEADLINE_SECONDS = 10.0
_SETTLE_SECONDS = 5.0
_SINCE_LAST_READING = ("cpu_percent", "network_sent_mb_s", "network_recv_mb_s")
_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_MATCHER = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\\n]|\\["\\n])*)"\s*(,|$)')
_SELECTOR = re.compile(rf"\s*({_NAME})\s*(?:\{{(.*)\}}\s*)?", re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\n])')

Labels = tuple[tuple[str, str], ...]
Values = Mapping[str, float]
Process = Callable[[Values], Awaitable[Values]]


class RegistryReader:
    """A SeriesReader over the registries of this process.

    monitor: gives the guide's names and custom values. registries: whose families can be read by name.
    process: told the guide's names and custom values of each round before they are kept; returns what is kept.
    interval_seconds: between two rounds. 1,000 rounds are kept of 1,000 series; further series are left out.
    """

    def __init__(
        self,
        monitor: PerformanceMonitor,
        registries: Collection[CollectorRegistry],
        *,
        clock: Clock,
        interval_seconds: float = 5.0,
        process: Process | None = None,
    ) -> None:
        self._monitor = monitor
        self._registries = registries
        self._clock = clock
        self._interval_seconds = interval_seconds
        self._process = process
        self._place = place()
        self._rings = _Rings(POINTS, MAX_SERIES)
        self._values: LiveValues | None = None
        self._values_since = 0.0
        self._reading: asyncio.Future[tuple[Values, dict[Labels, float]]] | None = None

    async def run(self) -> None:
        """Take a round every interval until cancelled; one that fails is logged and left out."""
        while True:
            begun = self._clock.monotonic()
            try:
                await self.sample()
            except Exception:
                logger.exception("the metrics of this process could not be collected and are left out once")
            await asyncio.sleep(max(0.0, begun + self._interval_seconds - self._clock.monotonic()))

    async def sample(self) -> Values:
        """Take one round; return the guide's names and custom values, as they are kept.

        Raises TimeoutError while a collector hangs; no second reading is begun beside it.
        """
        if self._reading is None or self._reading.done():
            self._reading = asyncio.get_running_loop().run_in_executor(None, self._read)
        await asyncio.wait([self._reading], timeout=_DEADLINE_SECONDS)
        if not self._reading.done():
            raise TimeoutError(f"a collector has not answered within {_DEADLINE_SECONDS:g} s")
        values, families = self._reading.result()
        if self._process is not None:
            values = await self._process(values)
        exposed = {name if name in BY_NAME else f"app_{name}": value for name, value in values.items()}
        named = {_key(name, self._place): value for name, value in exposed.items()}
        others = {labels: value for labels, value in families.items() if labels not in named}
        self._rings.add(self._clock.time(), named, others, exposed.keys() - BY_NAME.keys())
        return values

    async def instant(self, name: str) -> Sequence[Sample]:
        """Return the latest values of that name or selector; none for a name that nothing has.

        Raises SeriesUnavailable for text that is no plain selector.
        """
        now = self._clock.time()
        found = self._rings.range(self._selected(name), [now], self._stale_seconds)
        return [Sample(one.labels, one.timestamps[-1], one.values[-1]) for one in found]

    async def range(self, name: str, start: float, end: float, step: float) -> Sequence[Series]:
        """Return the values at start, start + step, ... to end: of the last round, no older than three intervals.

        Raises SeriesUnavailable for text that is no plain selector.
        """
        grid = [start + index * step for index in range(int((end - start) / step + 1e-9) + 1)]
        return self._rings.range(self._selected(name), grid, self._stale_seconds)

    @property
    def _stale_seconds(self) -> float:
        return _STALE_INTERVALS * self._interval_seconds

    def _selected(self, name: str) -> list[Labels]:
        """Return the series that a name or selector means."""
        if name == CUSTOM:
            return [labels for labels in self._rings if dict(labels)["__name__"] in self._rings.custom]
        wanted = parse_selector(name)
        return [labels for labels in self._rings if wanted.items() <= dict(labels).items()]

    def _read(self) -> tuple[Values, dict[Labels, float]]:
        """Ask everything there is; runs in a thread, never twice at once."""
        return self._guide_values(), dict(self._families())

    def _guide_values(self) -> dict[str, float]:
        if self._values is None:
            self._values, self._values_since = self._monitor.reader(), self._clock.monotonic()
        values = {**self._values.application(), **self._values.system()}
        if self._clock.monotonic() - self._values_since < _SETTLE_SECONDS:  # it would be our own start that is measured
            values = {name: value for name, value in values.items() if name not in _SINCE_LAST_READING}
        return values

    def _families(self) -> Iterator[tuple[Labels, float]]:
        for registry in self._registries:
            for family in registry.collect():
                for sample in family.samples:
                    if not sample.name.endswith(_LEFT_OUT) and math.isfinite(sample.value):
                        yield _key(sample.name, {**self._place, **sample.labels}), sample.value


def place() -> dict[str, str]:
    """Return the labels job and instance of this process."""
    return {"job": JOB, "instance": socket.gethostname()}


class _Rings:
    """The last values of many series, all taken at the same moments; iterates over their labels.

    custom: the names that are custom values.
    """

    def __init__(self, points: int, max_series: int) -> None:
        self._points = points
        self._max_series = max_series
        self._moments: list[float] = []
        self._series: dict[Labels, array[float]] = {}
        self._full = False
        self.custom: set[str] = set()

    def __iter__(self) -> Iterator[Labels]:
        return iter(self._series)

    def add(
        self, moment: float, named: Mapping[Labels, float], others: Mapping[Labels, float], custom: Collection[str]
    ) -> None:
        """Take the values of a moment; a series that has none of the last rounds is forgotten.

        named: are always kept; of others, as many as there is room for.
        """
        if self._moments and moment <= self._moments[-1]:
            self._forget_from(moment)
        self._moments = [*self._moments[-self._points + 1 :], moment]
        self.custom = set(custom)
        for labels in [labels for labels in self._series if labels not in named and labels not in others]:
            self._put(labels, math.nan)
        for labels, value in named.items():
            self._put(labels, value)
        for labels, value in others.items():
            if labels in self._series or self._has_room():
                self._put(labels, value)

    def range(self, wanted: Collection[Labels], grid: Sequence[float], stale_seconds: float) -> list[Series]:
        """Return what each of the series had at the moments of a grid: in the last round, if it is recent enough."""
        rounds = [(moment, bisect_right(self._moments, moment) - 1) for moment in grid]
        recent = [(moment, at) for moment, at in rounds if at >= 0 and self._moments[at] > moment - stale_seconds]
        found = []
        for labels in wanted:
            values = self._series[labels]
            before = len(self._moments) - len(values)
            there = [(moment, values[at - before]) for moment, at in recent if at >= before]
            pairs = [(moment, value) for moment, value in there if not math.isnan(value)]
            if pairs:
                found.append(Series(dict(labels), tuple(t for t, _ in pairs), tuple(v for _, v in pairs)))
        return found

    def _put(self, labels: Labels, value: float) -> None:
        values = self._series.setdefault(labels, array("d"))
        values.append(value)
        if len(values) > self._points:
            del values[0]
        if math.isnan(value) and all(map(math.isnan, values)):
            del self._series[labels]

    def _has_room(self) -> bool:
        full = len(self._series) >= self._max_series
        if full and not self._full:
            logger.warning("more than %d series: further ones have no history", self._max_series)
        self._full = full
        return not full

    def _forget_from(self, moment: float) -> None:
        """The clock was set back: what lies ahead of it is forgotten."""
        kept = bisect_right(self._moments, moment - 1e-6)
        dropped = len(self._moments) - kept
        self._moments = self._moments[:kept]
        for values in self._series.values():
            del values[max(0, len(values) - dropped) :]


def parse_selector(text: str) -> dict[str, str]:
    """Read `name` or `name{label="value",...}`; returns the labels that must match, the name as `__name__`.

    Raises SeriesUnavailable for anything else.
    """
    selector = _SELECTOR.fullmatch(text)
    if selector is None:
        raise SeriesUnavailable(text, 'without Prometheus only a name or name{label="value",...} can be read')
    wanted = {"__name__": selector[1]}
    rest = (selector[2] or "").strip()
    position = 0
    while position < len(rest):
        matcher = _MATCHER.match(rest, position)
        if matcher is None:
            raise SeriesUnavailable(text, f'expected label="value" at {rest[position : position + 20]!r}')
        wanted[matcher[1]] = _ESCAPED.sub(lambda escaped: "\n" if escaped[1] == "n" else escaped[1], matcher[2])
        position = matcher.end()
    return wanted


def _key(name: str, labels: Mapping[str, str]) -> Labels:
    return (("__name__", name), *sorted(labels.items()))
