"""How often something is seen, and whether that is surprising: counts in windows, judged by their own history.

A count is judged by the chance of so many or more: that of a Poisson distribution while little is known, widened by how
uncertain its mean still is, and that of a negative binomial one as far as the counts vary more than chance alone makes
them (its variance is the moments' own). There are no fixed counts, and nothing is surprising before it was observed
for a while.
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from typing import Any

BUCKET_SECONDS = 300
HOUR_BUCKETS = 12
DAY_BUCKETS = 288
KEPT_BUCKETS = 24

FEWEST_WINDOWS = 6
"""Before so many windows nothing is usual, and so nothing is unusual."""
FALSE_BURSTS_PER_DAY = 1.0
"""So many bursts begin by chance in a day, at most, over all patterns together."""
LEAST_RATIO = 2.0
"""A burst has at least so many times the usual lines, however certain the difference is."""
EASE = 0.01
"""A burst ends when the counts are again such as come by chance this often."""
RARE = 0.01
"""What is seen in fewer than this share of the hours is rare."""
LONGEST_BURST = 36
"""A burst of so many buckets is the new usual: the history begins anew."""

_MEMORY_BUCKETS = 14 * DAY_BUCKETS
_CLUMP_WEIGHT = 3.0
_CLUMP_EXCESS = 6.0
"""Until lines show otherwise they are taken to come in clumps: this share of the mean as variance above it, weighing as
much as three lines."""
_DOUBT = 3.0
"""So many standard errors are added to the variance above the mean: clumps not seen yet are larger than those seen."""
_GAP = 14.0
"""A silence in which so many lines were to be expected (chance: one in a million) is a gap in the observation."""
_MANY_LATE = 100


def limit(patterns: int) -> float:
    """Return the chance below which a count is a burst, where so many patterns are judged by two windows a bucket."""
    return FALSE_BURSTS_PER_DAY / (2 * DAY_BUCKETS * max(1, patterns))


def chance(count: float, mean: float, fano: float) -> float:
    """Return the chance of `count` or more where `mean` are usual.

    fano: variance divided by mean; 1 is Poisson, more a negative binomial distribution. mean: above 0.
    """
    if count <= mean:
        return 1.0
    fano = max(fano, 1.0 + 1e-6)
    size, ratio = mean / (fano - 1.0), (fano - 1.0) / fano
    term = math.exp(
        math.lgamma(count + size)
        - math.lgamma(size)
        - math.lgamma(count + 1.0)
        - size * math.log(fano)
        + count * math.log(ratio)
    )
    total = 0.0
    while term > total * 1e-4:
        total += term
        term *= (count + size) / (count + 1.0) * ratio
        count += 1.0
    return min(1.0, total)


@dataclass(slots=True)
class Moments:
    """What is known of the counts in windows of one length: number of windows, sum of counts, sum of their squares."""

    windows: float = 0.0
    total: float = 0.0
    squares: float = 0.0

    @property
    def mean(self) -> float:
        """The usual count; above 0 also where none was seen."""
        return (self.total + 0.5) / max(self.windows, 1.0)

    @property
    def fano(self) -> float:
        """Variance divided by mean, expected of the next window."""
        excess = 0.0
        if self.windows > 1.0 and self.total > 0.0:
            variance = (self.squares - self.total * self.total / self.windows) / (self.windows - 1.0)
            excess = max(0.0, variance * self.windows / self.total - 1.0)
            excess *= 1.0 + _DOUBT * math.sqrt(2.0 / self.windows)
        known = (self.total * excess + _CLUMP_WEIGHT * _CLUMP_EXCESS) / (self.total + _CLUMP_WEIGHT)
        return (1.0 + known) * (1.0 + 1.0 / max(self.windows, 1.0))

    def add(self, count: float, empty: float, most: float) -> None:
        """Take up a window with a count and empty ones beside it; what is older than `most` windows fades."""
        self.windows += 1.0 + empty
        self.total += count
        self.squares += count * count
        if self.windows > most:
            fade = most / self.windows
            self.windows, self.total, self.squares = most, self.total * fade, self.squares * fade

    def chance(self, count: float) -> float:
        """Return the chance of `count` or more in the next window."""
        return chance(count, self.mean, self.fano)

    def merge(self, other: "Moments") -> None:
        """Take up another's counts as if they had been seen together (and had nothing to do with each other)."""
        windows = max(self.windows, other.windows, 1.0)
        self.squares += other.squares + 2.0 * self.total * other.total / windows
        self.total += other.total
        self.windows = max(self.windows, other.windows)


@dataclass(slots=True)
class SourceTime:
    """How far the lines of one source have come.

    bucket: that of the latest line. observed: buckets in which lines could be seen; a silence that is not explained by
    the rate of the whole source is left out. lines: in those buckets. heard: epoch seconds of the look that found the
    bucket changed.
    """

    bucket: int = 0
    observed: float = 0.0
    lines: float = 0.0
    heard: float = 0.0
    _noted: int = 0
    _late: int = 0

    def advance(self, bucket: int, count: int) -> None:
        """Take up lines; late ones change nothing, unless all are: then those before were of a wrong time."""
        self.lines += count
        ahead = bucket - self.bucket
        if ahead > 0:
            silent = float(ahead - 1) if self.bucket else 0.0
            explained = silent * self.lines <= _GAP * self.observed
            self.observed += 1.0 + (silent if explained else 0.0)
            self.bucket = bucket
        self._late = self._late + 1 if ahead < -HOUR_BUCKETS else 0
        if self._late >= _MANY_LATE:
            self.bucket, self._late = bucket, 0

    def now(self, moment: float) -> int:
        """Return the bucket that the source has come to: that of its last line, and what went by since that was heard.

        moment: wall time, epoch seconds. Lines of long ago have their own time so, and a silent source's time goes on.
        """
        if self.bucket != self._noted:
            self._noted, self.heard = self.bucket, moment
        return self.bucket + int(max(0.0, moment - self.heard)) // BUCKET_SECONDS


@dataclass(slots=True)
class Burst:
    """Far more lines than usual.

    width: of the windows in which it shows, in buckets. since: bucket. count: most lines in one window. usual: in one.
    chance: of so many lines, when it began.
    """

    width: int
    since: int
    count: int
    usual: float
    chance: float = 0.0

    @property
    def minutes(self) -> int:
        """Length of the windows in which it shows."""
        return self.width * BUCKET_SECONDS // 60

    @property
    def confidence(self) -> float:
        """0 to 1: half for a chance of one in a million, three quarters for one in 10^12, and so on."""
        return 1.0 - math.exp2(math.log10(max(self.chance, 1e-300)) / 6.0)


@dataclass(slots=True)
class Rate:
    """The counts of one pattern: the recent ones by bucket, the history of the others, and the burst that goes on.

    bucket: the latest one with a line. seen: the source's observed buckets when it began. recent: lines by bucket.
    short, long: history in windows of 5 minutes and of an hour. hour: buckets and lines of the hour not full yet.
    ended: the bucket in which the last burst ended.
    """

    bucket: int = 0
    seen: float = 0.0
    recent: dict[int, int] = field(default_factory=dict)
    short: Moments = field(default_factory=Moments)
    long: Moments = field(default_factory=Moments)
    hour: tuple[float, int] = (0.0, 0)
    burst: Burst | None = None
    ended: int = 0

    def add(self, bucket: int, count: int, time: SourceTime, limit: float) -> bool:
        """Count lines; returns whether a burst shows in the bucket that they close.

        time: the source's, with these lines taken up. limit: as in `review`.
        """
        began = False
        if self.bucket > time.bucket:
            self.bucket = time.bucket
        if bucket > self.bucket:
            if self.bucket:
                began = self.review(self.bucket, limit)
                self._go_on(bucket - 1)
                self._close(time.observed)
            self.bucket, self.seen = bucket, time.observed
        self.recent[bucket] = self.recent.get(bucket, 0) + count
        if len(self.recent) > KEPT_BUCKETS:
            oldest = self.bucket - HOUR_BUCKETS
            self.recent = {one: lines for one, lines in self.recent.items() if one > oldest}
        return began

    def lines(self, bucket: int, width: int = HOUR_BUCKETS) -> int:
        """Return the lines in the window that ends with a bucket."""
        return sum(self.recent.get(one, 0) for one in range(bucket - width + 1, bucket + 1))

    def counts(self, bucket: int) -> list[int]:
        """Return the lines in each bucket of the hour that ends with a bucket, oldest first."""
        return [self.recent.get(one, 0) for one in range(bucket - HOUR_BUCKETS + 1, bucket + 1)]

    def usual_per_hour(self, bucket: int) -> float | None:
        """Return the lines that are usual in an hour; None until a whole one was observed, to be compared with.

        bucket: the present one; what went by since the last line counts as observed.
        """
        windows, total = self.short.windows, float(self.short.total)
        if self.burst is None and bucket > self.bucket:
            windows += bucket - self.bucket
            total += self.recent.get(self.bucket, 0) if self.bucket != self.ended else 0
        return HOUR_BUCKETS * total / windows if windows >= HOUR_BUCKETS else None

    def quiet(self, bucket: int) -> bool:
        """Return whether no line was seen in the hour before a bucket."""
        return self.bucket > 0 and bucket - self.bucket >= HOUR_BUCKETS

    def rare(self) -> bool:
        """Return whether the hours in which lines are seen are so few that one of them is surprising."""
        return self.long.windows >= FEWEST_WINDOWS and self.long.chance(1) < RARE

    def review(self, bucket: int, limit: float) -> bool:
        """Begin or end a burst by the window that ends with a bucket; returns whether one began.

        limit: a chance below it is a burst.
        """
        if self.burst is None:
            self.burst = self._begun(bucket, limit)
            return self.burst is not None
        self._go_on(bucket)
        return False

    def merge(self, other: "Rate") -> None:
        """Take up the counts of another pattern that turned out to be the same."""
        for bucket, lines in other.recent.items():
            self.recent[bucket] = self.recent.get(bucket, 0) + lines
        self.short.merge(other.short)
        self.long.merge(other.long)
        self.hour = (max(self.hour[0], other.hour[0]), self.hour[1] + other.hour[1])
        if other.bucket > self.bucket:
            self.bucket, self.seen = other.bucket, other.seen

    def state(self) -> list[Any]:
        """Return all but the recent counts, ready for JSON."""
        histories = (self.short, self.long)
        moments = [[round(value, 3) for value in (one.windows, one.total, one.squares)] for one in histories]
        burst = self.burst and list(astuple(self.burst))
        return [self.bucket, self.seen, *moments, list(self.hour), burst, self.ended]

    @classmethod
    def restored(cls, recent: dict[int, int], state: Sequence[Any]) -> "Rate":
        """Return what `state` was taken of."""
        bucket, seen, short, long, (buckets, lines), burst, ended = state
        going_on = Burst(*burst) if burst else None
        return cls(bucket, seen, recent, Moments(*short), Moments(*long), (buckets, lines), going_on, ended)

    def _begun(self, bucket: int, limit: float) -> Burst | None:
        for width, history in ((1, self.short), (HOUR_BUCKETS, self.long)):
            count = self.lines(bucket, min(width, bucket - self.ended))  # the last burst is no part of a new one
            if history.windows < FEWEST_WINDOWS or count < LEAST_RATIO * history.mean:
                continue
            chance_of_it = history.chance(count)
            if chance_of_it < limit:
                return Burst(width, bucket, count, history.total / history.windows, chance_of_it)
        return None

    def _go_on(self, bucket: int) -> None:
        """End the burst if the windows up to a bucket are usual again, or have been so for long that this is usual."""
        burst = self.burst
        if burst is None:
            return
        if bucket - burst.since >= LONGEST_BURST:
            self.short, self.long, self.hour, self.burst = Moments(), Moments(), (0.0, 0), None
            return
        if burst.width == 1:
            most, history = max(self.recent.get(one, 0) for one in (bucket, bucket - 1, bucket - 2)), self.short
        else:
            most, history = self.lines(bucket, burst.width), self.long
        burst.count = max(burst.count, most)
        if history.chance(most) > EASE:
            self.burst, self.ended = None, self.bucket

    def _close(self, observed: float) -> None:
        """Let the open bucket and the empty ones after it go into the history, unless they are a burst's."""
        if self.burst is not None or self.bucket == self.ended:
            return
        count = self.recent.get(self.bucket, 0)
        empty = max(0.0, observed - self.seen - 1.0)
        self.short.add(count, empty, _MEMORY_BUCKETS)
        buckets, lines = self.hour[0] + 1.0 + empty, self.hour[1] + count
        hours = buckets // HOUR_BUCKETS
        if hours:
            self.long.add(lines, hours - 1.0, _MEMORY_BUCKETS / HOUR_BUCKETS)
            buckets, lines = buckets % HOUR_BUCKETS, 0
        self.hour = (buckets, lines)
