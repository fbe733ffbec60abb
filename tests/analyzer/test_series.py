"""Anomalies from their beginning to their end, and readers and detectors that fail."""

from collections.abc import Sequence

from analyzer.detectors import Detector, Judgement
from analyzer.detectors.zscore import ZScore
from analyzer.events import Severity
from analyzer.series import Anomaly, SeriesWatch, find_anomalies
from runtime.clock import ManualClock
from runtime.prometheus import Sample, Series, SeriesUnavailable

NOW = 1_772_000_040.0


def anomalies(*scores: float) -> list[Anomaly]:
    count = len(scores)
    judged = {"zscore": Judgement(scores, (1.0,) * count, (3.0,) * count)}
    moments = [60.0 * i for i in range(count)]
    return find_anomalies("cpu_percent", {"instance": "a:1"}, moments, [9.0] * count, judged)


def test_a_strong_alarm_begins_an_anomaly_at_once() -> None:
    (anomaly,) = anomalies(0, 0.8)
    assert (anomaly.started_at.timestamp(), anomaly.ended_at, anomaly.severity) == (60.0, None, Severity.MEDIUM)
    assert anomaly.explanation == "cpu_percent (a:1) rose to 9; usual is 1 to 3 (zscore, confidence 80%)"
    assert "9 に上昇しました" in anomaly.explanation_ja


def test_a_weak_alarm_has_to_hold() -> None:
    assert anomalies(0, 0.6, 0, 0) == []
    (anomaly,) = anomalies(0, 0.6, 0.6)
    assert anomaly.severity is Severity.LOW


def test_an_anomaly_ends_after_three_usual_samples_and_keeps_its_highest_confidence() -> None:
    (anomaly,) = anomalies(0, 0.8, 0, 0.95, 0.6, 0, 0, 0, 0)
    assert anomaly.ended_at is not None
    assert (anomaly.started_at.timestamp(), anomaly.ended_at.timestamp()) == (60.0, 420.0)
    assert (anomaly.confidence, anomaly.severity) == (0.95, Severity.HIGH)


def test_an_anomaly_has_the_same_id_while_it_goes_on() -> None:
    assert anomalies(0, 0.8)[0].id == anomalies(0, 0.8, 0.9)[0].id


class Reader:
    """Answers with one series, or not at all."""

    def __init__(self, values: Sequence[float]) -> None:
        self.values = values

    async def instant(self, name: str) -> Sequence[Sample]:
        return ()

    async def range(self, name: str, start: float, end: float, step: float) -> Sequence[Series]:
        if name == "missing":
            raise SeriesUnavailable(name, "nobody there")
        count = len(self.values)
        moments = tuple(end - (count - 1 - i) * step for i in range(count))
        return [Series({"__name__": name, "instance": "a:1"}, moments, tuple(self.values))]


class Broken:
    """A detector that fails."""

    name = "broken"

    def judge(self, values: Sequence[float]) -> Judgement:
        raise RuntimeError("no")


async def test_a_missing_series_and_a_failing_detector_do_not_stop_the_others() -> None:
    failed: list[str] = []
    reader = Reader([50.0, 51.0] * 30 + [90.0, float("nan")])
    detectors: list[Detector] = [Broken(), ZScore()]
    names = ["missing", "cpu_percent"]
    watch = SeriesWatch(reader, names, detectors, ManualClock(NOW), on_failure=failed.append)
    (anomaly,) = await watch.look()
    assert (anomaly.series, anomaly.value, anomaly.labels) == ("cpu_percent", 90.0, {"instance": "a:1"})
    assert failed == ["missing", "broken"]
    assert watch.scores["cpu_percent", "zscore"] > 0.9
