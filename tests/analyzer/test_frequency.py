"""How patterns are counted, and which of them are told."""

from datetime import UTC, datetime, timedelta

from analyzer.events import Severity
from analyzer.frequency import Line, PatternBook, bucket_of
from analyzer.patterns import Kind, PatternCatalogue
from analyzer.records import Level

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
