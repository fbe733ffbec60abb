"""How patterns are counted, and which of them are told."""

from datetime import UTC, datetime, timedelta

import pytest

from analyzer.events import Severity
from analyzer.frequency import Line, PatternBook
from analyzer.levels import Level
from analyzer.pattern_stats import bucket_of
from analyzer.patterns import Kind, PatternCatalogue

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CATALOGUE = PatternCatalogue()


def book(min_frequency: int = 3) -> PatternBook:
    return PatternBook(CATALOGUE, lambda text: text.replace("taro@example.jp", "[email]"), min_frequency=min_frequency)


def line(seconds: float = 0, level: Level = Level.INFO, text: str = "hello", *, learning: bool = False) -> Line:
    return Line("app", text, level, START + timedelta(seconds=seconds), learning)


def test_lines_are_counted_with_first_and_last_time_and_trend() -> None:
    patterns = book()
    for seconds in (0, 10, 400, 3000):
        stats, _, _ = patterns.count(line(seconds), "t1", "hello <*>")
    assert (stats.frequency, stats.first_seen, stats.last_seen) == (4, START, START + timedelta(seconds=3000))
    assert stats.rate.counts(bucket_of(START + timedelta(seconds=3000))) == [0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]


def test_a_run_of_lines_counts_as_its_lines_do() -> None:
    together, single = book(), book()
    stats, new, event = together.count_run(line(10), "t1", "hello <*>", 5, START + timedelta(seconds=50))
    told = [single.count(line(seconds), "t1", "hello <*>") for seconds in (10, 20, 30, 40, 50)]
    assert stats == told[-1][0]
    assert (new, event is not None) == (True, True)
    assert [one is not None for _, _, one in told] == [False, False, True, False, False]


def test_examples_are_masked_distinct_and_three_at_most() -> None:
    patterns = book()
    for number in (1, 1, 2, 3, 4):
        stats, _, _ = patterns.count(line(text=f"mail {number} for taro@example.jp"), "t1", "mail <*> for [email]")
    assert stats.examples == [f"mail {number} for [email]" for number in (1, 2, 3)]


def test_predefined_pattern_is_told_from_line_one_also_while_learning() -> None:
    _, new, event = book().count(line(level=Level.ERROR, learning=True), "timeout", "")
    assert not new
    assert event is not None
    assert (event.description, event.severity) == ("Timeout", Severity.MEDIUM)


def test_predefined_pattern_is_told_again_only_after_quiet() -> None:
    patterns = book()
    told = [patterns.count(line(seconds), "timeout", "")[2] is not None for seconds in (0, 60, 120, 420, 430)]
    assert told == [True, False, False, True, False]


def test_what_was_learned_is_not_new() -> None:
    patterns = book(min_frequency=1)
    patterns.count(line(learning=True), "t1", "hello")
    _, new, event = patterns.count(line(1, Level.ERROR), "t1", "hello")
    assert not new
    assert event is None


def test_new_error_is_told_at_once_other_new_patterns_when_frequent() -> None:
    patterns = book()
    _, new, event = patterns.count(line(0, Level.ERROR), "t1", "boom")
    assert new
    assert event is not None
    assert event.severity is Severity.HIGH
    told = [patterns.count(line(second), "t2", "hello")[2] is not None for second in range(5)]
    assert told == [False, False, True, False, False]


def test_pattern_is_new_for_an_hour() -> None:
    stats, _, _ = book().count(line(), "t1", "hello")
    assert stats.is_new(START + timedelta(minutes=59))
    assert not stats.is_new(START + timedelta(minutes=60))


def test_severity_follows_the_gravest_level() -> None:
    patterns = book()
    patterns.count(line(0, Level.INFO), "t1", "hello")
    stats, _, _ = patterns.count(line(1, Level.CRITICAL), "t1", "hello")
    assert (stats.level, stats.severity, stats.kind) == (Level.CRITICAL, Severity.CRITICAL, Kind.DYNAMIC)


def test_merged_patterns_are_one_and_not_new() -> None:
    patterns = book()
    patterns.count(line(0), "t1", "get a")
    patterns.count(line(5), "t2", "get b")
    patterns.merge("t1", "t3", "get <*>")
    patterns.merge("t2", "t3", "get <*>")
    stats, new, _ = patterns.count(line(9), "t3", "get <*>")
    assert (stats.frequency, stats.description, new) == (3, "get <*>", False)
    assert patterns.take_changes() == ([stats], {"t1", "t2"})
    assert patterns.take_changes() == ([], set())


def test_the_graver_level_outlives_a_merge() -> None:
    patterns = book()
    patterns.count(line(0, Level.ERROR), "t1", "get a")
    patterns.count(line(5), "t2", "get b")
    patterns.merge("t1", "t2", "get <*>")
    stats = patterns.get("t2")
    assert stats is not None
    assert (stats.level, stats.severity) == (Level.ERROR, Severity.of_level(Level.ERROR))


def test_memory_is_bounded_and_what_had_to_make_room_is_not_new_when_it_comes_again() -> None:
    patterns = PatternBook(CATALOGUE, str, max_patterns=100)
    for number in range(500):
        patterns.count(line(number), f"t{number}", "hello")
    assert len(patterns) <= 100
    assert patterns.get("t0") is None
    assert patterns.count(line(501), "t0", "hello")[1] is False


def test_a_pattern_that_was_forgotten_is_not_new_when_it_comes_again() -> None:
    patterns = book(min_frequency=1)
    patterns.count(line(0, Level.ERROR), "t1", "boom")
    patterns.forget(START + timedelta(days=1))
    assert len(patterns) == 0
    _, new, event = patterns.count(line(90_000, Level.ERROR), "t1", "boom")
    assert (new, event) == (False, None)


def seen_for_days(patterns: PatternBook, days: int, pattern_id: str = "t1", level: Level = Level.ERROR) -> None:
    """Let lines come every five minutes, three at a time."""
    for bucket in range(days * 288):
        at = line(bucket * 300, level, learning=True)
        patterns.count_run(at, pattern_id, "boom", 3, at.moment)
    patterns.review(START + timedelta(days=days))


def test_a_burst_is_told_once_and_explained_until_it_ends() -> None:
    patterns = book()
    seen_for_days(patterns, 1)
    end = START + timedelta(days=1)
    patterns.count_run(line(86_400 + 10, Level.ERROR), "t1", "boom", 42, end + timedelta(seconds=20))
    (event,) = patterns.review(end + timedelta(seconds=30))
    assert patterns.review(end + timedelta(seconds=35)) == []
    assert (event.details["reason"], event.details["burst"]["count"], event.severity) == ("burst", 42, Severity.HIGH)
    stats = patterns.get("t1")
    assert stats is not None
    item = patterns.item(stats, end + timedelta(seconds=40))
    assert item["bursting"] is True
    assert item["explanation"] == "HIGH: level ERROR; seen 42 times in 5 min where 3 are usual"
    assert item["explanation_ja"] == "高：レベルは ERROR、通常3回のところ5分間に42回"
    assert (item["rate_per_hour"], item["expected_per_hour"]) == (42 + 11 * 3, 36)
    assert patterns.bursting() == {"app": 1}
    assert patterns.take_tally() == {("burst", "app", Level.ERROR): 1}
    patterns.review(end + timedelta(minutes=20))
    assert patterns.bursting() == {}
    assert not stats.bursting


def test_a_burst_makes_what_is_harmless_graver() -> None:
    patterns = book()
    seen_for_days(patterns, 1, level=Level.INFO)
    patterns.count_run(line(86_400 + 10), "t1", "boom", 400, START + timedelta(days=1, seconds=20))
    (event,) = patterns.review(START + timedelta(days=1, seconds=30))
    assert event.severity is Severity.MEDIUM
    assert event.details["explanation"].endswith("; without that LOW")


def test_a_burst_among_old_lines_is_found_when_they_are_read_at_once() -> None:
    patterns = book()
    seen_for_days(patterns, 1)
    patterns.count_run(line(86_400, Level.ERROR), "t1", "boom", 90, START + timedelta(days=1))
    patterns.count(line(2 * 86_400, Level.ERROR), "t1", "boom")
    events = patterns.review(START + timedelta(days=30))
    assert [event.details["reason"] for event in events] == ["burst"]
    assert patterns.bursting() == {}


def test_nothing_bursts_or_is_rare_while_a_source_is_learned() -> None:
    patterns = book()
    seen_for_days(patterns, 1)
    patterns.count_run(line(86_400, Level.ERROR, learning=True), "t1", "boom", 90, START + timedelta(days=1))
    patterns.count(line(20 * 86_400, Level.ERROR, learning=True), "t1", "boom")
    assert patterns.review(START + timedelta(days=20)) == []
    assert patterns.take_tally() == {}


def test_what_is_seen_again_after_days_is_rare_and_told_unless_it_is_harmless() -> None:
    patterns = book()
    for level, name in ((Level.WARNING, "t1"), (Level.INFO, "t2")):
        patterns.count(line(0, level, learning=True), name, "odd")
    for bucket in range(10 * 288):
        patterns.count(line(bucket * 300, learning=True), "usual", "usual")
    told = [
        patterns.count(line(10 * 86_400, level), name, "odd")[2]
        for level, name in ((Level.WARNING, "t1"), (Level.INFO, "t2"), (Level.INFO, "usual"))
    ]
    assert [event and (event.details["reason"], event.severity) for event in told] == [
        ("rare", Severity.HIGH),
        None,
        None,
    ]
    assert told[0] is not None
    assert told[0].details["explanation"] == "HIGH: level WARNING; rare, seen twice in 10 days; without that MEDIUM"
    stats = patterns.get("t1")
    assert stats is not None
    assert stats.is_rare(START + timedelta(days=10, minutes=59))
    assert not stats.is_rare(START + timedelta(days=10, minutes=61))
    assert patterns.take_tally()["rare", "app", Level.WARNING] == 1


def test_events_say_why_they_are_told() -> None:
    patterns = book()
    told = [patterns.count(line(0, Level.ERROR), pattern, "boom")[2] for pattern in ("timeout", "t1")]
    assert [event and event.details["reason"] for event in told] == ["predefined", "new"]


def test_so_many_new_errors_at_once_do_not_flood() -> None:
    patterns = book()
    told = [patterns.count(line(i / 10, Level.ERROR), f"t{i}", "boom") for i in range(100)]
    assert sum(event is not None for _, _, event in told) == 30
    assert all(new for _, new, _ in told)
    assert patterns.take_tally()["withheld", "app", Level.ERROR] == 70
    assert patterns.count(line(400, Level.ERROR), "later", "boom")[2] is not None


def test_new_errors_of_many_times_at_once_do_not_flood() -> None:
    patterns, now = book(), [START]
    patterns.now = lambda: now[0]
    told = [patterns.count(line(300 * (i % 2), Level.ERROR), f"t{i}", "boom")[2] for i in range(100)]
    assert sum(event is not None for event in told) == 30
    now[0] += timedelta(seconds=300)
    assert patterns.count(line(0, Level.ERROR), "later", "boom")[2] is not None


def test_what_was_known_goes_on_after_a_restart() -> None:
    before, after = book(), book()
    seen_for_days(before, 1)
    after.load(before, before.times())
    after.count_run(line(86_400 + 10, Level.ERROR), "t1", "boom", 42, START + timedelta(days=1))
    assert len(after.review(START + timedelta(days=1, seconds=30))) == 1


def test_the_quiet_time_before_a_restart_is_observed_too() -> None:
    before, after = book(), book()
    seen_for_days(before, 1)
    for bucket in range(288, 576):
        before.count(line(bucket * 300, learning=True), "usual", "usual")
    after.load(before, before.times())
    at = line(2 * 86_400, Level.ERROR)
    stats, _, _ = after.count(at, "t1", "boom")
    assert stats.rate.usual_per_hour(bucket_of(at.moment)) == pytest.approx(18, rel=0.01)


def test_a_burst_that_comes_again_within_the_hour_is_the_same() -> None:
    patterns = book()
    seen_for_days(patterns, 1)
    told = []
    for minute in range(0, 180, 5):
        at = line(86_400 + minute * 60, Level.ERROR)
        patterns.count_run(at, "t1", "boom", 42 if minute in (0, 30, 150) else 3, at.moment)
        told += [minute for _ in patterns.review(at.moment)]
    assert told == [0, 150]
    assert patterns.take_tally() == {("burst", "app", Level.ERROR): 2}


def test_the_more_patterns_there_are_the_surer_a_burst_has_to_be() -> None:
    few, many = book(), book()
    for number in range(1_000):
        many.count(line(0, learning=True), f"other{number}", "other")
    for patterns in (few, many):
        seen_for_days(patterns, 1)
        patterns.count_run(line(86_400, Level.ERROR), "t1", "boom", 11, START + timedelta(days=1))
        patterns.count(line(2 * 86_400, Level.ERROR), "t1", "boom")
    assert len(few.review(START + timedelta(days=2))) == 1
    assert many.review(START + timedelta(days=2)) == []


def test_what_is_over_is_explained_by_what_it_was() -> None:
    patterns = book()
    stats, _, _ = patterns.count(line(0, Level.ERROR), "t1", "boom")
    item = patterns.item(stats, START + timedelta(hours=2))
    assert item["explanation"] == "HIGH: level ERROR; seen once, none of that in the last hour"
    assert item["explanation_ja"] == "高：レベルは ERROR、これまでに1回、直近1時間はなし"


def test_each_severity_is_explained() -> None:
    patterns = book()
    moment = START + timedelta(minutes=5)
    shown = {}
    for name, level in (("timeout", Level.ERROR), ("t1", Level.UNKNOWN), ("t2", Level.ERROR)):
        stats, _, _ = patterns.count(line(0, level, learning=name == "t2"), name, "text")
        shown[name] = patterns.item(stats, moment)["explanation"], patterns.item(stats, moment)["explanation_ja"]
    assert shown == {
        "timeout": (
            "MEDIUM: known pattern Timeout; seen once, how often is usual is not known yet",
            "中：既知のパターン「タイムアウト」、これまでに1回、通常の頻度はまだ不明",
        ),
        "t1": (
            "LOW: no level; new, first seen 5 min ago, once so far",
            "低：レベルなし、新しいパターン、5分前に初めて出現、これまでに1回",
        ),
        "t2": (
            "HIGH: level ERROR; seen once, how often is usual is not known yet",
            "高：レベルは ERROR、これまでに1回、通常の頻度はまだ不明",
        ),
    }


def test_new_patterns_that_still_come_are_counted_by_source_and_level() -> None:
    found = book()
    found.count(line(0, Level.ERROR), "t1", "one")
    found.count(line(200, Level.ERROR), "t2", "two")
    found.count(line(200, Level.ERROR, learning=True), "t3", "three")
    assert found.new_ones(START + timedelta(seconds=250)) == {("app", Level.ERROR): 2}
    assert found.new_ones(START + timedelta(seconds=400)) == {("app", Level.ERROR): 1}
    assert found.new_ones(START + timedelta(hours=2)) == {}


def test_a_line_dated_in_the_future_silences_no_known_pattern() -> None:
    found = book()
    now = START
    found.now = lambda: now
    told = []
    for counted, dated in ((0, 3600), (10, 10), (400, 400), (1200, 1200)):
        now = START + timedelta(seconds=counted)
        told.append(found.count(line(dated), "timeout", "")[2] is not None)
    assert told == [True, False, True, True]
