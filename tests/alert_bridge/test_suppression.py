"""When a word is told, kept back or let through; values in, values out."""

from datetime import UTC, datetime, time, timedelta

from alert_bridge.alerts import Severity
from alert_bridge.pace import Pace, give_up_after, retry_wait
from alert_bridge.quiet_hours import QuietHours
from alert_bridge.suppression import Hold, Past, Told, calm_at, first_word, last_word

NOW = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)
WINDOW = timedelta(minutes=5)


def past(*begins: float, changed: float = 0.0, told: float | None = None, severity: Severity = Severity.HIGH) -> Past:
    """begins, changed, told: seconds before NOW."""
    word = None if told is None else Told(NOW - timedelta(seconds=told), severity)
    return Past(tuple(NOW - timedelta(seconds=one) for one in begins), NOW - timedelta(seconds=changed), word)


def test_the_first_word_goes_out_at_once_however_often_it_came_untold() -> None:
    assert first_word(Severity.HIGH, past(90, 60, 30, 0), NOW, WINDOW) is None


def test_a_repeat_within_the_window_waits_for_its_end_and_one_after_it_does_not() -> None:
    assert first_word(Severity.HIGH, past(100, 0, told=100), NOW, WINDOW) == Hold(
        NOW + timedelta(seconds=200), "window"
    )
    assert first_word(Severity.HIGH, past(0, told=300), NOW, WINDOW) is None


def test_what_is_worse_than_what_was_told_breaks_through() -> None:
    assert first_word(Severity.CRITICAL, past(100, 50, 0, told=100), NOW, WINDOW) is None


def test_an_alert_that_comes_and_goes_is_held_until_two_cycles_of_quiet() -> None:
    held = first_word(Severity.HIGH, past(400, 340, 280, 220, 160, 100, changed=10, told=400), NOW, WINDOW)
    assert held == Hold(NOW + timedelta(seconds=110), "flapping")
    assert first_word(Severity.HIGH, past(400, 340, 280, changed=120, told=400), NOW, WINDOW) is None


def test_an_alert_that_flaps_on_and_on_is_told_again_after_a_quarter_of_an_hour() -> None:
    assert first_word(Severity.HIGH, past(120, 60, 0, told=901), NOW, WINDOW) is None


def test_the_end_is_told_at_once_but_for_what_flaps() -> None:
    assert last_word(Severity.HIGH, past(100, told=100), NOW) is None
    assert last_word(Severity.HIGH, past(120, 60, 1, told=120), NOW) == Hold(
        calm_at(past(120, 60, 1), NOW) or NOW, "flapping"
    )


def test_quiet_hours_over_midnight_hold_until_morning_in_their_own_zone() -> None:
    quiet = QuietHours(time(22), time(7), "Asia/Tokyo")
    evening = datetime(2026, 1, 31, 14, 0, tzinfo=UTC)
    assert quiet.until(Severity.HIGH, evening) == datetime(2026, 1, 31, 22, 0, tzinfo=UTC)
    assert quiet.until(Severity.HIGH, evening + timedelta(hours=8)) is None
    assert quiet.until(Severity.CRITICAL, evening) is None


def test_quiet_hours_belong_to_the_day_on_which_they_begin() -> None:
    saturday = QuietHours(time(22), time(7), "UTC", days={5})
    assert saturday.until(Severity.LOW, datetime(2026, 2, 1, 3, 0, tzinfo=UTC)) is not None
    assert saturday.until(Severity.LOW, datetime(2026, 1, 31, 3, 0, tzinfo=UTC)) is None


def test_waits_double_to_five_minutes_and_what_was_asked_for_is_kept_to_the_second() -> None:
    assert [retry_wait(attempts, None, 0.5) for attempts in (1, 2, 3, 9, 50)] == [2, 4, 8, 300, 300]
    assert retry_wait(1, 17.0, 0.9) == 17.0
    assert give_up_after(Severity.CRITICAL) == timedelta(hours=24)


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    pace = Pace(60.0)
    assert pace.free(0.0, 100) == 5
    pace.take(5)
    assert (pace.free(0.5, 100), pace.next_at(0.5)) == (0, 1.0)
    assert pace.free(1.0, 100) == 1
    pace.pause(30.0)
    assert (pace.free(29.0, 100), pace.free(30.0, 100)) == (0, 5)
