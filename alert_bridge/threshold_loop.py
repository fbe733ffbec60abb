"""The thresholds, live: history and values from a reader, thresholds as metrics, rules for Prometheus or alerts.

In the stack the reader is Prometheus, and the generated rules compare. Embedded it is the registry of the process, and
what fires goes through the pipeline.
"""

import asyncio
import json
import logging
import math
import re
import zlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily

from alert_bridge.alerts import Alert, Observation
from alert_bridge.figures import BY_NAME
from alert_bridge.threshold_alerts import BeyondState, Verdict
from alert_bridge.threshold_config import Direction, ThresholdConfig, WatchedThreshold
from alert_bridge.threshold_manager import DynamicThresholdManager, Explanation, Labels, ThresholdChange
from alert_bridge.threshold_rule_file import RuleFile
from alert_bridge.threshold_rules import STALE_SECONDS, render, selector
from runtime.clock import Clock
from runtime.prometheus import SeriesReader, SeriesUnavailable

logger = logging.getLogger(f"monitoring.{__name__}")

STATE_FILE = "thresholds.jsonl"
HISTORY_SECONDS = 28 * 86400.0
HISTORY_STEP_SECONDS = 300.0

_AT_ONCE = 4  # so many series are read at the same time
_SAVE_SECONDS = 300.0
_RECORD_SECONDS = 3600.0
_RECORD_CHANGE = 0.01
_FORGET_SECONDS = 86400.0
_ABSENT_SECONDS = 60.0
_ABSENT_NAMED = 3
_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_MODES = ("warming", "adaptive", "static")
_OWN = ("metric", "direction", "severity", "job", "instance")

Side = tuple[str, Direction]


class ThresholdRecorder(Protocol):
    """Where the history of thresholds is kept."""

    async def record(self, change: ThresholdChange) -> None:
        """Add a row."""
        ...


class AlertSink(Protocol):
    """Where alerts go that no Prometheus raises; the pipeline is one."""

    async def observe(self, observations: Sequence[Observation], *, source: str) -> list[Alert]:
        """Take in alerts as they stand now."""
        ...


class ThresholdLoop:
    """Feeds the manager, exports what it says, and sees that it is compared.

    reader: where values and history come from. watched: the series of thresholds that the settings name; other
    registered ones are read by their metric's name. registry: where the thresholds are exported.
    rule_file: None without Prometheus. recorder: None keeps no history. state_dir: None keeps no state.
    interval_seconds: of the rounds, and of the rules' evaluation. stale_seconds: how long the rules hold a threshold
    that is not renewed.
    """

    def __init__(
        self,
        reader: SeriesReader,
        manager: DynamicThresholdManager,
        *,
        clock: Clock,
        registry: CollectorRegistry,
        watched: Sequence[WatchedThreshold] = (),
        rule_file: RuleFile | None = None,
        recorder: ThresholdRecorder | None = None,
        state_dir: Path | None = None,
        interval_seconds: float = 5.0,
        stale_seconds: float = STALE_SECONDS,
    ) -> None:
        self._reader = reader
        self._manager = manager
        self._clock = clock
        self._named = {(one.config.metric_name, one.config.direction): one for one in watched}
        self._rule_file = rule_file
        self._recorder = recorder
        self._state_file = None if state_dir is None else state_dir / STATE_FILE
        self._interval_seconds = interval_seconds
        self._stale_seconds = stale_seconds
        self._filled: set[Side] = set()
        self._values: dict[Side, dict[Labels, float]] = {}
        self._beyond: dict[tuple[ThresholdConfig, Labels], BeyondState] = {}
        self._told: dict[tuple[ThresholdConfig, Labels], float | None] = {}  # since when it fires, None: it does not
        self._recorded: dict[tuple[str, ...], ThresholdChange] = {}
        self._failing: set[tuple[str, str]] = set()
        self._source_up: dict[str, bool] = {}
        self._absent: list[str] = []  # what there is no series of, since the last word about it
        self._absent_told_at = -math.inf
        self._learning = asyncio.Lock()
        self._saved_at = clock.time()
        self._failures = Counter(
            "dynamic_threshold_failures",
            "Rounds of the threshold loop in which a part failed.",
            ["part"],
            registry=registry,
        )
        self._baselines = Counter(
            "dynamic_threshold_baselines_accepted",
            "Levels beyond the threshold for a day that became the new normal.",
            ["metric", "direction"],
            registry=registry,
        )
        for part in ("series", "rules", "history", "state", "alerts"):
            self._failures.labels(part)
        registry.register(self)

    @property
    def watched(self) -> tuple[WatchedThreshold, ...]:
        """The registered thresholds with the series they are for."""
        return tuple(self._watch(config) for config in self._manager.configs)

    async def run(self, alerts: AlertSink | None = None) -> None:
        """Work until cancelled, then save what was learned. alerts: None where the generated rules raise them."""
        self.restore()
        try:
            while True:
                await self.round(alerts)
                await asyncio.sleep(self._interval_seconds)
        finally:
            self.save()

    async def round(self, alerts: AlertSink | None = None) -> None:
        """Read, learn, export, compare, once; a part that fails stops no other."""
        free = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._read_one(one, free) for one in self._sides()))
        self._tell_absent()
        await self._guard("rules", "the rule file", self._write_rules())
        await self._guard("history", "the history of thresholds", self._record())
        await self._guard("alerts", "what fires", self._raise(alerts))
        if self._clock.time() - self._saved_at >= _SAVE_SECONDS:
            await asyncio.to_thread(self.save)

    def evaluate(self) -> list[Verdict]:
        """Return how each series that has a value now stands against each of its thresholds."""
        now = self._clock.time()
        verdicts = []
        for config in self._manager.configs:
            side = (config.metric_name, config.direction)
            for labels, value in self._values.get(side, {}).items():
                known = self._explain(config, labels, now)
                state = self._beyond.setdefault((config, labels), BeyondState(config))
                firing = state.update(now, value, known.threshold, known.immediate)
                verdicts.append(Verdict(config, dict(labels), value, known, firing, state.since))
        self._beyond = {key: one for key, one in self._beyond.items() if now - one.updated < _FORGET_SECONDS}
        return verdicts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the thresholds as metrics: the registry's interface."""
        now = self._clock.time()
        exported = [
            (config, known)
            for config, known in self._manager.explanations(now)
            if (config.metric_name, config.direction) in self._filled
        ]
        for name, text, number_of in _EXPORTED:
            family = GaugeMetricFamily(name, text, labels=_OWN)
            for config, known in exported:
                number = number_of(known)
                if number is not None:
                    family.add_metric(_own_labels(config, known), number)
            yield family
        modes = GaugeMetricFamily(
            "dynamic_threshold_mode", "1 for the mode that a threshold is in, else 0.", labels=(*_OWN, "mode")
        )
        for config, known in exported:
            for mode in _MODES:
                modes.add_metric([*_own_labels(config, known), mode], float(known.mode == mode))
        yield modes
        up = GaugeMetricFamily(
            "dynamic_threshold_source_up", "1 while the series of a metric can be read, else 0.", labels=("metric",)
        )
        for metric, is_up in list(self._source_up.items()):
            up.add_metric([metric], float(is_up))
        yield up

    def restore(self) -> None:
        """Take over what an earlier run learned; what is damaged is left out, the history comes from the reader."""
        if self._state_file is None or not self._state_file.exists():
            return
        try:
            with self._state_file.open(encoding="utf-8") as lines:
                for line in lines:
                    self._manager.import_series(json.loads(line))
        except (OSError, ValueError) as error:
            logger.warning("thresholds: %s is not used to its end: %s", self._state_file, error)

    def save(self) -> None:
        """Keep what was learned for the next run; the file is whole at any moment."""
        now = self._saved_at = self._clock.time()
        if self._state_file is None:
            return
        self._manager.forget_before(now - HISTORY_SECONDS)
        fresh = self._state_file.with_suffix(".new")
        try:
            with fresh.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(one, allow_nan=False) + "\n" for one in self._manager.export_series())
            fresh.replace(self._state_file)
        except OSError as error:
            self._failures.labels("state").inc()
            logger.warning("thresholds: %s cannot be written: %s", self._state_file, error)

    def _watch(self, config: ThresholdConfig) -> WatchedThreshold:
        named = self._named.get((config.metric_name, config.direction))
        query = named.query if named else None
        if query is None and config.metric_name in BY_NAME:
            query = config.metric_name
        return WatchedThreshold(config, query, named.per if named else ("job", "instance"))

    def _sides(self) -> list[WatchedThreshold]:
        """Return one threshold for each metric and direction: severities share their history."""
        return list({(one.config.metric_name, one.config.direction): one for one in self.watched}.values())

    async def _read_one(self, one: WatchedThreshold, free: asyncio.Semaphore) -> None:
        async with free:
            await self._guard("series", one.config.metric_name, self._read(one))

    async def _read(self, one: WatchedThreshold) -> None:
        metric, side = one.config.metric_name, (one.config.metric_name, one.config.direction)
        try:
            if side not in self._filled:
                await self._fill(one)
            by_series = await self._instant(one)
        except SeriesUnavailable as error:
            self._values.pop(side, None)
            if self._source_up.get(metric, True):
                logger.warning("threshold %s holds what it is: %s", metric, error)
            self._source_up[metric] = False
            return
        if self._source_up.get(metric) is False:
            logger.info("threshold %s: the series can be read again", metric)
        self._source_up[metric] = True
        self._filled.add(side)
        if not by_series and side not in self._values:
            self._absent.append(" or ".join(one.names))
        self._values[side] = by_series
        now = self._clock.time()
        for labels, value in _worst(one, ((dict(own), value) for own, value in by_series.items()), one.per).items():
            accepted = self._manager.add_metric_value(metric, value, now, labels, direction=one.config.direction)
            self._baselines.labels(metric, one.config.direction).inc(len(accepted))

    def _tell_absent(self) -> None:
        """Say of which metrics there is no series: a line a minute at most, however many they are."""
        now = self._clock.time()
        if not self._absent or now - self._absent_told_at < _ABSENT_SECONDS:
            return
        names = ", ".join(self._absent[:_ABSENT_NAMED])
        more = f" and {len(self._absent) - _ABSENT_NAMED} more" if len(self._absent) > _ABSENT_NAMED else ""
        logger.warning("thresholds: there is no series %s%s; check metric_name, or give its query", names, more)
        self._absent.clear()
        self._absent_told_at = now

    async def _instant(self, one: WatchedThreshold) -> dict[Labels, float]:
        for name in one.names:
            samples = await self._reader.instant(name)
            if samples:
                return _worst(one, ((sample.labels, sample.value) for sample in samples), ("job", "instance"))
        return {}

    async def _fill(self, one: WatchedThreshold) -> None:
        """Learn from the reader's history what an earlier run did not."""
        metric, direction = one.config.metric_name, one.config.direction
        for labels, history in (await self._history(one)).items():
            known_until = self._manager.last_value_at(metric, labels, direction)
            moments = sorted(moment for moment in history if moment > known_until)
            values = [history[moment] for moment in moments]
            async with self._learning:  # threads that learn at the same time wait for each other more than they work
                await asyncio.to_thread(
                    self._manager.load_history, metric, moments, values, labels, direction=direction
                )

    async def _history(self, one: WatchedThreshold) -> dict[Labels, dict[float, float]]:
        """Return four weeks of the worst values by own labels and time; at fixed times, scattered over the metrics."""
        phase = zlib.crc32(one.config.metric_name.encode()) % HISTORY_STEP_SECONDS
        last = (self._clock.time() - phase) // HISTORY_STEP_SECONDS * HISTORY_STEP_SECONDS + phase
        histories: dict[Labels, dict[float, float]] = {}
        for name in one.names:
            for series in await self._reader.range(name, last - HISTORY_SECONDS, last, HISTORY_STEP_SECONDS):
                history = histories.setdefault(_place(series.labels, one.per), {})
                pairs = zip(series.timestamps, series.values, strict=True)
                history.update(
                    {moment: _worse(one, history.get(moment), value) for moment, value in pairs} if history else pairs
                )
            if histories:
                break
        return histories

    async def _write_rules(self) -> None:
        if self._rule_file is not None:
            usable = [one for one in self.watched if one.query is not None or _NAME.fullmatch(one.config.metric_name)]
            await self._rule_file.write(render(usable, self._interval_seconds, self._stale_seconds))

    async def _record(self) -> None:
        """Add a row for each threshold that moved by a hundredth or has another kind of reason, and each hour."""
        if self._recorder is None:
            return
        now = self._clock.time()
        for config, known in self._manager.explanations(now):
            key = tuple(_own_labels(config, known))
            last = self._recorded.get(key)
            accepted_at = known.reason_values.get("accepted_at")
            is_new = accepted_at is not None and (
                accepted_at != last.reason_values.get("accepted_at")
                if last
                else now - float(accepted_at) < _RECORD_SECONDS
            )
            change = ThresholdChange(
                metric_name=config.metric_name,
                value=known.threshold,
                calculated_at=datetime.fromtimestamp(now, UTC),
                reason=known.reason,
                labels={**selector(config), **known.labels},
                reason_key=known.reason_key,
                reason_values=known.reason_values,
                is_new_baseline=is_new,
            )
            if is_new or last is None or _is_worth_a_row(last, change):
                await self._recorder.record(change)
                self._recorded[key] = change

    async def _raise(self, alerts: AlertSink | None) -> None:
        """Tell what fires, what ended, and once of each series that it does not fire: it may have at the last stop."""
        if alerts is None:
            return
        now = self._clock.time()
        verdicts = {(v.config, tuple(v.labels.items())): v for v in self.evaluate()}
        firing = {key: verdict.since or now for key, verdict in verdicts.items() if verdict.firing}
        ended = [key for key in verdicts if key not in firing and self._told.get(key, now) is not None]
        told = [verdicts[key].to_observation(now) for key in firing]
        told += [replace(verdicts[key], since=self._told.get(key)).to_observation(now) for key in ended]
        if told:
            await alerts.observe(told, source="thresholds")
        self._told |= firing | dict.fromkeys(ended)

    def _explain(self, config: ThresholdConfig, labels: Labels, now: float) -> Explanation:
        own = _place(dict(labels), self._watch(config).per)
        return self._manager.explain(
            config.metric_name, now, labels=own, severity=config.severity, direction=config.direction
        )

    async def _guard(self, part: str, what: str, work: Awaitable[None]) -> None:
        """Do one part of a round; what goes on failing is counted each time and logged the first time."""
        try:
            await work
        except Exception:
            self._failures.labels(part).inc()
            if (part, what) not in self._failing:
                self._failing.add((part, what))
                logger.exception("thresholds: %s failed", what)
        else:
            self._failing.discard((part, what))


def _place(labels: Mapping[str, str], names: Sequence[str]) -> Labels:
    """Return the labels of those names, sorted by name; one that a series does not have is left out."""
    return tuple((name, labels[name]) for name in sorted(names) if labels.get(name))


def _worse(one: WatchedThreshold, known: float | None, value: float) -> float:
    if known is None:
        return value
    return max(known, value) if one.config.direction == "upper" else min(known, value)


def _worst(
    one: WatchedThreshold, pairs: Iterable[tuple[Mapping[str, str], float]], names: Sequence[str]
) -> dict[Labels, float]:
    """Return the worst value for each set of the labels of those names."""
    worst: dict[Labels, float] = {}
    for labels, value in pairs:
        own = _place(labels, names)
        worst[own] = _worse(one, worst.get(own), value)
    return worst


def _is_worth_a_row(last: ThresholdChange, now: ThresholdChange) -> bool:
    moved = abs(now.value - last.value) > _RECORD_CHANGE * max(abs(last.value), 1e-9)
    elapsed = (now.calculated_at - last.calculated_at).total_seconds()
    return moved or now.reason_key != last.reason_key or elapsed >= _RECORD_SECONDS


def _own_labels(config: ThresholdConfig, known: Explanation) -> list[str]:
    return [*selector(config).values(), known.labels.get("job", ""), known.labels.get("instance", "")]


_EXPORTED: Sequence[tuple[str, str, Callable[[Explanation], float | None]]] = (
    ("dynamic_threshold", "The threshold in force, in the unit of the metric.", lambda known: known.threshold),
    (
        "dynamic_threshold_immediate",
        "Beyond this a single value alerts: the base while the base is in force, else the loosest limit.",
        lambda known: known.immediate,
    ),
    (
        "dynamic_threshold_updated_timestamp_seconds",
        "When the last value was learned from, seconds since the epoch.",
        lambda known: known.updated_at,
    ),
    (
        "dynamic_threshold_expected_lower",
        "The lower edge of what is usual at this time, in the unit of the metric.",
        lambda known: known.expected_lower,
    ),
    (
        "dynamic_threshold_expected_upper",
        "The upper edge of what is usual at this time, in the unit of the metric.",
        lambda known: known.expected_upper,
    ),
)
