"""Figures over time, combined over the series that there are."""

from collections.abc import Sequence
from datetime import UTC, datetime

from alert_bridge.figures import Figures
from runtime.clock import ManualClock
from runtime.prometheus import Sample, Series


class TwoHosts:
    async def instant(self, name: str) -> Sequence[Sample]:
        return []

    async def range(self, name: str, start: float, end: float, step: float) -> Sequence[Series]:
        return [Series({"instance": host}, (start,), (value,)) for host, value in (("a", 10.0), ("b", 90.0))]


async def test_column_is_of_the_host_asked_for_and_of_the_worst_where_there_is_none_of_that_name() -> None:
    figures = Figures(TwoHosts(), ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    assert await figures.column("cpu_percent", 0.0, 0.0, 60.0) == [90.0]
    assert await figures.column("cpu_percent", 0.0, 0.0, 60.0, {"instance": "a"}) == [10.0]
    assert await figures.column("cpu_percent", 0.0, 0.0, 60.0, {"instance": "gone"}) == [90.0]
