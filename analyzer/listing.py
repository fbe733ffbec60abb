"""What lists of patterns and families show: filters, order and pages, the same by HTTP and embedded."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from analyzer.families import Families
from analyzer.gravity import judge
from analyzer.items import family_items, pattern_item
from analyzer.levels import Level
from analyzer.pattern_stats import PatternStats
from analyzer.patterns import Kind
from runtime.clock import parse_utc
from runtime.settings import nearest

MOST_ITEMS = 1_000
PARAMETERS = tuple("from to limit cursor sort kind level source family q new rare bursting".split())  # noqa: SIM905
_FAR_SECONDS = 1e11
_LONGEST_TEXT = 200

_ORDERS: Mapping[str, Callable[[PatternStats, datetime], float]] = {
    "frequency": lambda stats, _: stats.frequency,
    "last_seen": lambda stats, _: stats.last_seen.timestamp(),
    "first_seen": lambda stats, _: stats.first_seen.timestamp(),
    "severity": lambda stats, now: judge(stats, now).severity.rank,
}


@dataclass(frozen=True, slots=True)
class Query:
    """Which patterns are wanted; None means any.

    start, end: seen between them, epoch seconds. level: at least that. text: folded. order: a key of the orders, the
    highest first. offset: so many are left out.
    """

    start: float
    end: float
    limit: int
    offset: int
    order: str
    kind: Kind | None
    level: Level | None
    source: str | None
    family: str | None
    text: str
    new: bool | None
    rare: bool | None
    bursting: bool | None


def parse_query(given: Mapping[str, str]) -> Query:
    """Read a query. Raises ValueError that names the parameter."""
    for name in given:
        if name not in PARAMETERS:
            raise ValueError(unknown_parameter(name, PARAMETERS))
    return Query(
        _read(given, "from", moment, 0.0),
        _read(given, "to", moment, _FAR_SECONDS),
        _read(given, "limit", _count(1, MOST_ITEMS), 50),
        _read(given, "cursor", _count(0, 10**9), 0),
        _read(given, "sort", _one_of(_ORDERS), "frequency"),
        _read(given, "kind", _kind, None),
        _read(given, "level", Level.parse, None),
        given.get("source") or None,
        given.get("family") or None,
        _folded(given.get("q", "")[:_LONGEST_TEXT]).strip(),
        _read(given, "new", _truth, None),
        _read(given, "rare", _truth, None),
        _read(given, "bursting", _truth, None),
    )


def unknown_parameter(name: str, known: Sequence[str]) -> str:
    """Return what to say of a parameter that is not among the known ones."""
    return f"there is no parameter {name[:80]!r}: {nearest(name[:80], known)}"


def list_patterns(
    patterns: Iterable[PatternStats], families: Families, given: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """Return the patterns that a query wants, as the API answers. Raises ValueError for a parameter that is wrong."""
    query = parse_query(given)
    found = find_patterns(patterns, families, query, now)
    page = found[query.offset : query.offset + query.limit]
    return _answer([pattern_item(stats, now, families.shown(stats)) for stats in page], len(found), query)


def list_families(
    patterns: Iterable[PatternStats], families: Families, given: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """Return the families of the patterns that a query wants, the most frequent first. Raises ValueError likewise."""
    query = parse_query(given)
    found = family_items(find_patterns(patterns, families, query, now), families, now)
    return _answer(found[query.offset : query.offset + query.limit], len(found), query)


LISTS = {"patterns": list_patterns, "families": list_families}


def between(start: float, end: float, limit: int) -> dict[str, str]:
    """Return the query for what was seen between two moments, epoch seconds."""
    return {"from": f"{start:f}", "to": f"{min(end, _FAR_SECONDS - 1):f}", "limit": str(limit)}


def find_patterns(
    patterns: Iterable[PatternStats], families: Families, query: Query, now: datetime
) -> list[PatternStats]:
    """Return all patterns that a query wants, in its order."""
    order = _ORDERS[query.order]
    wanted = [stats for stats in patterns if _wanted(stats, families, query, now)]
    return sorted(wanted, key=lambda stats: (-order(stats, now), -stats.frequency, stats.id))


def _wanted(stats: PatternStats, families: Families, query: Query, now: datetime) -> bool:
    return (
        stats.last_seen.timestamp() >= query.start
        and stats.first_seen.timestamp() <= query.end
        and query.kind in (None, stats.kind)
        and (query.level is None or stats.level.rank >= query.level.rank)
        and query.source in (None, stats.source)
        and query.new in (None, stats.is_new(now))
        and query.rare in (None, stats.is_rare(now))
        and query.bursting in (None, stats.bursting)
        and (query.family is None or _family_id(stats, families) == query.family)
        and (not query.text or _says(stats, families, query.text))
    )


def _family_id(stats: PatternStats, families: Families) -> str | None:
    family = families.of(stats)
    return family.id if family else None


def _says(stats: PatternStats, families: Families, text: str) -> bool:
    """Return whether a folded text is in what is shown of a pattern: all of it is masked."""
    family = families.of(stats)
    names = (family.name, family.name_ja) if family else ()
    said = (stats.description, stats.description_ja, stats.source, stats.category or "", stats.id, *names)
    return any(text in _folded(one) for one in (*said, *stats.examples))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _answer(page: Sequence[Mapping[str, Any]], total: int, query: Query) -> dict[str, Any]:
    end = query.offset + len(page)
    return {"items": list(page), "next_cursor": str(end) if end < total else None, "total": total}


def moment(text: str) -> float:
    """Return a moment as epoch seconds, given so or in RFC 3339. Raises ValueError."""
    number = text.replace(".", "", 1).isdigit()
    found = float(text) if number else parse_utc(text.replace(" ", "+")).timestamp()
    if not 0 <= found < _FAR_SECONDS:
        raise ValueError(f"got {text[:80]!r}, expected a moment from 1970 on")
    return found


def _read(given: Mapping[str, str], name: str, parse: Callable[[str], Any], default: Any) -> Any:
    text = given.get(name)
    if not text:
        return default
    try:
        return parse(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _count(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise ValueError(f"got {text[:80]!r}, expected a whole number from {low} to {high}")
        return int(text)

    return parse


def _one_of(words: Iterable[str]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"got {text[:80]!r}, expected one of {', '.join(words)}")
        return text

    return parse


def _kind(text: str) -> Kind:
    return Kind(_one_of([kind.value for kind in Kind])(text))


def _truth(text: str) -> bool:
    truth = {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
    if truth is None:
        raise ValueError(f"got {text[:80]!r}, expected true or false")
    return truth
