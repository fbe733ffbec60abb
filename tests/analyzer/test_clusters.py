"""Families of patterns: what belongs together, what it is called, and that it keeps its id."""

import asyncio
import time
from datetime import UTC, datetime

import pytest

from analyzer import cluster_process
from analyzer.cluster_process import ClusteringFailed, find_families_apart
from analyzer.clusters import Family, find_families
from analyzer.events import Severity
from analyzer.families import Families, templates
from analyzer.items import family_items
from analyzer.levels import Level
from analyzer.pattern_stats import PatternStats
from analyzer.patterns import Kind

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TEXTS = {
    "a1": "cannot deliver article <*> to <*>",
    "a2": "cannot deliver article <*>: no such feed",
    "a3": "article <*> cannot be delivered to <*>",
    "b1": "cache entry <*> evicted",
    "b2": "cache entry <*> evicted after <*> ms",
    "c1": "データベース接続に失敗しました: <*>",
    "c2": "データベース接続が切断されました",
    "d1": "user <*> logged in",
    "e1": "<*>",
}


def pattern(pattern_id: str, text: str, frequency: int = 1, kind: Kind = Kind.DYNAMIC) -> PatternStats:
    severity = Severity.HIGH if pattern_id.startswith("c") else Severity.LOW
    return PatternStats(pattern_id, kind, None, text, text, severity, "app", Level.INFO, NOW, NOW, frequency)


def members(families: list[Family]) -> list[tuple[str, ...]]:
    return sorted(family.pattern_ids for family in families)


def test_patterns_that_say_similar_things_are_a_family_in_both_languages() -> None:
    assert members(find_families(TEXTS)) == [("a1", "a2", "a3"), ("b1", "b2"), ("c1", "c2")]


def test_a_family_is_called_by_its_distinctive_words() -> None:
    names = {family.pattern_ids[0]: (family.name, family.name_ja) for family in find_families(TEXTS)}
    assert names["b1"] == ("cache entry evicted", "cache entry evicted")
    assert names["c1"] == ("データベース・接続", "データベース・接続")


def test_a_family_keeps_its_id_when_patterns_come_and_go() -> None:
    first = {family.pattern_ids[0]: family.id for family in find_families(TEXTS)}
    former = find_families(TEXTS)
    later = {key: text for key, text in TEXTS.items() if key != "a1"} | {"a0": "cannot deliver article <*> in time"}
    second = {family.pattern_ids[0]: family.id for family in find_families(later, former)}
    assert (second["a0"], second["b1"], second["c1"]) == (first["a1"], first["b1"], first["c1"])
    assert len(set(second.values())) == 3


def test_nothing_to_cluster_is_no_family() -> None:
    assert find_families({}) == find_families({"a": "<*> <*>", "b": "42"}) == []


def test_patterns_beyond_what_is_clustered_join_the_family_of_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.clusters.MOST_CLUSTERED", 5)
    late = {"a9": "cannot deliver article <*> to nobody", "x9": "something else entirely"}
    found = find_families({**dict(list(TEXTS.items())[:5]), **late})
    assert members(found) == [("a1", "a2", "a3", "a9"), ("b1", "b2")]


async def test_a_child_process_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_process, "_MODULE", "analyzer.not_there")
    with pytest.raises(ClusteringFailed, match="not_there"):
        await find_families_apart(TEXTS)


async def test_a_child_process_finds_the_same_families_while_the_loop_goes_on() -> None:
    texts = {f"{key}-{i}": f"{text} {'xyz'[i % 3] * 9}" for i in range(100) for key, text in TEXTS.items()}
    former = find_families(texts)
    task = asyncio.create_task(find_families_apart(texts, former))
    longest, last = 0.0, time.monotonic()
    while not task.done():
        await asyncio.sleep(0.005)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    assert await task == former
    assert longest < 1.0  # five times what a scrape may take


def test_a_later_pattern_joins_the_family_that_it_suits() -> None:
    families = Families(find_families(TEXTS), TEXTS)
    later = pattern("z1", "データベース接続がタイムアウトしました")
    family = families.of(later)
    assert family is not None
    assert family.pattern_ids == ("c1", "c2")
    shown = families.shown(later)
    assert shown is not None
    assert shown["size"] == 3
    assert families.of(pattern("z2", "nothing of the kind")) is None


def test_known_patterns_are_in_no_family() -> None:
    families = Families(find_families(TEXTS), TEXTS)
    known = pattern("database_error", TEXTS["c1"], kind=Kind.PREDEFINED)
    assert families.of(known) is None
    assert templates([known, pattern("d1", "x", 1), pattern("a1", "y", 5)]) == {"a1": "y", "d1": "x"}


def test_families_are_due_when_many_patterns_came_or_some_and_long_ago() -> None:
    known = [pattern(f"t{i}", "x") for i in range(20)]
    families = Families((), [one.id for one in known])
    two = [*known, pattern("n1", "x"), pattern("n2", "x")]
    assert not families.due(known, some=True)
    assert not families.due(two, some=False)
    assert families.due(two, some=True)
    assert families.due([*two, pattern("n3", "x")], some=False)


def test_families_are_shown_with_what_their_members_come_to() -> None:
    families = Families(find_families(TEXTS), TEXTS)
    shown = family_items([pattern(key, text, i) for i, (key, text) in enumerate(TEXTS.items())], families, NOW)
    assert [(one["pattern_ids"], one["frequency"], one["severity"]) for one in shown] == [
        (["c1", "c2"], 11, "HIGH"),
        (["b1", "b2"], 7, "LOW"),
        (["a1", "a2", "a3"], 3, "LOW"),
    ]
    assert all(len(one["trend"]) == 12 and one["size"] == len(one["pattern_ids"]) for one in shown)
