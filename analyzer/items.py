"""Patterns and families ready for JSON: what lists, results and events show of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from analyzer.clusters import Family
from analyzer.families import Families
from analyzer.gravity import judge
from analyzer.pattern_stats import PatternStats, bucket_of
from runtime.clock import format_utc


def pattern_item(stats: PatternStats, now: datetime, family: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a pattern as it is now. family: what is shown of its family."""
    bucket = bucket_of(now)
    gravity = judge(stats, now)
    usual = stats.rate.usual_per_hour(bucket)
    return {
        "pattern_id": stats.id,
        "description": stats.description,
        "description_ja": stats.description_ja,
        "frequency": stats.frequency,
        "severity": gravity.severity.value,
        "explanation": gravity.explanation,
        "explanation_ja": gravity.explanation_ja,
        "examples": list(stats.examples),
        "first_seen": format_utc(stats.first_seen),
        "last_seen": format_utc(stats.last_seen),
        "kind": stats.kind.value,
        "category": stats.category,
        "source": stats.source,
        "level": stats.level.value,
        "new": stats.is_new(now),
        "rare": stats.is_rare(now),
        "bursting": stats.bursting,
        "family": family,
        "rate_per_hour": stats.rate.lines(bucket),
        "expected_per_hour": None if usual is None else round(usual, 3),
        "trend": stats.rate.counts(bucket),
    }


def family_items(patterns: Sequence[PatternStats], families: Families, now: datetime) -> list[dict[str, Any]]:
    """Return the families that some patterns are in, ready for JSON, the most frequent first."""
    members: dict[str, list[PatternStats]] = {}
    by_id: Mapping[str, Family] = {family.id: family for family in families.all}
    for stats in patterns:
        family = families.of(stats)
        if family is not None:
            members.setdefault(family.id, []).append(stats)
    found = [_family_item(by_id[family_id], group, now) for family_id, group in members.items()]
    return sorted(found, key=lambda item: (-item["frequency"], item["id"]))


def _family_item(family: Family, members: Sequence[PatternStats], now: datetime) -> dict[str, Any]:
    bucket = bucket_of(now)
    gravest = max((judge(stats, now).severity for stats in members), key=lambda severity: severity.rank)
    return {
        "id": family.id,
        "name": family.name,
        "name_ja": family.name_ja,
        "size": len(members),
        "frequency": sum(stats.frequency for stats in members),
        "severity": gravest.value,
        "pattern_ids": sorted(stats.id for stats in members),
        "trend": [sum(counts) for counts in zip(*(stats.rate.counts(bucket) for stats in members), strict=True)],
    }
