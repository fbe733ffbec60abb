"""What an alert of the log analysis says of its patterns."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from alert_bridge.alerts import Alert, Severity, Status
from alert_bridge.analyzer_client import AnalyzerUnavailable
from alert_bridge.explain import Explainer
from alert_bridge.threshold_manager import DynamicThresholdManager
from runtime.prometheus import Sample, Series

BEGAN = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)
FAMILY = {"id": "f1", "name": "pool connection", "name_ja": "接続 プール", "size": 2}


def pattern(id: str, **more: Any) -> dict[str, Any]:
    known = {"pattern_id": id, "description": f"{id} <*>", "examples": [f"{id} for [email]"], "frequency": 3}
    return {**known, "new": True, "severity": "HIGH", "family": None, **more}


class Analyzer:
    """Answers with what it was given, and keeps what was asked."""

    def __init__(self, subject: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]] = ()) -> None:
        self.subject = subject
        self.others = others
        self.asked: list[Mapping[str, str]] = []

    async def listing(self, what: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        assert what == "patterns"
        self.asked.append(query)
        return {"items": self.subject, "next_cursor": None, "total": len(self.subject)}

    async def patterns(self, start: float, end: float, limit: int) -> Sequence[Mapping[str, Any]]:
        return self.others

    async def anomalies(self, start: float, end: float, limit: int) -> Sequence[Mapping[str, Any]]:
        return []


class AwayAnalyzer(Analyzer):
    async def listing(self, what: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        raise AnalyzerUnavailable("away")


class NoSeries:
    async def instant(self, name: str) -> Sequence[Sample]:
        return []

    async def range(self, name: str, start: float, end: float, step: float) -> Sequence[Series]:
        return []


def alert(name: str, **labels: str) -> Alert:
    texts = {"description": "2 new patterns.", "description_ja": "新しいパターンが2件あります。"}
    full = {"alertname": name, **labels}
    return Alert(
        id="a1",
        fingerprint="f1",
        name=name,
        severity=Severity.MEDIUM,
        status=Status.FIRING,
        message=name,
        labels=full,
        annotations=texts,
        created_at=BEGAN,
        updated_at=BEGAN,
    )


def explainer(analyzer: Analyzer) -> Explainer:
    return Explainer(DynamicThresholdManager(), NoSeries(), analyzer)


async def test_new_error_pattern_says_its_masked_line_and_its_family() -> None:
    analyzer = Analyzer(
        [pattern("t1", family=FAMILY)], [pattern("t2"), pattern("t1"), pattern("t3", severity="LOW", new=False)]
    )
    known = await explainer(analyzer)(alert("NewErrorPattern", source="app", level="error"))
    assert known.reasons["en"] == '2 new patterns. "t1 for [email]" (3 lines; family pool connection)'
    assert known.reasons["ja"] == "新しいパターンが2件あります。 「t1 for [email]」（3行、分類：接続 プール）"
    assert [one["pattern_id"] for one in known.log_patterns] == ["t1", "t2"]
    (asked,) = analyzer.asked
    assert (asked["source"], asked["level"], asked["new"], asked["sort"]) == ("app", "error", "true", "first_seen")


async def test_alert_of_one_pattern_asks_for_that() -> None:
    analyzer = Analyzer([pattern("database_error")])
    known = await explainer(analyzer)(alert("DatabaseErrorsInLogs", source="app", pattern="database_error"))
    assert analyzer.asked[0]["q"] == "database_error"
    assert '"database_error for [email]" (3 lines)' in known.reasons["en"]


async def test_other_alerts_ask_for_no_pattern_of_their_own() -> None:
    analyzer = Analyzer([pattern("t1")])
    known = await explainer(analyzer)(alert("TargetDown", job="app"))
    assert analyzer.asked == []
    assert known.reasons["en"] == "2 new patterns."


async def test_analyzer_that_is_away_leaves_its_part_out() -> None:
    known = await explainer(AwayAnalyzer([]))(alert("NewErrorPattern", source="app", level="error"))
    assert known.log_patterns == ()
    assert known.reasons["en"] == "2 new patterns."
