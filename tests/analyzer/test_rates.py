"""What is surprising about a count, given those before."""

import random
from collections.abc import Iterable
from itertools import cycle, islice

import pytest

from analyzer.rates import BUCKET_SECONDS, HOUR_BUCKETS, LONGEST_BURST, Rate, SourceTime, chance, limit

FIRST = 5_900_000
DAY = 288
LIMIT = limit(1_000)


class Stream:
    """One pattern of one source whose counts are fed bucket by bucket; `began` has the buckets in which bursts did."""

    def __init__(self) -> None:
        self.rate, self.time = Rate(), SourceTime()
        self.bucket = FIRST
        self.began: list[int] = []

    def feed(self, counts: Iterable[int], *, others: int = 1) -> None:
        """Feed the counts of the next buckets; other patterns of the source have some lines in each."""
        for count in counts:
            if others:
                self.time.advance(self.bucket, others)
            if count:
                self.time.advance(self.bucket, count)
                if self.rate.add(self.bucket, count, self.time, LIMIT):
                    self.began.append(self.bucket)
            if self.rate.review(self.bucket, LIMIT):
                self.began.append(self.bucket)
            self.bucket += 1

    def rare_next(self) -> bool:
        """Feed one line more; return whether it is surprising to see it."""
        self.time.advance(self.bucket, 1)
        quiet = self.rate.quiet(self.bucket)
        self.rate.add(self.bucket, 1, self.time, LIMIT)
        return quiet and self.rate.rare()


def poisson(mean: float, buckets: int, seed: int = 1) -> Iterable[int]:
    """Yield counts of lines that come by chance, some hundred moments a bucket."""
    draw = random.Random(seed)
    return (sum(draw.random() < mean / 400 for _ in range(400)) for _ in range(buckets))


def test_chances_are_those_of_poisson_and_of_the_negative_binomial_distribution() -> None:
    assert chance(10, 1.0, 1.0) == pytest.approx(1.1142548e-7, rel=1e-3)
    assert chance(30, 2.0, 3.0) == pytest.approx(5.2144e-6, rel=1e-3)
    assert chance(3, 5.0, 1.0) == 1.0


def test_nothing_is_a_burst_before_it_was_observed() -> None:
    stream = Stream()
    stream.feed([1, 0, 500, 3, 0])
    assert stream.began == []
    assert stream.rate.usual_per_hour(stream.bucket) is None


def test_what_is_usual_in_an_hour_is_said_once_an_hour_was_observed() -> None:
    stream = Stream()
    stream.feed([3] * 10)
    assert stream.rate.usual_per_hour(stream.bucket) is None
    stream.feed([3] * 4)
    assert stream.rate.usual_per_hour(stream.bucket) == pytest.approx(36, rel=0.1)
    assert stream.rate.lines(stream.bucket - 1) == 36


def test_chance_makes_no_burst_and_ten_times_the_usual_does_at_once() -> None:
    stream = Stream()
    stream.feed(poisson(3.0, 3 * DAY))
    assert stream.began == []
    assert stream.rate.usual_per_hour(stream.bucket) == pytest.approx(36, rel=0.1)
    stream.feed([30])
    assert stream.began == [FIRST + 3 * DAY]


def test_a_seldom_pattern_bursts_by_its_hour() -> None:
    stream = Stream()
    stream.feed(poisson(0.2, 7 * DAY))
    stream.feed([2] * HOUR_BUCKETS)
    assert len(stream.began) == 1
    burst = stream.rate.burst
    assert burst is not None
    assert (burst.width, burst.minutes) == (HOUR_BUCKETS, 60)


def test_lines_that_always_come_in_clumps_are_no_burst_when_they_do() -> None:
    stream = Stream()
    stream.feed(islice(cycle([50, *[0] * 11]), 4 * DAY))
    assert stream.began == []


def test_a_burst_ends_and_leaves_no_trace_in_what_is_usual() -> None:
    stream = Stream()
    stream.feed(poisson(3.0, DAY))
    usual = stream.rate.usual_per_hour(stream.bucket)
    stream.feed([300, 400, 350])
    assert stream.rate.burst is not None
    assert stream.rate.burst.count == 400
    stream.feed([3, 2, 4, 3])
    assert stream.rate.burst is None
    assert stream.rate.usual_per_hour(stream.bucket) == pytest.approx(usual, rel=0.05)
    stream.feed(poisson(3.0, DAY, seed=2))
    assert len(stream.began) == 1


def test_what_bursts_for_hours_is_the_new_usual() -> None:
    stream = Stream()
    stream.feed(poisson(3.0, DAY))
    stream.feed(poisson(60.0, LONGEST_BURST + DAY, seed=2))
    assert stream.rate.burst is None
    assert len(stream.began) == 1
    assert stream.rate.usual_per_hour(stream.bucket) == pytest.approx(720, rel=0.1)


def test_the_time_in_which_the_whole_source_was_silent_is_not_observed() -> None:
    stream = Stream()
    stream.feed([2] * DAY, others=5)
    stream.bucket += 10 * DAY
    stream.feed([2] * 3, others=5)
    assert stream.began == []
    assert stream.time.observed == DAY + 3
    assert stream.rate.usual_per_hour(stream.bucket) == pytest.approx(24, rel=0.05)


def test_what_is_seen_after_many_days_is_rare_and_nothing_is_at_the_start() -> None:
    stream = Stream()
    stream.feed([1, *[0] * DAY])
    assert not stream.rare_next()
    stream = Stream()
    stream.feed([1, *[0] * 8 * DAY])
    assert stream.rare_next()
    stream = Stream()
    stream.feed(islice(cycle([1, *[0] * (DAY - 1)]), 14 * DAY))
    assert not stream.rare_next()


def test_late_lines_count_where_they_belong() -> None:
    stream = Stream()
    stream.feed([1, 1, 1])
    stream.rate.add(FIRST, 5, stream.time, LIMIT)
    assert stream.rate.counts(FIRST + 2)[-3:] == [6, 1, 1]
    assert stream.rate.bucket == FIRST + 2


def test_lines_from_the_future_do_not_stop_the_counting() -> None:
    stream = Stream()
    stream.feed([1] * 20)
    ahead = stream.bucket + 365 * DAY
    stream.time.advance(ahead, 1)
    stream.rate.add(ahead, 1, stream.time, LIMIT)
    stream.feed([1] * 200)
    assert stream.rate.bucket == stream.bucket - 1
    assert sum(stream.rate.counts(stream.bucket - 1)) == HOUR_BUCKETS


def test_memory_is_bounded() -> None:
    stream = Stream()
    stream.feed([1] * 500)
    assert len(stream.rate.recent) <= 2 * HOUR_BUCKETS


def test_a_source_has_the_time_of_its_lines_and_goes_on_when_it_is_silent() -> None:
    time = SourceTime()
    time.advance(FIRST, 1)
    assert time.now(9e9) == FIRST
    assert time.now(9e9 + 2 * BUCKET_SECONDS) == FIRST + 2


def test_a_rate_is_restored_as_it_was() -> None:
    stream = Stream()
    stream.feed(poisson(3.0, DAY))
    stream.feed([300])
    restored = Rate.restored(dict(stream.rate.recent), stream.rate.state())
    assert restored.burst == stream.rate.burst
    assert restored.usual_per_hour(stream.bucket) == pytest.approx(stream.rate.usual_per_hour(stream.bucket))


def test_merged_rates_are_as_if_counted_together() -> None:
    one, other = Stream(), Stream()
    one.feed(poisson(3.0, 2 * DAY))
    other.feed(poisson(4.0, 2 * DAY, seed=2))
    one.rate.merge(other.rate)
    one.feed(poisson(7.0, DAY, seed=3))
    assert one.began == []
    assert one.rate.usual_per_hour(one.bucket) == pytest.approx(84, rel=0.1)
