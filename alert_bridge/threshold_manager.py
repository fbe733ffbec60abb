"""Which thresholds there are, and the history that each label set of a metric has."""

import difflib
import itertools
import logging
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any

import numpy as np

from alert_bridge.alerts import Severity
from alert_bridge.threshold_baseline import BaselineAccepted
from alert_bridge.threshold_config import Direction, ThresholdConfig, ThresholdConfigError, raw_counter
from alert_bridge.threshold_course import Mode, Parameters
from alert_bridge.threshold_reasons import Language, Reason, Value, reason_for
from alert_bridge.thresholds import HOLD_SECONDS, SeriesThreshold
from runtime.clock import Clock, SystemClock

logger = logging.getLogger(f"monitoring.{__name__}")

Labels = tuple[tuple[str, str], ...]
LabelsLike = Mapping[str, str] | Iterable[tuple[str, str]]

_STATE_VERSION = 3


@dataclass(frozen=True, slots=True)
class Explanation:
    """A threshold at one moment and why it is what it is. Fields can also be read by key.

    at, updated_at: epoch seconds; updated_at is the last good value's time, None before the first.
    immediate: beyond this a value alerts at once: the base while the base is in force, else the loosest limit.
    expected_lower, expected_upper: what is usual at this time; None while that is not known.
    reason_key, reason_values: the reason as it is stored; reason is its text.
    """

    metric_name: str
    severity: Severity
    direction: Direction
    labels: dict[str, str]
    at: float
    threshold: float
    mode: Mode
    immediate: float
    expected_lower: float | None
    expected_upper: float | None
    updated_at: float | None
    reason: str
    reason_key: str
    reason_values: Mapping[str, Value]

    def __getitem__(self, name: str) -> Any:
        if name not in self.keys():
            raise KeyError(name)
        return getattr(self, name)

    def keys(self) -> tuple[str, ...]:
        """Return the fields' names, so that `dict(explanation)` works."""
        return tuple(field.name for field in fields(self))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able mapping."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ThresholdChange:
    """A threshold that moved, or is made of something else: a row of its history.

    value: in the unit of the metric. labels: of the series, with metric, direction and severity.
    reason: the text in the product's language; reason_key, reason_values: what it is made of.
    is_new_baseline: whether a new level was accepted as normal since the row before.
    """

    metric_name: str
    value: float
    calculated_at: datetime
    reason: str
    labels: Mapping[str, str]
    reason_key: str
    reason_values: Mapping[str, Any]
    is_new_baseline: bool = False


class _Group:
    """The thresholds on one side of a metric, the least severe first, and their series by labels."""

    def __init__(self, timezone: str, hold_seconds: float) -> None:
        self.hold_seconds = hold_seconds
        self.timezone = timezone
        self.configs: tuple[ThresholdConfig, ...] = ()
        self.series: dict[Labels, SeriesThreshold] = {}

    @property
    def sign(self) -> float:
        return 1.0 if self.configs[0].direction == "upper" else -1.0

    @property
    def parameters(self) -> tuple[Parameters, ...]:
        return tuple(_parameters(config) for config in self.configs)

    def put(self, config: ThresholdConfig) -> None:
        others = [other for other in self.configs if other.severity != config.severity]
        configs = tuple(sorted([*others, config], key=lambda c: c.severity.rank))
        for lesser, greater in itertools.pairwise(configs):
            _check_severities(lesser, greater)
        self.configs = configs
        for series in self.series.values():
            series.set_parameters(self.parameters)

    def one(self, labels: Labels) -> SeriesThreshold:
        """Return a series, begun here where there was none."""
        series = self.series.get(labels)
        if series is None:
            series = self.series[labels] = self.at(labels)
        return series

    def at(self, labels: Labels) -> SeriesThreshold:
        series = self.series.get(labels)
        return SeriesThreshold(self.parameters, self.timezone, self.hold_seconds) if series is None else series


class DynamicThresholdManager:
    """Keeps a history for each series of the registered metrics and answers what their thresholds are.

    A metric may have thresholds of several severities and of both directions. Series of one metric are told apart by
    `labels`; without labels there is one. Moments are epoch seconds or aware datetimes.

    clock: says what "now" is where no moment is given. timezone: of configs that name none. language: of reasons.
    hold_seconds: how long a threshold holds without a value; then the base is in force.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        timezone: str = "UTC",
        language: Language = "en",
        hold_seconds: float = HOLD_SECONDS,
    ) -> None:
        self._hold_seconds = hold_seconds
        self._clock = clock or SystemClock()
        self._timezone = timezone
        self._language: Language = language
        self._groups: dict[tuple[str, Direction], _Group] = {}
        self._unclaimed: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._asked: dict[str, float] = {}

    @property
    def configs(self) -> tuple[ThresholdConfig, ...]:
        """The registered thresholds, time zones filled in."""
        return tuple(config for group in self._groups.values() for config in group.configs)

    def register_threshold(self, config: ThresholdConfig) -> None:
        """Add a threshold, or replace that of the same metric, direction and severity; its history stays.

        Raises ThresholdConfigError for a counter, which only grows, if a higher severity would be stricter than a
        lower one, or if thresholds of one metric and direction have different time zones.
        """
        counter = raw_counter(config.metric_name)
        if counter is not None:
            raise ThresholdConfigError(
                counter, f"metric_name is {counter!r}, a counter that only grows; register its rate"
            )
        config = replace(config, timezone=config.timezone or self._timezone)
        key = (config.metric_name, config.direction)
        group = self._groups.get(key) or _Group(config.timezone or self._timezone, self._hold_seconds)
        if group.configs and group.timezone != config.timezone:
            problem = f"timezone is {config.timezone!r}, the metric's other threshold has {group.timezone!r}"
            raise ThresholdConfigError(config.metric_name, problem)
        group.put(config)
        self._groups[key] = group
        lowest, highest = config.limits
        if lowest == highest and config.adaptive_factor > 0:
            logger.warning(
                "threshold %s: min and max are both %g, so it stays there; give min_threshold and max_threshold",
                config.metric_name,
                lowest,
            )
        self._restore(group, self._unclaimed.pop(key, []))

    def add_metric_value(
        self,
        metric_name: str,
        value: float,
        timestamp: float | datetime | None = None,
        labels: LabelsLike = (),
        *,
        direction: Direction | None = None,
    ) -> tuple[BaselineAccepted, ...]:
        """Take a value of a metric; the thresholds adapt by themselves.

        Not finite values are refused and counted, late ones dropped and counted.
        direction: only for the thresholds of this direction; None: for both.
        Returns the baselines that were accepted because of it (levels in the metric's own sign), mostly none.
        Raises ValueError for a metric without a threshold (with the nearest name) or a naive datetime.
        """
        moment, key = self._moment(timestamp), _key(labels)
        accepted = []
        for group in self._find(metric_name, direction):
            event = group.one(key).add(moment, group.sign * float(value))
            if event is not None:
                accepted.append(_said(event, metric_name, key, group.sign))
        return tuple(accepted)

    def load_history(
        self,
        metric_name: str,
        timestamps: Sequence[float],
        values: Sequence[float],
        labels: LabelsLike = (),
        *,
        direction: Direction | None = None,
    ) -> tuple[BaselineAccepted, ...]:
        """Learn older values, oldest first, as if they had come one by one: four weeks of them in a tenth of a second.

        Returns what `add_metric_value` returns, and raises what it raises.
        """
        moments, numbers, key = np.array(timestamps, dtype=float), np.array(values, dtype=float), _key(labels)
        return tuple(
            _said(event, metric_name, key, group.sign)
            for group in self._find(metric_name, direction)
            for event in group.one(key).learn(moments, group.sign * numbers)
        )

    def get_threshold(
        self,
        metric_name: str,
        at: float | datetime | None = None,
        *,
        labels: LabelsLike = (),
        severity: Severity | str | None = None,
        direction: Direction | None = None,
    ) -> float:
        """Return the threshold in force, always finite and within its limits.

        at: a moment not before the newest value (earlier ones are answered as if they were); None is now. More than
        30 minutes after the newest value it is the base.
        severity, direction: which threshold, where a metric has several; else the least severe, upper before lower.
        Raises ValueError for a threshold that is not registered (with the nearest name) or a naive datetime.
        """
        group, index = self._pick(metric_name, severity, direction)
        moment = self._asked[metric_name] = self._moment(at)
        return group.sign * group.at(_key(labels)).threshold(index, moment)

    def explain(
        self,
        metric_name: str,
        at: float | datetime | None = None,
        *,
        labels: LabelsLike = (),
        severity: Severity | str | None = None,
        direction: Direction | None = None,
        language: Language | None = None,
    ) -> Explanation:
        """Return the threshold that `get_threshold` returns for the same moment, and why it is what it is.

        at: None is the moment last asked for, or now. Raises ValueError as `get_threshold`.
        """
        asked = self._asked.get(metric_name)
        moment = asked if at is None and asked is not None else self._moment(at)
        group, index = self._pick(metric_name, severity, direction)
        return self._explain(group, index, _key(labels), moment, language or self._language)

    def explanations(
        self, at: float | datetime | None = None, language: Language | None = None
    ) -> Iterator[tuple[ThresholdConfig, Explanation]]:
        """Return every threshold of every series that has had a value, explained at a moment (None is now)."""
        moment = self._moment(at)
        for group in list(self._groups.values()):
            for index, config in enumerate(group.configs):
                for labels in list(group.series):
                    yield config, self._explain(group, index, labels, moment, language or self._language)

    def events(self, metric_name: str, labels: LabelsLike = ()) -> tuple[BaselineAccepted, ...]:
        """Return the last baselines that were accepted, oldest first. Raises ValueError for an unknown metric."""
        found = [
            _mirrored(event, group.sign)
            for group in self._find(metric_name, None)
            for event in group.at(_key(labels)).events
        ]
        return tuple(sorted(found, key=lambda event: event.at))

    def last_value_at(self, metric_name: str, labels: LabelsLike = (), direction: Direction | None = None) -> float:
        """Return the time of the newest value, minus infinity before the first. Raises ValueError if unknown."""
        return max(group.at(_key(labels)).newest for group in self._find(metric_name, direction))

    def counts(self) -> dict[str, int]:
        """Return how many values were `refused` (not finite) and `late` (older than the newest)."""
        series = [one for group in self._groups.values() for one in group.series.values()]
        return {"refused": sum(one.refused for one in series), "late": sum(one.late for one in series)}

    def forget_before(self, moment: float) -> None:
        """Forget the series that have had no value since a moment: instances come and go."""
        for group in self._groups.values():
            group.series = {labels: one for labels, one in group.series.items() if one.newest >= moment}

    def export_state(self) -> dict[str, Any]:
        """Return all that has been learned, JSON-able."""
        return {"version": _STATE_VERSION, "series": list(self.export_series())}

    def export_series(self) -> Iterator[dict[str, Any]]:
        """Return what has been learned of each series, JSON-able; `import_series` takes them."""
        for (name, direction), group in list(self._groups.items()):
            for labels, series in list(group.series.items()):
                yield {
                    "version": _STATE_VERSION,
                    "metric_name": name,
                    "direction": direction,
                    "labels": dict(labels),
                    **series.export_state(),
                }

    def import_series(self, state: Mapping[str, Any]) -> None:
        """Take over what was learned of one series; of a metric not registered yet, when it is.

        Raises ValueError for a state of another version or a damaged one.
        """
        self._import([_checked(state)])

    def import_state(self, state: Mapping[str, Any]) -> None:
        """Take over what another manager exported; of metrics not registered yet, when they are.

        Raises ValueError for a state of another version or a damaged one; nothing is taken over then.
        """
        if not isinstance(state, Mapping) or state.get("version") != _STATE_VERSION:
            raise ValueError(f"threshold state: expected version {_STATE_VERSION}")
        if not isinstance(state.get("series"), Sequence):
            raise ValueError("threshold state: no series in it")
        self._import([_checked(one) for one in state["series"]])

    def _import(self, states: Sequence[dict[str, Any]]) -> None:
        for state in states:
            self._unclaimed.setdefault((state["metric_name"], state["direction"]), []).append(state)
        for key, group in self._groups.items():
            self._restore(group, self._unclaimed.pop(key, []))

    def _restore(self, group: _Group, states: Iterable[dict[str, Any]]) -> None:
        for state in states:
            series = SeriesThreshold.import_state(state, group.parameters, group.timezone, group.hold_seconds)
            group.series[_key(state["labels"])] = series

    def _explain(self, group: _Group, index: int, labels: Labels, at: float, language: Language) -> Explanation:
        config, series, sign = group.configs[index], group.at(labels), group.sign
        threshold, mode = series.threshold(index, at), series.mode(index, at)
        binding = next(i for i in range(index, -1, -1) if series.own_threshold(i, at) == threshold)
        other = None if binding == index else str(group.configs[binding].severity)
        reason: Reason = reason_for(config, series, index, at, other)
        expected = sorted(sign * edge for edge in series.expected(at) or ())
        immediate = group.parameters[index].ceiling if mode == "adaptive" else threshold
        return Explanation(
            metric_name=config.metric_name,
            severity=config.severity,
            direction=config.direction,
            labels=dict(labels),
            at=at,
            threshold=sign * threshold,
            mode=mode,
            immediate=sign * immediate,
            expected_lower=expected[0] if expected else None,
            expected_upper=expected[1] if expected else None,
            updated_at=series.newest if math.isfinite(series.newest) else None,
            reason=reason.render(language),
            reason_key=reason.key,
            reason_values=reason.values,
        )

    def _moment(self, moment: float | datetime | None) -> float:
        if moment is None:
            return self._clock.time()
        if isinstance(moment, datetime):
            if moment.tzinfo is None:
                raise ValueError(f"timestamp {moment} has no time zone")
            return moment.timestamp()
        return float(moment)

    def _find(self, metric_name: str, direction: Direction | None) -> list[_Group]:
        directions: tuple[Direction, ...] = ("upper", "lower") if direction is None else (direction,)
        groups = [self._groups[metric_name, one] for one in directions if (metric_name, one) in self._groups]
        if groups:
            return groups
        known = sorted({name for name, _ in self._groups})
        near = difflib.get_close_matches(metric_name, known, 1)
        hint = f"; did you mean {near[0]!r}?" if near and near[0] != metric_name else ""
        side = f" of direction {direction!r}" if metric_name in known else ""
        raise ValueError(f"no threshold{side} is registered for {metric_name!r}{hint}")

    def _pick(
        self, metric_name: str, severity: Severity | str | None, direction: Direction | None
    ) -> tuple[_Group, int]:
        groups = self._find(metric_name, direction)
        if severity is None:
            return groups[0], 0
        wanted = Severity.parse(severity)
        for group in groups:
            for index, config in enumerate(group.configs):
                if config.severity == wanted:
                    return group, index
        known = ", ".join(str(config.severity) for group in groups for config in group.configs)
        raise ValueError(f"no threshold of severity {wanted} is registered for {metric_name!r}; there is {known}")


def _key(labels: LabelsLike) -> Labels:
    return tuple(sorted(dict(labels).items()))


def _parameters(config: ThresholdConfig) -> Parameters:
    """Return the config's numbers in the direction of the model."""
    lowest, highest = config.limits
    base = config.base_threshold
    if config.direction == "lower":
        base, lowest, highest = -base, -highest, -lowest
    return Parameters(
        base=base,
        floor=lowest,
        ceiling=highest,
        factor=config.adaptive_factor,
        multiplier=config.std_multiplier,
        trend_sensitivity=config.trend_sensitivity,
    )


def _check_severities(lesser: ThresholdConfig, greater: ThresholdConfig) -> None:
    """Refuse a higher severity that would alert before a lower one."""
    word, more = ("below", "more") if greater.direction == "upper" else ("above", "less")
    sign = 1.0 if greater.direction == "upper" else -1.0
    lowest, highest = ("min", "max") if greater.direction == "upper" else ("max", "min")
    for part, field in (("base", "base"), ("floor", lowest), ("ceiling", highest)):
        value, least = getattr(_parameters(greater), part), getattr(_parameters(lesser), part)
        if value < least:
            problem = f"{field}_threshold of {greater.severity} is {sign * value:g}, {word} {sign * least:g} of "
            problem += f"{lesser.severity}; give {sign * least:g} or {more}"
            raise ThresholdConfigError(greater.metric_name, problem)


def _checked(state: Any) -> dict[str, Any]:
    """Return the state of a series if it can be restored. Raises ValueError."""
    if not isinstance(state, Mapping) or state.get("version") != _STATE_VERSION:
        raise ValueError(f"threshold state: expected version {_STATE_VERSION}")
    try:
        SeriesThreshold.import_state(state, (), "UTC")
        _key(state["labels"])
        return {**state, "metric_name": str(state["metric_name"]), "direction": str(state["direction"])}
    except (KeyError, TypeError, ValueError, AttributeError, zlib.error) as error:
        raise ValueError(f"threshold state: damaged ({error!r})") from error


def _said(event: BaselineAccepted, metric_name: str, labels: Labels, sign: float) -> BaselineAccepted:
    """Return an event in the metric's own sign, after it was logged."""
    event = _mirrored(event, sign)
    logger.info(
        "threshold %s %s: baseline accepted, level %g -> %g (history %s)",
        metric_name,
        dict(labels),
        event.old_level,
        event.new_level,
        event.how,
    )
    return event


def _mirrored(event: BaselineAccepted, sign: float) -> BaselineAccepted:
    amount = event.amount if event.how == "multiplied" else sign * event.amount
    return replace(event, old_level=sign * event.old_level, new_level=sign * event.new_level, amount=amount)
