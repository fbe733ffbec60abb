"""What the analyzer remembers: patterns, anomalies, and where it stopped reading."""

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from analyzer.clusters import Family
from analyzer.events import Severity
from analyzer.levels import Level
from analyzer.pattern_stats import PatternStats
from analyzer.patterns import Kind
from analyzer.rates import Rate
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
    sa.Column("rates", sa.Text),
    sa.Column("rare_at", sa.Text),
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
_FAMILIES = sa.Table(
    "log_families",
    _METADATA,
    sa.Column("id", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("name_ja", sa.Text),
    sa.Column("pattern_ids", sa.Text),
    sa.Column("profile", sa.Text),
    sa.Column("origin", sa.Text),
)
_STATE = sa.Table("analyzer_state", _METADATA, sa.Column("key", sa.Text, primary_key=True), sa.Column("value", sa.Text))
_ROWS_A_STATEMENT = 500
_MOST_ANOMALIES_WAITING = 1_000

Row = dict[str, Any]


@dataclass(slots=True)
class Rows:
    """Rows to be written, by their keys.

    retired: ids of patterns that are gone. families: all there are, in the place of those before; None leaves those.
    """

    patterns: dict[str, Row] = field(default_factory=dict)
    retired: set[str] = field(default_factory=set)
    anomalies: dict[str, Row] = field(default_factory=dict)
    families: list[Row] | None = None
    state: dict[str, str] = field(default_factory=dict)

    def update(self, later: "Rows") -> None:
        """Let later rows take the place of these. What waits long stays bounded: the oldest anomalies go."""
        for pattern_id in later.retired:
            self.patterns.pop(pattern_id, None)
        self.retired = (self.retired | later.retired) - later.patterns.keys()
        self.patterns.update(later.patterns)
        self.anomalies.update(later.anomalies)
        for key in list(self.anomalies)[:-_MOST_ANOMALIES_WAITING]:
            del self.anomalies[key]
        self.families = self.families if later.families is None else later.families
        self.state.update(later.state)


class AnalyzerStore:
    """Reads and writes one database. origin: whose rows these are, the live analysis' or a one-off one's."""

    def __init__(self, database: Database, origin: str = LIVE) -> None:
        self._database = database
        self._origin = origin

    async def all_patterns(self) -> list[PatternStats]:
        """Return all patterns: those of the live analysis, and what one-off ones found besides."""
        return await self._patterns(sa.select(_PATTERNS))

    async def load_patterns(self) -> list[PatternStats]:
        """Return the patterns that the live analysis knew."""
        return await self._patterns(sa.select(_PATTERNS).where(_PATTERNS.c.origin == LIVE))

    async def _patterns(self, query: "sa.Select[Any]") -> list[PatternStats]:
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_pattern(row) for row in rows]

    async def load_state(self) -> dict[str, Any]:
        """Return what was written as state, by key."""
        rows = await self._database.read(lambda connection: connection.execute(sa.select(_STATE)).all())
        return {key: json.loads(value) for key, value in rows}

    def rows(
        self,
        patterns: Iterable[PatternStats] = (),
        retired: Iterable[str] = (),
        anomalies: Iterable[Anomaly] = (),
        families: Iterable[Family] | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> Rows:
        """Return values as rows for `save`, as they are now."""
        return Rows(
            {stats.id: self._pattern_row(stats) for stats in patterns},
            set(retired),
            {anomaly.id: self._anomaly_row(anomaly) for anomaly in anomalies},
            None if families is None else [self._family_row(family) for family in families],
            {key: json.dumps(value) for key, value in (state or {}).items()},  # ASCII: names of files may be no text
        )

    async def save(self, rows: Rows) -> None:
        """Write rows in one transaction. Raises DatabaseUnavailable if the database does not take them."""
        state = [{"key": key, "value": value} for key, value in rows.state.items()]

        def write(connection: Connection) -> None:
            _delete(connection, _PATTERNS.c.pattern_id, list(rows.retired))
            _replace(connection, _PATTERNS.c.pattern_id, list(rows.patterns.values()))
            _replace(connection, _ANOMALIES.c.id, list(rows.anomalies.values()))
            _replace(connection, _STATE.c.key, state)
            if rows.families is not None:
                self._replace_families(connection, rows.families)

        await self._database.run(write)

    async def replace_analysis(
        self, patterns: Sequence[PatternStats], anomalies: Sequence[Anomaly], families: Sequence[Family]
    ) -> None:
        """Put the results of a one-off analysis in the place of the last one's; rows of the live one stay."""
        rows = self.rows(patterns, anomalies=anomalies, families=families)

        def write(connection: Connection) -> None:
            connection.execute(sa.delete(_PATTERNS).where(_PATTERNS.c.origin == self._origin))
            connection.execute(sa.delete(_ANOMALIES).where(_ANOMALIES.c.origin == self._origin))
            live = set(connection.scalars(sa.select(_PATTERNS.c.pattern_id)))
            found = [row for key, row in rows.patterns.items() if key not in live]
            _replace(connection, _PATTERNS.c.pattern_id, found)
            _replace(connection, _ANOMALIES.c.id, list(rows.anomalies.values()))
            self._replace_families(connection, rows.families or [])

        await self._database.run(write)

    async def families(self) -> list[Family]:
        """Return the families: those of the live analysis, or of the last one-off one, as the store's origin is."""
        query = sa.select(_FAMILIES).where(_FAMILIES.c.origin == self._origin)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_family(row) for row in rows]

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
        """Delete what was last seen before a moment, some rows a transaction; returns how many rows."""
        gone = 0
        for key in (_PATTERNS.c.pattern_id, _ANOMALIES.c.id):
            old = sa.select(key).where(key.table.c.last_seen < format_utc(before)).limit(_ROWS_A_STATEMENT)
            while count := await self._database.run(functools.partial(_delete_found, key=key, query=old)):
                gone += count
        return gone

    def _replace_families(self, connection: Connection, rows: Sequence[Row]) -> None:
        connection.execute(sa.delete(_FAMILIES).where(_FAMILIES.c.origin == self._origin))
        if rows:
            connection.execute(sa.insert(_FAMILIES), rows)

    def _family_row(self, family: Family) -> Row:
        return {
            "id": family.id,
            "name": family.name,
            "name_ja": family.name_ja,
            "pattern_ids": json.dumps(family.pattern_ids),
            "profile": json.dumps(family.profile, ensure_ascii=False),
            "origin": self._origin,
        }

    def _pattern_row(self, stats: PatternStats) -> Row:
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
            "trend": json.dumps(stats.rate.recent),
            "rates": json.dumps(stats.rate.state()),
            "rare_at": format_utc(stats.rare_at) if stats.rare_at else None,
            "origin": self._origin,
        }

    def _anomaly_row(self, anomaly: Anomaly) -> Row:
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
        _rate(row),
        parse_utc(row["rare_at"]) if row["rare_at"] else None,
    )


def _family(row: Mapping[Any, Any]) -> Family:
    pattern_ids, profile = json.loads(row["pattern_ids"]), json.loads(row["profile"])
    return Family(row["id"], row["name"], row["name_ja"], tuple(pattern_ids), profile)


def _rate(row: Mapping[Any, Any]) -> Rate:
    recent = {int(bucket): count for bucket, count in json.loads(row["trend"]).items()}
    return Rate.restored(recent, json.loads(row["rates"])) if row["rates"] else Rate(recent=recent)


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


def _delete_found(connection: Connection, key: "sa.Column[Any]", query: "sa.Select[tuple[Any]]") -> int:
    found = list(connection.scalars(query))
    _delete(connection, key, found)
    return len(found)


def _replace(connection: Connection, key: "sa.Column[Any]", rows: Sequence[Row]) -> None:
    _delete(connection, key, [row[key.name] for row in rows])
    for i in range(0, len(rows), _ROWS_A_STATEMENT):
        connection.execute(sa.insert(key.table), rows[i : i + _ROWS_A_STATEMENT])
