"""What came and went while nobody listened, from the history of Prometheus' `ALERTS`. Decisions only."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from alert_bridge.alerts import Alert, Observation, fingerprint
from alert_bridge.reconcile import WATCHDOG, same

HISTORY = 'ALERTS{alertstate="firing"}'
EVALUATED = 'count(count_over_time({__name__=~"ALERTS|up"}[90s]))'
"""Has a value wherever Prometheus was at work: the end of a series says nothing where Prometheus itself stood still."""

_LONGEST_STEP_SECONDS = 15.0
_TEMPLATE = re.compile(r"\{\{\s*\$labels\.(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Grid:
    """The moments of a range query, epoch seconds."""

    start: float
    end: float
    step: float

    @classmethod
    def over(cls, start: float, end: float) -> "Grid":
        """Return a grid of 15 s, finer where the gap is short."""
        return cls(start, end, min(_LONGEST_STEP_SECONDS, max(1.0, (end - start) / 240.0)))

    @property
    def last(self) -> int:
        """The place of the last moment."""
        return int((self.end - self.start) / self.step + 1e-6)

    def places(self, timestamps: Iterable[float]) -> list[int]:
        """Return where on the grid these moments are, in order."""
        return sorted({round((moment - self.start) / self.step) for moment in timestamps})


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch in which one alert fired, begin and end in epoch seconds. end: None while it still fires."""

    labels: Mapping[str, str]
    begin: float
    end: float | None


@dataclass(frozen=True, slots=True)
class Found:
    """What the history tells: alerts that came and went unseen, and open episodes that ended, with the moment."""

    missed: tuple[Observation, ...]
    over: tuple[tuple[Alert, datetime], ...]


def runs(labels: Mapping[str, str], timestamps: Sequence[float], evaluated: Collection[int], grid: Grid) -> list[Run]:
    """Cut the samples of one series of `ALERTS` into the stretches in which it fired.

    evaluated: places on the grid at which Prometheus was at work; a hole where it was not interrupts nothing, and a
    series that stops there has not ended.
    """
    stretches: list[list[int]] = []
    for place in grid.places(timestamps):
        if stretches and not any(hole in evaluated for hole in range(stretches[-1][1] + 1, place)):
            stretches[-1][1] = place
        else:
            stretches.append([place, place])
    worked_until = max(evaluated, default=-1)
    return [
        Run(
            labels,
            grid.start + first * grid.step,
            grid.start + until * grid.step if until < min(worked_until, grid.last) else None,
        )
        for first, until in stretches
    ]


def compare(
    found: Sequence[Run],
    known: Sequence[Alert],
    firing: Collection[str],
    *,
    external_labels: Mapping[str, str],
    describe: Callable[[Mapping[str, str]], Mapping[str, str]],
) -> Found:
    """Return what of the history nobody here knows yet.

    known: the episodes of these names that are open or ended since the gap began. firing: fingerprints that
    Alertmanager lists now. describe: returns the annotations of an alert with these labels.
    """
    named: dict[str, list[Alert]] = {}
    for alert in known:
        named.setdefault(alert.name, []).append(alert)
    missed: list[Observation] = []
    over: dict[str, tuple[Alert, datetime]] = {}
    for run in sorted(found, key=lambda one: one.begin):
        name = run.labels.get("alertname", WATCHDOG)
        if name == WATCHDOG:
            continue
        here = [one for one in named.get(name, ()) if same(one.labels, run.labels)]
        if run.end is None:
            for one in here:
                over.pop(one.id, None)
            continue
        begin, end = _moment(run.begin), _moment(run.end)
        of_then = [one for one in here if one.created_at <= end and (one.resolved_at or end) >= begin]
        for one in of_then:
            if one.open and one.fingerprint not in firing:
                over[one.id] = (one, end)
        if not of_then:
            labels = {**external_labels, **_own(run.labels)}
            missed.append(Observation(fingerprint(labels), labels, describe(labels), begin, end))
    return Found(tuple(missed), tuple(over.values()))


def described(rules: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> dict[str, str]:
    """Return the annotations of the rule behind an alert, with its labels put in.

    Texts that need more than labels (the value of that time) are left out.
    """
    for rule in rules:
        own, texts = rule.get("labels") or {}, rule.get("annotations") or {}
        if rule.get("name") == labels.get("alertname") and all(
            labels.get(name) == value or "{{" in value for name, value in own.items()
        ):
            filled = {name: _TEMPLATE.sub(lambda one: labels.get(one[1], ""), text) for name, text in texts.items()}
            return {name: text for name, text in filled.items() if "{{" not in text}
    return {}


def _own(series: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in series.items() if name not in ("__name__", "alertstate")}


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
