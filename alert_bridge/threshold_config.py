"""What a person says about a threshold: its base, its limits and how far it may follow the data."""

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from alert_bridge.alerts import Severity

Direction = Literal["upper", "lower"]

_WHOLE = {"_percent": 100.0, "_ratio": 1.0}  # names of these endings have a natural maximum


_USUAL = {"adaptive_factor": 1.2, "std_multiplier": 2.0, "trend_sensitivity": 0.1, "for_seconds": 600.0}
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`')
_RAW_COUNTER = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*_total(?![A-Za-z0-9_:])(?!\s*(?:\{[^}]*\})?\s*\[)(?!\s*[(=~!])")


class ThresholdConfigError(ValueError):
    """A threshold that cannot be: says of which metric, and what is wrong."""

    def __init__(self, metric_name: str, problem: str) -> None:
        super().__init__(metric_name, problem)
        self.metric_name = metric_name
        self.problem = problem

    def __str__(self) -> str:
        return f"threshold {self.metric_name!r}: {self.problem}"


@dataclass(frozen=True, slots=True)
class ThresholdConfig:
    """A threshold that adapts to one metric.

    base_threshold: what holds before anything is known, without data, and at factor 0; in the metric's unit.
    adaptive_factor: 0 is always the base, up to 1 the share of the way to the learned number, above 1 a wider band.
    min_threshold, max_threshold: hard limits. Default: half and twice the base, sorted; for names ending in
        `_percent` the maximum is min(2 base, (base + 100) / 2), for `_ratio` likewise with 1.
    std_multiplier: width of the band in standard deviations, > 0.
    trend_sensitivity: 0..1, the share of the week-over-week trend that is followed ahead.
    direction: `upper` alerts above the threshold, `lower` below it.
    severity: of the alert; several severities may be registered for one metric.
    timezone: IANA name, the local time of the seasons; None takes the manager's.
    for_seconds: how long a value has to stay beyond a learned threshold (80 % of this time) before it alerts.

    Raises ThresholdConfigError (a ValueError) for impossible numbers.
    """

    metric_name: str
    base_threshold: float
    adaptive_factor: float = 1.2
    min_threshold: float | None = None
    max_threshold: float | None = None
    std_multiplier: float = 2.0
    trend_sensitivity: float = 0.1
    direction: Direction = "upper"
    severity: Severity = Severity.HIGH
    timezone: str | None = None
    for_seconds: float = 600.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "severity", Severity.parse(self.severity))
        self._check_numbers()
        lowest, highest = _default_limits(self.metric_name, float(self.base_threshold))
        if self.min_threshold is None:
            object.__setattr__(self, "min_threshold", lowest)
        if self.max_threshold is None:
            object.__setattr__(self, "max_threshold", highest)
        self._check_order()

    @property
    def limits(self) -> tuple[float, float]:
        """The hard limits (min, max), defaults filled in."""
        assert self.min_threshold is not None and self.max_threshold is not None  # noqa: S101 - set in __post_init__
        return self.min_threshold, self.max_threshold

    @property
    def alert_name(self) -> str:
        """The alert's name, such as `CpuPercentAboveThreshold`; the same for every severity."""
        words = "".join(word[:1].upper() + word[1:] for word in self.metric_name.replace(":", "_").split("_"))
        return f"{words}{'Above' if self.direction == 'upper' else 'Below'}Threshold"

    def _check_numbers(self) -> None:
        if not self.metric_name or not isinstance(self.metric_name, str):
            raise ThresholdConfigError(
                str(self.metric_name), "metric_name is empty; name the metric, such as cpu_percent"
            )
        for name, lowest, highest in (
            ("base_threshold", -1e100, 1e100),
            ("min_threshold", -1e100, 1e100),
            ("max_threshold", -1e100, 1e100),
            ("adaptive_factor", 0.0, 1e6),
            ("std_multiplier", math.ulp(0.0), 1e6),
            ("trend_sensitivity", 0.0, 1.0),
            ("for_seconds", 0.0, 86400.0),
        ):
            value = getattr(self, name)
            if value is None and name in ("min_threshold", "max_threshold"):
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
                default = f", such as {_USUAL[name]:g}" if name in _USUAL else ""
                problem = f"{name} is {value!r}, expected {_range(lowest, highest)}{default}"
                raise ThresholdConfigError(self.metric_name, problem)
        if self.direction not in get_args(Direction):
            raise ThresholdConfigError(self.metric_name, f"direction is {self.direction!r}, expected upper or lower")
        if self.timezone is not None:
            try:
                zone(self.timezone)
            except (KeyError, ValueError, OSError):
                problem = f"timezone is {self.timezone!r}, expected an IANA name such as Asia/Tokyo"
                raise ThresholdConfigError(self.metric_name, problem) from None

    def _check_order(self) -> None:
        lowest, highest = self.limits
        base = self.base_threshold
        problem = None
        if lowest > highest:
            problem = f"min_threshold is {lowest:g}, above max_threshold {highest:g}; swap them"
        elif lowest > base:
            problem = f"min_threshold is {lowest:g}, above base_threshold {base:g}; give {base:g} or less"
        elif highest < base:
            problem = f"max_threshold is {highest:g}, below base_threshold {base:g}; give {base:g} or more"
        if problem is not None:
            raise ThresholdConfigError(self.metric_name, problem)


@dataclass(frozen=True, slots=True)
class WatchedThreshold:
    """A threshold and the series it is for.

    query: PromQL; None: the custom value `app_<metric_name>`, else the metric itself. per: the labels by which series
    have a threshold of their own. With fewer labels than the series have, the worst is learned from, and all of
    them are compared.
    """

    config: ThresholdConfig
    query: str | None = None
    per: tuple[Literal["job", "instance"], ...] = ("job", "instance")

    @property
    def names(self) -> tuple[str, ...]:
        """What to ask a reader for, in this order, until there is an answer."""
        if self.query is not None:
            return (self.query,)
        return (f"app_{self.config.metric_name}", self.config.metric_name)


def raw_counter(query: str) -> str | None:
    """Return the first counter in PromQL that is not turned into a rate: by its name, `_total`, without a range."""
    found = _RAW_COUNTER.search(_QUOTED.sub('""', query))
    return None if found is None else found.group()


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name. Raises ZoneInfoNotFoundError (a KeyError), ValueError or OSError."""
    return ZoneInfo(name)


def _default_limits(metric_name: str, base: float) -> tuple[float, float]:
    lowest, highest = sorted((base / 2, 2 * base))
    for ending, whole in _WHOLE.items():
        if metric_name.endswith(ending) and 0 < base <= whole:
            highest = min(highest, (base + whole) / 2)
    return lowest, highest


def _range(lowest: float, highest: float) -> str:
    if highest == 1e100:
        return "a number"
    if lowest == 0.0:
        return f"a number from 0 to {highest:g}"
    return "a number above 0"
