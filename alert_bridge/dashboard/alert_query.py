"""What a URL asks of the list of alerts: which ones, in which order, from where on."""

import base64
import json
from collections.abc import Mapping, Sequence

from starlette.datastructures import QueryParams
from starlette.requests import Request

from alert_bridge.alerts import Severity, Status
from alert_bridge.store.alert_list import FIELDS, SORTS, AlertFilter, Key, place_length
from runtime.openapi import CURSOR, LIMIT, Parameter
from runtime.web import Problem, query_number

FILTERS: Mapping[str, Parameter] = {
    "status": Parameter("some of firing, acknowledged, snoozed, suppressed, resolved, with commas; all"),
    "severity": Parameter("some of LOW, MEDIUM, HIGH, CRITICAL, or Prometheus' words, with commas"),
    "name": Parameter("the alert's name", many=True),
    "service": Parameter("the label service, or job"),
    "owner": Parameter("who acknowledged it or to whom it is assigned; empty: nobody"),
    "assignee": Parameter("to whom it is assigned; empty: nobody"),
    "label": Parameter("key=value; several must all hold", many=True),
    "q": Parameter("words that must all be found in name, message, assignee or labels"),
}
LISTED: Mapping[str, Parameter] = {
    **FILTERS,
    "sort": Parameter("the order; with - before it the other way round", {"type": "string", "default": "severity"}),
    "limit": LIMIT,
    "cursor": CURSOR,
    "format": Parameter("json or csv", {"type": "string", "enum": ["json", "csv"], "default": "json"}),
}
GROUPED: Mapping[str, Parameter] = {
    **FILTERS,
    "by": Parameter(f"names of labels or of {', '.join(FIELDS)}, with commas", {"type": "string", "default": "name"}),
    "limit": LIMIT,
    "cursor": CURSOR,
}

_MOST_WORDS = 10
_MOST_BY = 4
_MOST_VALUES = 50
_LONGEST = 1000


def alert_filter(query: QueryParams) -> AlertFilter:
    """Return which alerts are asked for. Raises Problem 400 that names the parameter and what is expected."""
    for name in query:
        if any(len(value) > _LONGEST for value in query.getlist(name)):
            raise Problem(400, "Invalid parameter", f"{name}: longer than {_LONGEST} characters")
    words = query.get("q", "").split()
    if len(words) > _MOST_WORDS:
        raise Problem(400, "Invalid parameter", f"q: {len(words)} words, at most {_MOST_WORDS}")
    return AlertFilter(
        statuses=_statuses(query.get("status")),
        severities=_severities(query.get("severity")),
        names=_few(query, "name"),
        service=query.get("service"),
        owner=query.get("owner"),
        assignee=query.get("assignee"),
        labels=[_pair(text) for text in _few(query, "label")],
        words=words,
    )


def _few(query: QueryParams, name: str) -> Sequence[str]:
    values = query.getlist(name)
    if len(values) > _MOST_VALUES:
        raise Problem(400, "Invalid parameter", f"{name}: given {len(values)} times, at most {_MOST_VALUES}")
    return values


def wanted_order(request: Request) -> tuple[str, int, Key | None]:
    """Return the order, how many, and the place after which the page begins. Raises Problem 400."""
    sort = request.query_params.get("sort", "severity")
    if sort.removeprefix("-") not in SORTS:
        expected = f"expected one of {', '.join(SORTS)}, or one of them with '-' before it"
        raise Problem(400, "Invalid parameter", f"sort: got {sort[:80]!r}, {expected}")
    return sort, wanted_limit(request), place_of(request, sort, place_length(sort))


def wanted_limit(request: Request) -> int:
    """Return how many are asked for. Raises Problem 400."""
    return int(query_number(request, "limit", 50, 1, 1000))


def wanted_groups(query: QueryParams) -> Sequence[str]:
    """Return by what groups are made. Raises Problem 400."""
    names = list(dict.fromkeys(name.strip() for name in query.get("by", "name").split(",")))
    if len(names) > _MOST_BY or not all(names):
        raise Problem(400, "Invalid parameter", f"by: got {query['by'][:80]!r}, expected 1 to {_MOST_BY} names")
    return names


def place_of(request: Request, order: str, length: int) -> Key | None:
    """Return the place that a cursor holds. Raises Problem 400 if it is none of this order."""
    cursor = request.query_params.get("cursor")
    if not cursor:
        return None
    try:
        held, *place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if held == order and len(place) == length and all(_storable(one) for one in place):
            return tuple(place)
    except (ValueError, TypeError, RecursionError):
        pass  # said below, as for a cursor of another order
    raise Problem(400, "Invalid parameter", "cursor: use next_cursor of the page before, with the same order")


def cursor_of(order: str, place: Key | None) -> str | None:
    """Return the cursor of the page that follows a place."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(json.dumps([order, *place]).encode()).decode().rstrip("=")


def _storable(value: object) -> bool:
    """A number or a text that a database takes."""
    if isinstance(value, int):
        return abs(value) < 2**31
    return isinstance(value, str) and not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value)


def _statuses(text: str | None) -> list[str] | None:
    if not text:
        return None
    if text == "all":
        return [status.value for status in Status]
    try:
        return [Status(word.strip().lower()).value for word in text.split(",")]
    except ValueError:
        known = ", ".join(status.value for status in Status)
        raise Problem(400, "Invalid parameter", f"status: got {text[:80]!r}, expected all or some of {known}") from None


def _severities(text: str | None) -> list[str]:
    try:
        return [Severity.parse(word).value for word in text.split(",")] if text else []
    except ValueError as error:
        raise Problem(400, "Invalid parameter", str(error)) from None


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise Problem(400, "Invalid parameter", f"label: got {text[:80]!r}, expected key=value")
    return name, value
