"""How grave a pattern is, by its level, what is known of it, how rare it is and how often it comes; and why."""

from dataclasses import dataclass
from datetime import datetime

from analyzer.events import Severity
from analyzer.levels import Level
from analyzer.pattern_stats import PatternStats, bucket_of
from analyzer.patterns import Kind


@dataclass(frozen=True, slots=True)
class Gravity:
    """How grave, and why: one sentence in each language."""

    severity: Severity
    explanation: str
    explanation_ja: str


_JA = {Severity.LOW: "低", Severity.MEDIUM: "中", Severity.HIGH: "高", Severity.CRITICAL: "重大"}
_RAISED = {Severity.LOW: Severity.MEDIUM, Severity.MEDIUM: Severity.HIGH}


def judge(stats: PatternStats, now: datetime) -> Gravity:
    """Return how grave a pattern is now, and why.

    A burst makes what is below HIGH one step graver; rarity does so with a MEDIUM one that nothing else is known of.
    """
    severity = stats.severity
    unknown_and_rare = stats.kind is Kind.DYNAMIC and stats.is_rare(now)
    if stats.bursting or (unknown_and_rare and severity is Severity.MEDIUM):
        severity = _RAISED.get(severity, severity)
    raised, raised_ja = "", ""
    if severity is not stats.severity:
        raised, raised_ja = f"; without that {stats.severity}", f"（頻度を除けば{_JA[stats.severity]}）"
    cause, cause_ja = _cause(stats)
    rate, rate_ja = _rate(stats, now)
    return Gravity(
        severity, f"{severity}: {cause}; {rate}{raised}", f"{_JA[severity]}：{cause_ja}、{rate_ja}{raised_ja}"
    )


def _cause(stats: PatternStats) -> tuple[str, str]:
    if stats.kind is Kind.PREDEFINED:
        return f"known pattern {stats.description}", f"既知のパターン「{stats.description_ja}」"
    if stats.kind is Kind.CUSTOM:
        return f"pattern {stats.description} of the settings", f"設定されたパターン「{stats.description_ja}」"
    if stats.level is Level.UNKNOWN:
        return "no level", "レベルなし"
    return f"level {stats.level}", f"レベルは {stats.level}"


def _rate(stats: PatternStats, now: datetime) -> tuple[str, str]:
    burst, bucket = stats.rate.burst, bucket_of(now)
    if burst is not None:
        count, minutes, usual = f"{burst.count:,}", burst.minutes, _number(burst.usual)
        return (
            f"seen {count} times in {minutes} min where {usual} are usual",
            f"通常{usual}回のところ{minutes}分間に{count}回",
        )
    seconds = (now - stats.first_seen).total_seconds()
    times, ago, ago_ja = _times(stats.frequency), *_span(seconds)
    if stats.is_new(now):
        since, since_ja = (f"{ago} ago", f"{ago_ja}前に") if seconds >= 60 else ("just now", "たった今")
        return (
            f"new, first seen {since}, {times} so far",
            f"新しいパターン、{since_ja}初めて出現、これまでに{stats.frequency:,}回",
        )
    if stats.is_rare(now):
        return f"rare, seen {times} in {ago}", f"まれなパターン、{ago_ja}間に{stats.frequency:,}回"
    usual_per_hour, last_hour = stats.rate.usual_per_hour(bucket), stats.rate.lines(bucket)
    if usual_per_hour is None:
        return (
            f"seen {times}, how often is usual is not known yet",
            f"これまでに{stats.frequency:,}回、通常の頻度はまだ不明",
        )
    if not last_hour:
        return f"seen {times}, none of that in the last hour", f"これまでに{stats.frequency:,}回、直近1時間はなし"
    usual = _number(usual_per_hour)
    return (
        f"seen {_times(last_hour)} in the last hour where {usual} are usual",
        f"直近1時間に{last_hour:,}回（通常{usual}回）",
    )


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _span(seconds: float) -> tuple[str, str]:
    for size, word, word_ja in ((86_400, "day", "日"), (3_600, "hour", "時間"), (60, "min", "分")):
        if seconds >= 2 * size or word == "min":
            count = int(seconds // size)
            return f"{count} {word}{'s' if word != 'min' and count != 1 else ''}", f"{count}{word_ja}"
    raise AssertionError
