import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Gauge

from alert_bridge.figures import CUSTOM
from exporter.performance import PerformanceMonitor
from monitoring.registry_reader import MAX_SERIES, POINTS, RegistryReader, parse_selector, place
from runtime.clock import ManualClock
from runtime.prometheus import SeriesUnavailable

START = 1_800_000_000.0


class Setup:
    def __init__(self, **how: object) -> None:
        self.clock = ManualClock(START)
        self.monitor = PerformanceMonitor(clock=self.clock)
        self.metrics = self.monitor.get_app_metrics()
        self.registry = CollectorRegistry()
        self.reader = RegistryReader(
            self.monitor,
            (self.monitor.registry, self.registry),
            clock=self.clock,
            interval_seconds=5.0,
            **how,  # type: ignore[arg-type]
        )

    async def rounds(self, count: int) -> None:
        for _ in range(count):
            await self.reader.sample()
            self.clock.advance(5.0)

    async def value(self, name: str) -> float | None:
        samples = await self.reader.instant(name)
        return samples[0].value if samples else None


async def test_the_guides_names_are_read_with_the_labels_of_this_process() -> None:
    setup = Setup()
    await setup.rounds(1)
    with setup.monitor.track("deliver"):
        pass
    await setup.rounds(2)
    (sample,) = await setup.reader.instant("memory_percent")
    assert 0 < sample.value < 100
    assert sample.labels == {"__name__": "memory_percent", **place()}
    assert await setup.value("completed_tasks") == 1
    assert await setup.value("error_rate") == 0
    assert await setup.value("network_sent_mb_s") is not None


async def test_what_the_start_itself_costs_is_not_taken_for_the_load_of_the_machine() -> None:
    setup = Setup()
    await setup.rounds(1)
    assert await setup.value("cpu_percent") is None
    assert await setup.value("disk_percent") is not None


async def test_a_custom_value_is_read_by_its_exposed_name_and_among_all_custom_values() -> None:
    setup = Setup()
    setup.metrics.set_value("article_processing_rate", 42.5)
    await setup.rounds(1)
    assert await setup.value("app_article_processing_rate") == 42.5
    (custom,) = await setup.reader.instant(CUSTOM)
    assert (custom.labels["__name__"], custom.value) == ("app_article_processing_rate", 42.5)


async def test_families_of_the_registries_are_read_by_name_and_by_selector() -> None:
    setup = Setup()
    gauge = Gauge("dynamic_threshold", "", ["metric", "severity"], registry=setup.registry)
    gauge.labels("cpu_percent", "warning").set(70)
    gauge.labels("cpu_percent", "critical").set(90)
    await setup.rounds(1)
    assert len(await setup.reader.instant("dynamic_threshold")) == 2
    assert await setup.value('dynamic_threshold{metric="cpu_percent", severity="critical"}') == 90
    assert await setup.value('dynamic_threshold{metric="nothing"}') is None
    assert await setup.value("nothing") is None


async def test_a_range_has_the_last_round_at_each_moment_and_gaps_where_there_was_none() -> None:
    setup = Setup()
    for value in (1.0, 2.0, float("nan"), 4.0):
        setup.metrics.set_value("queue", value)
        await setup.rounds(1)
    (series,) = await setup.reader.range("app_queue", START - 5, START + 40, 5.0)
    assert dict(zip(series.timestamps, series.values, strict=True)) == {
        START: 1.0,
        START + 5: 2.0,
        START + 15: 4.0,
        START + 20: 4.0,
        START + 25: 4.0,  # three intervals after the last round it is over
    }


async def test_a_value_that_is_taken_away_is_gone_at_once() -> None:
    setup = Setup()
    setup.metrics.set_value("queue", 3)
    await setup.rounds(1)
    setup.metrics.set_value("queue", float("nan"))
    await setup.rounds(1)
    assert await setup.value("app_queue") is None
    assert not await setup.reader.instant(CUSTOM)


async def test_memory_is_bounded_in_points_and_in_series() -> None:
    setup = Setup()
    gauge = Gauge("many", "", ["number"], registry=setup.registry)
    for number in range(MAX_SERIES + 200):
        gauge.labels(str(number)).set(number)
    await setup.rounds(1)
    assert len(setup.reader._rings._series) == MAX_SERIES
    gauge.clear()
    await setup.rounds(POINTS + 5)
    assert len(setup.reader._rings._series) < 50
    assert {len(one) for one in setup.reader._rings._series.values()} == {POINTS}
    assert await setup.value("memory_percent") is not None


async def test_a_clock_that_is_set_back_forgets_what_lies_ahead() -> None:
    setup = Setup()
    setup.metrics.set_value("queue", 1)
    await setup.rounds(4)
    setup.clock.set(START + 7)
    setup.metrics.set_value("queue", 2)
    await setup.rounds(1)
    (series,) = await setup.reader.range("app_queue", START, START + 20, 1.0)
    assert series.values[:8] == (1.0,) * 7 + (2.0,)


async def test_what_is_kept_is_what_process_returns() -> None:
    async def doubled(values: object) -> dict[str, float]:
        assert isinstance(values, dict)
        return {"memory_percent": 12.5, "own": values["queue"] * 2}

    setup = Setup(process=doubled)
    setup.metrics.set_value("queue", 3)
    await setup.rounds(1)
    assert await setup.value("memory_percent") == 12.5
    assert await setup.value("app_own") == 6
    assert await setup.value("disk_percent") is None


@pytest.mark.parametrize(
    "text", ["sum(cpu_percent)", "a{", 'a{b="c"', 'a{b="c" d="e"}', 'a{b=~"c"}', "a[5m]", "", "1a"]
)
async def test_anything_but_a_plain_selector_is_refused(text: str) -> None:
    with pytest.raises(SeriesUnavailable):
        await Setup().reader.instant(text)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.text(max_size=20), max_size=4))
def test_every_label_value_survives_a_selector(labels: dict[str, str]) -> None:
    escaped = {
        name: text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for name, text in labels.items()
    }
    selector = "name{" + ",".join(f'{name}="{text}"' for name, text in escaped.items()) + "}"
    assert parse_selector(selector) == {"__name__": "name", **labels}
