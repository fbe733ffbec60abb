"""How many bursts of log patterns are found that are none, and how soon one is found that is one.

Streams of counts by the hundred or thousand go through the pattern book, bucket by bucket, by a clock that is made up:
no lines are read and no time is waited for. Beside it stands what is usually written by hand: mean plus three standard
deviations, and a fixed ratio to the hour before. Prints a table; nothing passes or fails.

    python benchmarks/log_rates.py [--patterns 1000] [--days 7]
"""

import argparse
import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from analyzer.frequency import Line, PatternBook
from analyzer.levels import Level
from analyzer.patterns import PatternCatalogue
from analyzer.rates import BUCKET_SECONDS, DAY_BUCKETS

START = datetime(2026, 3, 2, tzinfo=UTC)
BUCKET = timedelta(seconds=BUCKET_SECONDS)
RATES = (1.0, 3.0, 12.0, 60.0, 1000.0)
BURSTS = 25
PARTS = 10

Counts = np.ndarray[tuple[int, int], np.dtype[np.int64]]


def means(patterns: int, draw: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return usual counts a bucket, from one line in two days to 200 in five minutes."""
    return np.exp(draw.uniform(np.log(0.5 / DAY_BUCKETS), np.log(200), (patterns, 1)))


def poisson(patterns: int, buckets: int, draw: np.random.Generator) -> Counts:
    """Lines that come by chance."""
    return draw.poisson(np.repeat(means(patterns, draw), buckets, 1))


def clumped(patterns: int, buckets: int, draw: np.random.Generator) -> Counts:
    """Lines that come in clumps: the variance is five times the mean."""
    return draw.poisson(draw.gamma(np.repeat(means(patterns, draw), buckets, 1) / 4, 4))


def daily(patterns: int, buckets: int, draw: np.random.Generator) -> Counts:
    """Lines that come by chance, nine times as many at noon as at night."""
    wave = 1 - 0.8 * np.cos(2 * np.pi * np.arange(buckets) / DAY_BUCKETS)
    return draw.poisson(means(patterns, draw) * wave)


def hourly(patterns: int, buckets: int, draw: np.random.Generator) -> Counts:
    """Jobs that write 20 to 80 lines once an hour, beside lines by chance."""
    counts = draw.poisson(np.repeat(means(patterns, draw) / 50, buckets, 1))
    counts[:, ::12] += draw.integers(20, 80, counts[:, ::12].shape)
    return counts


def book() -> PatternBook:
    """Return an empty book."""
    return PatternBook(PatternCatalogue(), str)


def feed(patterns: PatternBook, counts: Counts, first: int = 0, names: str = "t") -> list[tuple[str, int]]:
    """Count all patterns bucket by bucket; return which bursts began in which bucket."""
    began = []
    for column in range(counts.shape[1]):
        moment = START + (first + column) * BUCKET
        for row in np.flatnonzero(counts[:, column]):
            line = Line("app", "text", Level.ERROR, moment)
            patterns.count_run(line, f"{names}{row}", "text", int(counts[row, column]), moment)
        began += [(event.details["pattern_id"], first + column) for event in patterns.review(moment + BUCKET)]
    return began


def by_deviation(counts: Counts) -> int:
    """Return how many buckets lie above mean + 3 standard deviations, the first of each run, after the first hour."""
    over = (counts > counts.mean(1, keepdims=True) + 3 * counts.std(1, keepdims=True))[:, 12:]
    return int((over[:, 1:] & ~over[:, :-1]).sum())


def by_ratio(counts: Counts) -> int:
    """Return how many buckets hold 10 lines and 3 times the mean of the hour before, the first of each run."""
    sums = np.cumsum(counts, 1)
    hour = (sums[:, 11:-1] - np.pad(sums, ((0, 0), (1, 0)))[:, :-13]) / 12
    over = (counts[:, 12:] >= 10) & (counts[:, 12:] >= 3 * hour)
    return int((over[:, 1:] & ~over[:, :-1]).sum())


def false_bursts(make: Callable[..., Counts], patterns: int, days: int) -> tuple[float, float, float]:
    """Return false bursts a day: ours, by deviation, by ratio."""
    counts = make(patterns, days * DAY_BUCKETS, np.random.default_rng(1))
    return len(feed(book(), counts)) / days, by_deviation(counts) / days, by_ratio(counts) / days


def delays(per_hour: float, patterns: int, days: int) -> Sequence[float]:
    """Return after how many minutes each of some tenfold bursts is found, if it is within six hours."""
    draw = np.random.default_rng(int(per_hour))
    mean = per_hour / 12
    kept = book()
    for row in range(patterns - BURSTS):  # the others, which only make the bound stricter
        kept.count(Line("app", "text", Level.INFO, START), f"o{row}", "text")
    feed(kept, draw.poisson(mean, (BURSTS, days * DAY_BUCKETS)))
    found: dict[str, float] = {}
    for bucket in range(72):
        parts = draw.poisson(10 * mean / PARTS, (BURSTS, PARTS))
        for part in range(PARTS):
            now = days * DAY_BUCKETS + bucket
            for pattern, _ in feed(kept, parts[:, part : part + 1], now):
                found.setdefault(pattern, 5 * bucket + 5 * (part + 1) / PARTS)
    return sorted(found.values())


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patterns", type=int, default=1000)
    parser.add_argument("--days", type=int, default=7)
    arguments = parser.parse_args()
    patterns, days = arguments.patterns, arguments.days
    print(f"False bursts a day, {patterns} patterns, {days} days: ours, mean + 3 sd, 3 times the hour before")
    for make in (poisson, clumped, daily, hourly):
        ours, deviation, ratio = false_bursts(make, patterns, days)
        print(f"  {make.__name__:8} {ours:8.2f} {deviation:9.0f} {ratio:9.0f}")
    print(f"Minutes until a tenfold burst is found, after {days} days; {BURSTS} bursts of each rate, six hours long")
    for per_hour in RATES:
        found = delays(per_hour, patterns, days)
        median = f"{statistics.median(found):6.1f}" if found else "     -"
        print(f"  usual {per_hour:6.0f}/h: median {median}, last {max(found, default=0):6.1f}, found {len(found)}")


if __name__ == "__main__":
    main()
