"""The guide's figures: what the feed sends, the page shows as tiles and the charts draw.

A figure over several hosts shows the worst of them and names it; counts of the application are added up.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from runtime.clock import Clock
from runtime.prometheus import Sample, Series, SeriesReader, SeriesUnavailable

CUSTOM = "app_custom_values"
"""The name under which a reader gives the application's custom values, each with the label `__name__`."""

CUSTOM_QUERY = (
    '{__name__=~"app_.+", __name__!~"app_(tasks|task_duration|errors|cache_requests|external_api_calls|info)(_.*)?"}'
)
_HISTORY_POINTS = 720


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the guide.

    combine: over several series the highest is the worst, or the lowest, or they are added up.
    """

    name: str
    group: Literal["system", "application"]
    unit: str
    combine: Literal["highest", "lowest", "sum"] = "highest"


FIGURES = (
    Figure("cpu_percent", "system", "%"),
    Figure("memory_percent", "system", "%"),
    Figure("disk_percent", "system", "%"),
    Figure("network_recv_mb_s", "system", "MB/s"),
    Figure("network_sent_mb_s", "system", "MB/s"),
    Figure("process_count", "system", ""),
    Figure("active_tasks", "application", "", "sum"),
    Figure("completed_tasks", "application", "", "sum"),
    Figure("failed_tasks", "application", "", "sum"),
    Figure("error_rate", "application", "%"),
    Figure("response_time_ms", "application", "ms"),
    Figure("cache_hit_rate", "application", "%", "lowest"),
    Figure("api_calls", "application", "", "sum"),
)
BY_NAME: Mapping[str, Figure] = {figure.name: figure for figure in FIGURES}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every figure's present value, and the custom values by name.

    at: epoch seconds. problem: why there are none, where the source does not answer.
    """

    at: float
    values: Mapping[str, Sample]
    custom: Mapping[str, float]
    problem: str | None = None


class Figures:
    """Reads the figures from a SeriesReader."""

    def __init__(self, reader: SeriesReader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock

    async def snapshot(self) -> Snapshot:
        """Return what there is now; a source that is away gives no values and says why."""
        answers = await asyncio.gather(
            *(self._reader.instant(figure.name) for figure in FIGURES),
            self._reader.instant(CUSTOM),
            return_exceptions=True,
        )
        problem = next((str(one) for one in answers if isinstance(one, SeriesUnavailable)), None)
        for one in answers:
            if isinstance(one, BaseException) and not isinstance(one, SeriesUnavailable):
                raise one
        found = [one if not isinstance(one, BaseException) else () for one in answers]
        values = {
            figure.name: combined(figure, samples)
            for figure, samples in zip(FIGURES, found[:-1], strict=True)
            if samples
        }
        custom = {sample.labels.get("__name__", "").removeprefix("app_"): sample.value for sample in found[-1]}
        return Snapshot(self._clock.time(), values, custom, problem)

    async def feed_data(self) -> dict[str, Any]:
        """Return `system_metrics` and `application_metrics` of the feed's `metrics_update`."""
        snapshot = await self.snapshot()
        moment = local_time(snapshot.at)
        groups: dict[str, dict[str, Any]] = {"system": {}, "application": {}}
        for figure in FIGURES:
            sample = snapshot.values.get(figure.name)
            groups[figure.group][figure.name] = None if sample is None else plain(figure.name, sample.value)
        return {
            "system_metrics": {**groups["system"], "timestamp": moment},
            "application_metrics": {**snapshot.custom, **groups["application"], "timestamp": moment},
        }

    async def history(self, minutes: float) -> dict[str, Any]:
        """Return the figures of the last minutes as the feed's `history`: columns of the same length.

        minutes: > 0. Raises SeriesUnavailable if the source does not answer.
        """
        end = self._clock.time()
        step = max(5.0, math.ceil(minutes * 60 / _HISTORY_POINTS))
        start = end - minutes * 60
        columns = await asyncio.gather(*(self.column(figure.name, start, end, step) for figure in FIGURES))
        moments = [start + index * step for index in range(len(columns[0]))]
        return {
            "minutes": minutes,
            "step_seconds": step,
            "timestamps": [local_time(moment) for moment in moments],
            "values": {figure.name: column for figure, column in zip(FIGURES, columns, strict=True)},
        }

    async def column(
        self, name: str, start: float, end: float, step: float, place: Mapping[str, str] | None = None
    ) -> list[float | None]:
        """Return one figure from start to end every `step` seconds, combined over its series; None is a gap.

        place: labels; only the series that have them, or all of them where none has.
        """
        figure = BY_NAME.get(name, Figure(name, "application", ""))
        series = await self._reader.range(name, start, end, step)
        of_place = [one for one in series if _has(one.labels, place or {})]
        series = of_place or series
        grid = [on_grid(one, start, end, step) for one in series]
        length = int((end - start) / step) + 1
        return [_combine_values(figure, [one[index] for one in grid]) for index in range(length)]


def combined(figure: Figure, samples: Sequence[Sample]) -> Sample:
    """Return the one sample that stands for several; samples must not be empty."""
    if figure.combine == "sum":
        return Sample({}, samples[0].timestamp, sum(sample.value for sample in samples))
    pick = max if figure.combine == "highest" else min
    return pick(samples, key=lambda sample: sample.value)


def _has(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(labels.get(name) == value for name, value in wanted.items())


def on_grid(series: Series, start: float, end: float, step: float) -> list[float | None]:
    """Return a series' values at start, start + step, ...; None where it has none within half a step."""
    values: list[float | None] = [None] * (int((end - start) / step) + 1)
    for moment, value in zip(series.timestamps, series.values, strict=True):
        index = round((moment - start) / step)
        if 0 <= index < len(values) and math.isfinite(value):
            values[index] = value
    return values


def local_time(moment: float) -> str:
    """Return a moment as the guide's feed writes it: local time without offset."""
    return datetime.fromtimestamp(moment).isoformat(timespec="seconds")  # noqa: DTZ006 - the guide's form


def plain(name: str, value: float) -> float | int:
    """Return a value as people read it: counts whole, others with three decimals."""
    return round(value) if name in BY_NAME and not BY_NAME[name].unit else round(value, 3)


def _combine_values(figure: Figure, values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    if not there:
        return None
    if figure.combine == "sum":
        return sum(there)
    return max(there) if figure.combine == "highest" else min(there)
