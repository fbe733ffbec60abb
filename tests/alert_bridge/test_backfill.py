"""What the history of ALERTS tells, without any Prometheus."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from alert_bridge.alerts import Alert, Severity, Status, fingerprint
from alert_bridge.backfill import Found, Grid, Run, compare, described, runs

A = {"alertname": "A", "instance": "1", "alertstate": "firing", "__name__": "ALERTS"}
GRID = Grid(1000.0, 1100.0, 10.0)
ALWAYS = range(11)


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def times(*places: int) -> list[float]:
    return [GRID.start + GRID.step * place for place in places]


def found(*of: Run, known: tuple[Alert, ...] = (), firing: tuple[str, ...] = ()) -> Found:
    return compare(of, known, firing, external_labels={"dc": "tokyo"}, describe=lambda labels: {"summary": "s"})


def episode(begin: float, end: float | None = None, id: str = "one", **labels: str) -> Alert:
    full = {"alertname": "A", "instance": "1", "dc": "tokyo", **labels}
    return Alert(
        id, fingerprint(full), "A", Severity.HIGH, Status.FIRING if end is None else Status.RESOLVED, "A",
        at(begin), at(begin), labels=full, resolved_at=None if end is None else at(end),
    )  # fmt: skip


def test_each_stretch_of_firing_is_a_run_and_the_last_may_go_on() -> None:
    cut = runs(A, times(1, 2, 3, 6, 9, 10), ALWAYS, GRID)
    assert [(run.begin, run.end) for run in cut] == [(1010, 1030), (1060, 1060), (1090, None)]


def test_where_prometheus_stood_still_nothing_ended() -> None:
    asleep = [place for place in ALWAYS if place not in (4, 5)]
    assert [(run.begin, run.end) for run in runs(A, times(1, 2, 3, 6), asleep, GRID)] == [(1010, 1060)]
    assert [run.end for run in runs(A, times(1, 2, 3), range(4), GRID)] == [None]


@given(st.sets(st.integers(0, 10)), st.sets(st.integers(0, 10)))
def test_runs_hold_each_sample_once_and_are_in_order(fired: set[int], at_work: set[int]) -> None:
    cut = runs(A, times(*fired), at_work | fired, GRID)
    covered = [place for place in fired for run in cut if run.begin <= times(place)[0] <= (run.end or GRID.end)]
    assert sorted(covered) == sorted(fired)
    ends = [run.end for run in cut[:-1]]
    assert all(end is not None and end < later.begin for end, later in zip(ends, cut[1:], strict=True))


def test_what_came_and_went_is_missed_with_its_times_and_the_external_labels() -> None:
    [seen] = found(Run(A, 1010, 1030)).missed
    assert seen.labels == {"alertname": "A", "instance": "1", "dc": "tokyo"}
    assert (seen.starts_at, seen.ends_at) == (at(1010), at(1030))
    assert seen.fingerprint == fingerprint(seen.labels)


def test_what_still_fires_is_left_to_the_poll() -> None:
    assert found(Run(A, 1010, None)) == Found((), ())


def test_the_watchdog_is_not_missed() -> None:
    assert found(Run({"alertname": "Watchdog"}, 1010, 1030)) == Found((), ())


def test_an_open_episode_whose_alert_ended_is_over_then() -> None:
    one = episode(900)
    assert found(Run(A, 1000, 1030), known=(one,)) == Found((), ((one, at(1030)),))


def test_what_alertmanager_still_lists_or_fires_again_is_not_over() -> None:
    one = episode(900)
    assert found(Run(A, 1000, 1030), known=(one,), firing=(one.fingerprint,)) == Found((), ())
    assert found(Run(A, 1000, 1030), Run(A, 1060, None), known=(one,)) == Found((), ())


def test_what_is_known_of_that_time_is_not_told_again() -> None:
    assert found(Run(A, 1010, 1030), known=(episode(1005, 1032),)) == Found((), ())


def test_an_episode_of_another_time_or_instance_does_not_hide_it() -> None:
    for other in (episode(800, 900), episode(1080), episode(900, instance="2")):
        assert len(found(Run(A, 1010, 1030), known=(other,)).missed) == 1


def test_a_gap_is_looked_at_every_15_seconds_and_finer_where_it_is_short() -> None:
    assert Grid.over(0, 6 * 3600).step == 15.0
    assert Grid.over(0, 600).step == 2.5
    assert Grid.over(0, 3).step == 1.0


def test_the_texts_are_those_of_the_rule_with_the_labels_put_in() -> None:
    rules = [
        {"name": "A", "labels": {"severity": "critical"}, "annotations": {"summary": "other"}},
        {
            "name": "A",
            "labels": {"severity": "warning", "team": "{{ $labels.job }}"},
            "annotations": {"summary": "{{ $labels.instance }} is{{$labels.none}} away", "value": "{{ $value }}"},
        },
    ]
    labels = {"alertname": "A", "severity": "warning", "instance": "news-1", "team": "app"}
    assert described(rules, labels) == {"summary": "news-1 is away"}
    assert described(rules, replace(episode(0)).labels) == {}
