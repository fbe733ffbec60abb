"""What is said on the feed: messages out with their numbers, actions in with their checks."""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alert_bridge import strict_json
from alert_bridge.figures import local_time
from runtime.clock import format_utc, parse_utc
from runtime.web import describe

AlertType = Literal["new_alert", "alert_update"]
BroadcastType = Literal["metrics_update", "new_alert", "alert_update"]
BROADCAST_TYPES: tuple[str, ...] = get_args(BroadcastType)
METRICS_UPDATE: BroadcastType = "metrics_update"

EMPTY_CHART = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNgYAAAAAMAASsJTYQAAAAASUVORK5CYII="
"""A PNG of one transparent pixel: what `system_chart` is until a chart is drawn, so that it is a picture always."""

_LOG_BYTES = 32 * 1024 * 1024
_LONGEST_HISTORY_MINUTES = 31 * 24 * 60


class Refusal(Exception):
    """An action that is not done, as the feed's `error` tells it.

    Attributes: action (None where it could not be read), code, message.
    """

    def __init__(self, action: str | None, code: str, message: str) -> None:
        super().__init__(action, code, message)
        self.action = action
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.action}: {self.message}"

    @property
    def data(self) -> dict[str, str | None]:
        """Return the data of the `error` message."""
        return {"action": self.action, "code": self.code, "message": self.message}


class _Action(BaseModel):
    """Base of what clients ask; keys that nobody knows are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class AcknowledgeAlert(_Action):
    """`{"action": "acknowledge_alert", "alert_id": ...}`, with a comment where there is one."""

    alert_id: str = Field(min_length=1, max_length=200)
    comment: str = Field(default="", max_length=2000)


class GetHistory(_Action):
    """`{"action": "get_history", "minutes": 60}`."""

    minutes: float = Field(default=60.0, strict=True, gt=0, le=_LONGEST_HISTORY_MINUTES, allow_inf_nan=False)


class Subscribe(_Action):
    """`{"action": "subscribe"}`: which types, whether with the chart, and since which number alerts are missing."""

    types: frozenset[BroadcastType] | None = None
    system_chart: bool = False
    since_seq: int | None = Field(default=None, strict=True, ge=0)


Action = AcknowledgeAlert | GetHistory | Subscribe

ACTIONS: Mapping[str, type[Action]] = {
    "acknowledge_alert": AcknowledgeAlert,
    "get_history": GetHistory,
    "subscribe": Subscribe,
}


def parse_action(text: str) -> tuple[str, Action]:
    """Return the name and the checked content of what a client asks.

    Raises Refusal with code `bad_json`, `unknown_action` or `bad_request`, which says the field and what is expected.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise Refusal(None, "bad_json", 'expected JSON such as {"action": "get_history", "minutes": 60}') from None
    name = data.get("action") if isinstance(data, dict) else None
    if not isinstance(name, str) or name not in ACTIONS:
        asked = name[:80] if isinstance(name, str) else None
        raise Refusal(asked, "unknown_action", f"expected an action: {', '.join(ACTIONS)}")
    try:
        return name, ACTIONS[name].model_validate(data)
    except ValidationError as error:
        raise Refusal(name, "bad_request", describe(error)) from None


@dataclass(frozen=True, slots=True)
class Message:
    """One message, encoded once for everybody.

    without_chart: the same for those who do not want `system_chart`.
    """

    seq: int
    type: str
    body: bytes
    without_chart: bytes


def encode(type: str, data: Mapping[str, Any], seq: int, epoch_seconds: float) -> bytes:
    """Return a message as JSON in UTF-8: the guide's `type` and `data`, and beside them `seq` and `timestamp_utc`."""
    whole = {"type": type, "data": data, "seq": seq, "timestamp_utc": format_utc(epoch_seconds)}
    return strict_json.dump(whole).encode()


def alert_data(type: AlertType, alert: Mapping[str, Any]) -> dict[str, Any]:
    """Return an alert (`Alert.to_dict()`) with the guide's local `timestamp`: when it began, or when it changed."""
    moment = parse_utc(alert["created_at" if type == "new_alert" else "updated_at"])
    return {"timestamp": local_time(moment.timestamp()), **alert}


def metrics_data(values: Mapping[str, Any], chart: str | None, epoch_seconds: float) -> dict[str, Any]:
    """Return the data of a `metrics_update`; groups without values are there and empty.

    chart: a PNG as base64, or None where none could be drawn.
    """
    now = local_time(epoch_seconds)
    return {
        "system_metrics": {"timestamp": now, **values.get("system_metrics", {})},
        "application_metrics": dict(values.get("application_metrics", {})),
        "timestamp": now,
        "system_chart": chart or EMPTY_CHART,
    }


class AlertLog:
    """The latest messages about alerts, from which every client is served; bounded in bytes.

    start: the number before the first message.
    """

    def __init__(self, start: int, limit_bytes: int = _LOG_BYTES) -> None:
        self._messages: deque[Message] = deque()
        self._size_bytes = 0
        self._limit_bytes = limit_bytes
        self.complete_since = start
        """Whoever has this number, or a later one, can be given all that followed."""

    def append(self, message: Message) -> None:
        """Add a message; the oldest go where there is no room."""
        self._messages.append(message)
        self._size_bytes += len(message.body)
        while self._size_bytes > self._limit_bytes:
            oldest = self._messages.popleft()
            self._size_bytes -= len(oldest.body)
            self.complete_since = oldest.seq

    def after(self, seq: int) -> Iterator[Message]:
        """Yield the messages after a number, oldest first."""
        newer = []
        for message in reversed(self._messages):
            if message.seq <= seq:
                break
            newer.append(message)
        return reversed(newer)
