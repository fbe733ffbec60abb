"""Lists of patterns: each filter, order and page, and what a wrong parameter is told."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analyzer.clusters import Family
from analyzer.events import Severity
from analyzer.families import Families
from analyzer.levels import Level
from analyzer.listing import list_families, list_patterns, parse_query
from analyzer.pattern_stats import PatternStats
from analyzer.patterns import Kind
from analyzer.rates import Burst, Rate

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


PATTERNS = [
    PatternStats(
        "database_error",
        Kind.PREDEFINED,
        "database_error",
        "Database error",
        "データベースエラー",
        Severity.HIGH,
        "app",
        Level.ERROR,
        hours_ago(90),
        hours_ago(0.2),
        50,
    ),
    PatternStats(
        "t1",
        Kind.DYNAMIC,
        None,
        "cannot deliver <*>",
        "cannot deliver <*>",
        Severity.HIGH,
        "app",
        Level.ERROR,
        hours_ago(0.5),
        hours_ago(0.4),
        5,
        ["cannot deliver ｱｰﾃｨｸﾙ"],
    ),
    PatternStats(
        "t2",
        Kind.DYNAMIC,
        None,
        "hello <*>",
        "hello <*>",
        Severity.LOW,
        "web",
        Level.INFO,
        hours_ago(80),
        hours_ago(0.1),
        500,
        learned=True,
        rate=Rate(burst=Burst(1, 2, 3, 1)),
    ),
    PatternStats(
        "t3",
        Kind.DYNAMIC,
        None,
        "odd <*>",
        "odd <*>",
        Severity.MEDIUM,
        "web",
        Level.WARNING,
        hours_ago(70),
        hours_ago(0.3),
        2,
        learned=True,
        rare_at=hours_ago(0.3),
    ),
]
FAMILIES = Families([Family("f1", "deliver", "配信", ("t1", "t3"))], ["t1", "t2", "t3"])


def ids(**query: str) -> list[str]:
    return [item["pattern_id"] for item in listed(query)["items"]]


def listed(query: Mapping[str, str]) -> dict[str, Any]:
    return list_patterns(PATTERNS, FAMILIES, query, NOW)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["t2", "database_error", "t1", "t3"]),
        ({"kind": "predefined"}, ["database_error"]),
        ({"level": "warning"}, ["database_error", "t1", "t3"]),
        ({"level": "エラー"}, ["database_error", "t1"]),
        ({"source": "web"}, ["t2", "t3"]),
        ({"q": "データベース"}, ["database_error"]),
        ({"q": "アーティクル"}, ["t1"]),
        ({"q": "DELIVER"}, ["t1", "t3"]),
        ({"new": "true"}, ["t1"]),
        ({"new": "true", "level": "ERROR", "source": "app"}, ["t1"]),
        ({"rare": "1"}, ["t3"]),
        ({"bursting": "true"}, ["t2"]),
        ({"bursting": "false", "kind": "dynamic"}, ["t1", "t3"]),
        ({"family": "f1"}, ["t1", "t3"]),
        ({"sort": "last_seen"}, ["t2", "database_error", "t3", "t1"]),
        ({"sort": "first_seen"}, ["t1", "t3", "t2", "database_error"]),
        ({"sort": "severity"}, ["database_error", "t1", "t3", "t2"]),
        ({"to": "2026-02-26T00:00:00Z"}, ["database_error"]),
        ({"limit": "1", "cursor": "1"}, ["database_error"]),
    ],
)
def test_each_filter_and_order(query: dict[str, str], found: list[str]) -> None:
    assert ids(**query) == found


def test_pages_say_where_the_next_one_begins() -> None:
    first = listed({"limit": "3"})
    assert (first["total"], first["next_cursor"]) == (4, "3")
    second = listed({"limit": "3", "cursor": first["next_cursor"]})
    assert (len(second["items"]), second["next_cursor"]) == (1, None)


def test_items_have_their_family() -> None:
    (item,) = listed({"new": "true"})["items"]
    assert item["family"] == {"id": "f1", "name": "deliver", "name_ja": "配信", "size": 2}


def test_families_are_listed_by_the_same_filters() -> None:
    answer = list_families(PATTERNS, FAMILIES, {"level": "error"}, NOW)
    assert [(one["id"], one["pattern_ids"]) for one in answer["items"]] == [("f1", ["t1"])]
    assert answer["total"] == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "0"), ("limit", "1e9"), ("cursor", "-1"), ("sort", "name"), ("kind", "odd"), ("level", "LOUD"),
     ("new", "perhaps"), ("from", "yesterday"), ("to", "1e99")],
)  # fmt: skip
def test_a_wrong_parameter_is_named(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        listed({name: value})


def test_an_unknown_parameter_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(ValueError, match="there is no parameter 'levels': did you mean 'level'"):
        parse_query({"levels": "ERROR"})
