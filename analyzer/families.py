"""Which family each pattern is in: as the last clustering found, or by what a later pattern says."""

from collections.abc import Iterable
from typing import Any

from analyzer.clusters import Family
from analyzer.pattern_stats import PatternStats
from analyzer.patterns import Kind

GROWN = 0.1
"""So many more patterns than the last clustering saw, as a share, make the next one due."""
_MOST_LOOKED_AT = 500


class Families:
    """The families of one clustering, and the patterns that joined since.

    known: ids of the patterns that were clustered. Patterns that are known beforehand are in no family: each explains
    itself what it groups.
    """

    def __init__(self, families: Iterable[Family] = (), known: Iterable[str] = ()) -> None:
        self.all = tuple(families)
        self._of: dict[str, Family | None] = dict.fromkeys(known)
        self._of.update((pattern_id, family) for family in self.all for pattern_id in family.pattern_ids)
        self._sizes = {family.id: len(family.pattern_ids) for family in self.all}
        self._clustered = frozenset(self._of)

    def of(self, stats: PatternStats) -> Family | None:
        """Return the family of a pattern; one that came later joins the family that it suits."""
        if stats.kind is not Kind.DYNAMIC:
            return None
        if stats.id not in self._of:
            if len(self._of) >= len(self._clustered) + _MOST_LOOKED_AT:
                return None
            family = next((one for one in self.all if one.suits(stats.description)), None)
            self._of[stats.id] = family
            if family is not None:
                self._sizes[family.id] += 1
        return self._of[stats.id]

    def shown(self, stats: PatternStats) -> dict[str, Any] | None:
        """Return what is shown of a pattern's family beside the pattern."""
        family = self.of(stats)
        if family is None:
            return None
        return {"id": family.id, "name": family.name, "name_ja": family.name_ja, "size": self._sizes[family.id]}

    def due(self, patterns: Iterable[PatternStats], *, some: bool) -> bool:
        """Return whether so many patterns came since the clustering that it should be done again.

        some: one is enough.
        """
        came = sum(stats.kind is Kind.DYNAMIC and stats.id not in self._clustered for stats in patterns)
        return came > (0 if some else GROWN * len(self._clustered))


def templates(patterns: Iterable[PatternStats]) -> dict[str, str]:
    """Return what is clustered: the texts of dynamic patterns by id, the most frequent first."""
    dynamic = (stats for stats in patterns if stats.kind is Kind.DYNAMIC)
    return {stats.id: stats.description for stats in sorted(dynamic, key=lambda stats: (-stats.frequency, stats.id))}
