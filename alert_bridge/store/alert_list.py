"""Which episodes a list shows: filtered, in order, a page at a time, or counted in groups."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, and_, case, func, or_, select

from alert_bridge.alerts import Alert, Severity, Status
from alert_bridge.store import episode_rows
from alert_bridge.store.tables import alerts

SORTS = ("severity", "created_at", "updated_at", "name", "status")
FIELDS = ("name", "severity", "status", "cluster", "assignee", "owner", "service")
"""What groups are made by, besides labels."""

_MOST_COMMON_LABELS = 5

_RANK = case({severity.value: severity.rank for severity in Severity}, value=alerts.c.severity, else_=2)
_TAKEN = case((alerts.c.status == Status.FIRING.value, 0), else_=1)

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts.

    statuses: None for all that are open. owner: who acknowledged it or to whom it is assigned; empty: nobody.
    labels: pairs of which an alert must have each. words: each must be found in name, message, labels or assignee.
    """

    statuses: Collection[str] | None = None
    severities: Collection[str] = ()
    names: Collection[str] = ()
    service: str | None = None
    owner: str | None = None
    assignee: str | None = None
    labels: Collection[tuple[str, str]] = ()
    words: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list: the alerts, how many there are in all, and the place of the last one if more follow."""

    alerts: Sequence[Alert]
    total: int
    last: Key | None


@dataclass(slots=True)
class Group:
    """Alerts that have something in common.

    by: what they have in common. unowned: how many fire and nobody has. oldest: RFC 3339.
    shared: labels that all of them have; common: (label, value, count) that at least half of them have.
    """

    by: dict[str, str]
    count: int = 0
    unowned: int = 0
    severity: Severity = Severity.LOW
    statuses: Counter[str] = field(default_factory=Counter)
    oldest: str = ""
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def place(self) -> Key:
        """Where it stands: the worst first, then what nobody has, then the largest."""
        return (-self.severity.rank, -self.unowned, -self.count, *self.by.values())

    @property
    def shared(self) -> dict[str, str]:
        """The labels that all of them have."""
        return {name: value for (name, value), count in self.pairs.items() if count == self.count}

    @property
    def common(self) -> list[tuple[str, str, int]]:
        """The labels that at least half of them have, but not all, most first."""
        half = [(name, value, count) for (name, value), count in self.pairs.items() if count * 2 >= self.count]
        most = sorted((one for one in half if one[2] < self.count), key=lambda one: (-one[2], one[0]))
        return most[:_MOST_COMMON_LABELS]


def find(
    connection: Connection, wanted: AlertFilter, sort: str = "severity", limit: int = 50, after: Key | None = None
) -> Page:
    """Return one page of episodes.

    sort: one of SORTS, or one with `-` before it; `severity` puts the worst first, then what nobody has, then the
    oldest. after: the place of the last one of the page before; what was changed, ended or began since then neither
    repeats nor hides another.
    """
    order = _order(sort)
    condition = _condition(wanted)
    total = connection.execute(select(func.count()).select_from(alerts).where(condition)).scalar_one()
    places = select(*(column for column, _ in order)).where(condition)
    if after is not None:
        places = places.where(_beyond(order, after))
    places = places.order_by(*(column.desc() if down else column.asc() for column, down in order)).limit(limit + 1)
    rows = [tuple(row) for row in connection.execute(places)]
    found = episode_rows.get_all(connection, [str(row[-1]) for row in rows[:limit]])
    return Page(found, total, rows[limit - 1] if len(rows) > limit else None)


def ids(connection: Connection, wanted: AlertFilter) -> list[str]:
    """Return the ids of all that match, the worst first."""
    order = [column.desc() if down else column.asc() for column, down in _order("severity")]
    return list(connection.execute(select(alerts.c.id).where(_condition(wanted)).order_by(*order)).scalars())


def place_length(sort: str) -> int:
    """Return how many values the place of an alert has in an order."""
    return len(_order(sort))


def groups(connection: Connection, wanted: AlertFilter, by: Sequence[str]) -> list[Group]:
    """Return the groups of episodes, the worst first. by: names of FIELDS or of labels."""
    found: dict[tuple[str, ...], Group] = {}
    for row, labels in _light_rows(connection, wanted):
        key = tuple(_value(name, row, labels) for name in by)
        group = found.get(key) or found.setdefault(key, Group(dict(zip(by, key, strict=True)), oldest=row.created_at))
        group.count += 1
        group.unowned += row.status == Status.FIRING.value and not row.acknowledged_by and not row.assignee
        group.statuses[row.status] += 1
        group.oldest = min(group.oldest, row.created_at)
        severity = _severity(row.severity)
        if severity.rank > group.severity.rank:
            group.severity = severity
        group.pairs.update(labels.items())
    return sorted(found.values(), key=lambda group: group.place)


def _light_rows(connection: Connection, wanted: AlertFilter) -> Iterator[tuple[Any, dict[str, str]]]:
    """Yield what grouping needs of each episode, and its labels; damaged labels are none."""
    columns = [alerts.c[name] for name in ("name", "severity", "status", "created_at", "cluster", "assignee")]
    labels = alerts.c.labels.cast(Text).label("labels_text")
    for row in connection.execute(select(*columns, alerts.c.acknowledged_by, labels).where(_condition(wanted))):
        try:
            parsed = {name: value for name, value in json.loads(row.labels_text).items() if isinstance(value, str)}
        except (ValueError, TypeError, AttributeError, RecursionError):
            parsed = {}
        yield row, parsed


def _value(name: str, row: Any, labels: Mapping[str, str]) -> str:
    if name == "owner":
        return str(row.acknowledged_by or row.assignee or "")
    if name == "service":
        return labels.get("service") or labels.get("job") or ""
    return str(getattr(row, name) or "") if name in FIELDS else labels.get(name, "")


def _severity(word: str) -> Severity:
    return Severity(word) if word in Severity.__members__ else Severity.HIGH


def _condition(wanted: AlertFilter) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.statuses is None:
        conditions.append(alerts.c.resolved_at.is_(None))
    else:
        conditions.append(alerts.c.status.in_(wanted.statuses))
    if wanted.severities:
        conditions.append(alerts.c.severity.in_(wanted.severities))
    if wanted.names:
        conditions.append(alerts.c.name.in_(wanted.names))
    if wanted.service is not None:
        conditions.append(or_(_has_label("service", wanted.service), _has_label("job", wanted.service)))
    if wanted.owner is not None:
        conditions.append(_is(wanted.owner, alerts.c.acknowledged_by, alerts.c.assignee))
    if wanted.assignee is not None:
        conditions.append(_is(wanted.assignee, alerts.c.assignee))
    conditions += [_has_label(name, value) for name, value in wanted.labels]
    conditions += [_mentions(word) for word in wanted.words]
    return and_(*conditions)


def _is(person: str, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """One of the columns names the person; with an empty name: none names anybody."""
    if person:
        return or_(*(column == person for column in columns))
    return and_(*(or_(column.is_(None), column == "") for column in columns))


def _has_label(name: str, value: str) -> ColumnElement[bool]:
    """The stored text holds the pair. A quote within a value is escaped there, so that nothing else looks like it.

    Text and not a function for JSON: one damaged row would fail the whole query. `replace`: LIKE overlooks case.
    """
    pair = f"{json.dumps(name)}: {json.dumps(value)}"
    text = alerts.c.labels.cast(Text)
    return func.replace(text, pair, "") != text


def _mentions(word: str) -> ColumnElement[bool]:
    """A word is somewhere in name, message, assignee or labels, whatever its case."""
    plain = (alerts.c.name, alerts.c.message, func.coalesce(alerts.c.assignee, ""))
    escaped = json.dumps(word)[1:-1]
    return or_(
        *(func.lower(column).like(_like(word), escape="!") for column in plain),
        func.lower(alerts.c.labels.cast(Text)).like(_like(escaped), escape="!"),
    )


def _like(word: str) -> str:
    return f"%{word.lower().replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"


def _order(sort: str) -> list[tuple[ColumnElement[Any], bool]]:
    """Return the columns of an order, each with whether it goes down; the id makes each place the only one."""
    name, down = sort.removeprefix("-"), sort.startswith("-")
    if name == "severity":
        return [(_RANK, not down), (_TAKEN, False), (alerts.c.created_at, False), (alerts.c.id, False)]
    return [(alerts.c[name], down), (alerts.c.id, False)]


def _beyond(order: Sequence[tuple[ColumnElement[Any], bool]], after: Key) -> ColumnElement[bool]:
    """Everything whose place comes after another: later in the first column that differs."""
    either = []
    for depth, (column, down) in enumerate(order):
        same = [before == value for (before, _), value in zip(order[:depth], after, strict=False)]
        either.append(and_(*same, column < after[depth] if down else column > after[depth]))
    return or_(*either)
