"""What the analyzer remembers: patterns, anomalies, and where it stopped reading."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from analyzer.events import Severity
from analyzer.frequency import PatternStats
from analyzer.patterns import Kind
from analyzer.records import Level
from analyzer.series import Anomaly
from runtime.clock import format_utc, parse_utc
from runtime.database import Database

MIGRATIONS = "analyzer.migrations"
LIVE = "live"
ANALYSIS = "analysis"

_METADATA = sa.MetaData()
_PATTERNS = sa.Table(
    "log_patterns",
    _METADATA,
    sa.Column("pattern_id", sa.Text, primary_key=True),
    sa.Column("frequency", sa.Integer),
    sa.Column("severity", sa.Text),
    sa.Column("description", sa.Text),
    sa.Column("examples", sa.Text),
    sa.Column("description_ja", sa.Text),
    sa.Column("kind", sa.Text),
    sa.Column("category", sa.Text),
    sa.Column("source", sa.Text),
    sa.Column("level", sa.Text),
    sa.Column("first_seen", sa.Text),
    sa.Column("last_seen", sa.Text),
    sa.Column("learned", sa.Boolean),
    sa.Column("trend", sa.Text),
    sa.Column("origin", sa.Text),
)
_ANOMALIES = sa.Table(
    "anomalies",
    _METADATA,
    sa.Column("timestamp", sa.Text),
    sa.Column("anomaly_type", sa.Text),
    sa.Column("severity", sa.Float),
    sa.Column("confidence_score", sa.Float),
    sa.Column("details", sa.Text),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("series", sa.Text),
    sa.Column("severity_name", sa.Text),
    sa.Column("methods", sa.Text),
    sa.Column("explanation", sa.Text),
    sa.Column("explanation_ja", sa.Text),
    sa.Column("last_seen", sa.Text),
    sa.Column("ended_at", sa.Text),
    sa.Column("origin", sa.Text),
)
_STATE = sa.Table("analyzer_state", _METADATA, sa.Column("key", sa.Text, primary_key=True), sa.Column("value", sa.Text))
_ROWS_A_STATEMENT = 500


@dataclass(frozen=True, slots=True)
class Changes:
    """What one transaction writes.

    patterns: changed ones, as they are now. retired: ids of patterns that are gone. state: texts by key.
    """

    patterns: Sequence[PatternStats] = ()
    retired: Iterable[str] = ()
    anomalies: Sequence[Anomaly] = ()
    state: Mapping[str, Any] = field(default_factory=dict)


class AnalyzerStore:
    """Reads and writes one database. origin: whose rows these are, the live analysis' or a one-off one's."""

    def __init__(self, database: Database, origin: str = LIVE) -> None:
        self._database = database
        self._origin = origin

    async def load_patterns(self) -> list[PatternStats]:
        """Return the patterns that the live analysis knew."""
        query = sa.select(_PATTERNS).where(_PATTERNS.c.origin == LIVE)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_pattern(row) for row in rows]

    async def load_state(self) -> dict[str, Any]:
        """Return what was written as state, by key."""
        rows = await self._database.read(lambda connection: connection.execute(sa.select(_STATE)).all())
        return {key: json.loads(value) for key, value in rows}

    async def save(self, changes: Changes) -> None:
        """Write changes in one transaction."""
        patterns = [self._pattern_row(stats) for stats in changes.patterns]
        anomalies = [self._anomaly_row(anomaly) for anomaly in changes.anomalies]
        state = [{"key": key, "value": json.dumps(value, ensure_ascii=False)} for key, value in changes.state.items()]

        def write(connection: Connection) -> None:
            _delete(connection, _PATTERNS.c.pattern_id, list(changes.retired))
            _replace(connection, _PATTERNS.c.pattern_id, patterns)
            _replace(connection, _ANOMALIES.c.id, anomalies)
            _replace(connection, _STATE.c.key, state)

        await self._database.run(write)

    async def replace_analysis(self, patterns: Sequence[PatternStats], anomalies: Sequence[Anomaly]) -> None:
        """Put the results of a one-off analysis in the place of the last one's; rows of the live one stay."""
        rows = [self._pattern_row(stats) for stats in patterns]
        found = [self._anomaly_row(anomaly) for anomaly in anomalies]

        def write(connection: Connection) -> None:
            connection.execute(sa.delete(_PATTERNS).where(_PATTERNS.c.origin == ANALYSIS))
            connection.execute(sa.delete(_ANOMALIES).where(_ANOMALIES.c.origin == ANALYSIS))
            live = set(connection.scalars(sa.select(_PATTERNS.c.pattern_id)))
            _replace(connection, _PATTERNS.c.pattern_id, [row for row in rows if row["pattern_id"] not in live])
            _replace(connection, _ANOMALIES.c.id, found)

        await self._database.run(write)

    async def patterns(self, start: float, end: float, limit: int) -> list[PatternStats]:
        """Return the patterns seen between start and end (epoch seconds), the most frequent first."""
        seen = (_PATTERNS.c.last_seen >= format_utc(start)) & (_PATTERNS.c.first_seen <= format_utc(end))
        query = sa.select(_PATTERNS).where(seen).order_by(_PATTERNS.c.frequency.desc()).limit(limit)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_pattern(row) for row in rows]

    async def anomalies(self, start: float, end: float, limit: int) -> list[dict[str, Any]]:
        """Return the anomalies that went on between start and end (epoch seconds), the latest first."""
        query = sa.select(_ANOMALIES).where(_within(start, end)).order_by(_ANOMALIES.c.timestamp.desc()).limit(limit)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_anomaly_item(row) for row in rows]

    async def count_anomalies(self, start: float, end: float) -> int:
        """Return how many anomalies went on between start and end (epoch seconds)."""
        query = sa.select(sa.func.count()).select_from(_ANOMALIES).where(_within(start, end))
        return int(await self._database.read(lambda connection: connection.execute(query).scalar_one()))

    async def open_anomalies(self) -> list[Anomaly]:
        """Return the live analysis' anomalies that had not ended."""
        query = sa.select(_ANOMALIES).where((_ANOMALIES.c.origin == LIVE) & _ANOMALIES.c.ended_at.is_(None))
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_anomaly(row) for row in rows]

    async def prune(self, before: datetime) -> int:
        """Delete what was last seen before a moment; returns how many rows."""
        limit = format_utc(before)

        def write(connection: Connection) -> int:
            gone = connection.execute(sa.delete(_PATTERNS).where(_PATTERNS.c.last_seen < limit)).rowcount
            return gone + connection.execute(sa.delete(_ANOMALIES).where(_ANOMALIES.c.last_seen < limit)).rowcount

        return await self._database.run(write)

    def _pattern_row(self, stats: PatternStats) -> dict[str, Any]:
        return {
            "pattern_id": stats.id,
            "frequency": stats.frequency,
            "severity": stats.severity.value,
            "description": stats.description,
            "examples": json.dumps(stats.examples, ensure_ascii=False),
            "description_ja": stats.description_ja,
            "kind": stats.kind.value,
            "category": stats.category,
            "source": stats.source,
            "level": stats.level.value,
            "first_seen": format_utc(stats.first_seen),
            "last_seen": format_utc(stats.last_seen),
            "learned": stats.learned,
            "trend": json.dumps(stats.trend),
            "origin": self._origin,
        }

    def _anomaly_row(self, anomaly: Anomaly) -> dict[str, Any]:
        item = anomaly.to_dict()
        return {
            **{key: item[key] for key in _SAME},
            "severity": round((anomaly.severity.rank + 1) / len(Severity), 2),
            "severity_name": anomaly.severity.value,
            "methods": json.dumps(item["methods"]),
            "details": json.dumps(item["details"], ensure_ascii=False),
            "origin": self._origin,
        }


_SAME = (
    "timestamp",
    "anomaly_type",
    "confidence_score",
    "id",
    "series",
    "explanation",
    "explanation_ja",
    "last_seen",
    "ended_at",
)


def _within(start: float, end: float) -> "sa.ColumnElement[bool]":
    return (_ANOMALIES.c.last_seen >= format_utc(start)) & (_ANOMALIES.c.timestamp <= format_utc(end))


def _pattern(row: Mapping[Any, Any]) -> PatternStats:
    return PatternStats(
        row["pattern_id"],
        Kind(row["kind"]),
        row["category"],
        row["description"],
        row["description_ja"],
        Severity(row["severity"]),
        row["source"],
        Level(row["level"]),
        parse_utc(row["first_seen"]),
        parse_utc(row["last_seen"]),
        row["frequency"],
        json.loads(row["examples"]),
        row["learned"],
        {int(bucket): count for bucket, count in json.loads(row["trend"]).items()},
    )


def _anomaly(row: Mapping[Any, Any]) -> Anomaly:
    details = json.loads(row["details"])
    return Anomaly(
        row["series"],
        details["labels"],
        parse_utc(row["timestamp"]),
        parse_utc(row["last_seen"]),
        None,
        row["anomaly_type"],
        Severity(row["severity_name"]),
        row["confidence_score"],
        tuple(json.loads(row["methods"])),
        details["value"],
        details["expected_lower"],
        details["expected_upper"],
    )


def _anomaly_item(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        **{key: row[key] for key in _SAME},
        "severity": row["severity_name"],
        "methods": json.loads(row["methods"]),
        "details": json.loads(row["details"]),
    }


def _delete(connection: Connection, key: "sa.Column[Any]", values: Sequence[str]) -> None:
    for i in range(0, len(values), _ROWS_A_STATEMENT):
        connection.execute(sa.delete(key.table).where(key.in_(values[i : i + _ROWS_A_STATEMENT])))


def _replace(connection: Connection, key: "sa.Column[Any]", rows: Sequence[Mapping[str, Any]]) -> None:
    _delete(connection, key, [row[key.name] for row in rows])
    for i in range(0, len(rows), _ROWS_A_STATEMENT):
        connection.execute(sa.insert(key.table), [dict(row) for row in rows[i : i + _ROWS_A_STATEMENT]])
