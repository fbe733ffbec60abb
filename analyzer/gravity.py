"""How grave a pattern is, by its level, what is known of it, how rare it is and how often it comes; and why."""

from dataclasses import dataclass

from analyzer.events import Severity
from analyzer.levels import Level
from analyzer.patterns import Kind
from analyzer.rates import Burst


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the gravity of a pattern depends on.

    name, name_ja: of a known pattern. base: severity by level or pattern alone. seconds: since the first line.
    last_hour: lines in it. usual: lines usual in an hour, None where that is not known yet.
    """

    kind: Kind
    level: Level
    name: str
    name_ja: str
    base: Severity
    frequency: int
    seconds: float
    new: bool
    rare: bool
    burst: Burst | None
    last_hour: int
    usual: float | None


@dataclass(frozen=True, slots=True)
class Gravity:
    """How grave, and why: one sentence in each language."""

    severity: Severity
    explanation: str
    explanation_ja: str


_JA = {Severity.LOW: "低", Severity.MEDIUM: "中", Severity.HIGH: "高", Severity.CRITICAL: "重大"}
_RAISED = {Severity.LOW: Severity.MEDIUM, Severity.MEDIUM: Severity.HIGH}


def judge(seen: Sighting) -> Gravity:
    """Return how grave a pattern is.

    A burst makes what is below HIGH one step graver; rarity does so with a MEDIUM one that nothing else is known of.
    """
    severity = seen.base
    if seen.burst is not None or (seen.rare and seen.kind is Kind.DYNAMIC and severity is Severity.MEDIUM):
        severity = _RAISED.get(severity, severity)
    raised, raised_ja = "", ""
    if severity is not seen.base:
        raised, raised_ja = f"; without that {seen.base}", f"（頻度を除けば{_JA[seen.base]}）"
    cause, cause_ja = _cause(seen)
    rate, rate_ja = _rate(seen)
    return Gravity(
        severity, f"{severity}: {cause}; {rate}{raised}", f"{_JA[severity]}：{cause_ja}、{rate_ja}{raised_ja}"
    )


def _cause(seen: Sighting) -> tuple[str, str]:
    if seen.kind is Kind.PREDEFINED:
        return f"known pattern {seen.name}", f"既知のパターン「{seen.name_ja}」"
    if seen.kind is Kind.CUSTOM:
        return f"pattern {seen.name} of the settings", f"設定されたパターン「{seen.name_ja}」"
    if seen.level is Level.UNKNOWN:
        return "no level", "レベルなし"
    return f"level {seen.level}", f"レベルは {seen.level}"


def _rate(seen: Sighting) -> tuple[str, str]:
    if seen.burst is not None:
        count, minutes, usual = f"{seen.burst.count:,}", seen.burst.minutes, _number(seen.burst.usual)
        return (
            f"seen {count} times in {minutes} min where {usual} are usual",
            f"通常{usual}回のところ{minutes}分間に{count}回",
        )
    times, ago, ago_ja = _times(seen.frequency), *_span(seen.seconds)
    if seen.new:
        since, since_ja = (f"{ago} ago", f"{ago_ja}前に") if seen.seconds >= 60 else ("just now", "たった今")
        return (
            f"new, first seen {since}, {times} so far",
            f"新しいパターン、{since_ja}初めて出現、これまでに{seen.frequency:,}回",
        )
    if seen.rare:
        return f"rare, seen {times} in {ago}", f"まれなパターン、{ago_ja}間に{seen.frequency:,}回"
    if seen.usual is None:
        return (
            f"seen {times}, how often is usual is not known yet",
            f"これまでに{seen.frequency:,}回、通常の頻度はまだ不明",
        )
    if not seen.last_hour:
        return f"seen {times}, none of that in the last hour", f"これまでに{seen.frequency:,}回、直近1時間はなし"
    usual = _number(seen.usual)
    return (
        f"seen {_times(seen.last_hour)} in the last hour where {usual} are usual",
        f"直近1時間に{seen.last_hour:,}回（通常{usual}回）",
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
