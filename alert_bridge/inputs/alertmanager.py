"""What comes in from Alertmanager, parsed into observations. One bad alert never costs the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alert_bridge.alerts import Observation, fingerprint
from alert_bridge.intake import Refused
from runtime.clock import parse_utc

WATCHDOG = "Watchdog"
"""The alert that always fires: it proves that alerts come through, and is none itself."""

_BODY_KEPT = 64 * 1024


class _Alert(BaseModel):
    """One alert of a webhook; what newer versions add is passed over."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    status: str
    labels: dict[str, str] = Field(min_length=1)
    annotations: dict[str, str] = {}
    starts_at: str = Field(alias="startsAt")
    ends_at: str = Field(default="", alias="endsAt")
    fingerprint: str = ""


class Unusable(ValueError):
    """A body that is no webhook of Alertmanager.

    Attributes: problem.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem


@dataclass(frozen=True, slots=True)
class Parsed:
    """A webhook taken apart. watchdog: whether the Watchdog was among the alerts; truncated: how many were cut off."""

    observations: Sequence[Observation]
    refused: Sequence[Refused]
    watchdog: bool
    truncated: int


def parse_alertmanager(body: Any, now: datetime) -> Parsed:
    """Parse the webhook of Alertmanager 0.25 and later (version 4).

    body: the decoded JSON. Raises Unusable if it is no such webhook at all.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("alerts"), list):
        raise Unusable("expected Alertmanager's webhook: an object with a list `alerts`")
    observations = []
    refused = []
    watchdog = False
    for position, entry in enumerate(body["alerts"]):
        try:
            seen = _observation(_Alert.model_validate(entry), now)
        except (ValidationError, ValueError) as error:
            refused.append(Refused(str(entry)[:_BODY_KEPT], f"alerts.{position}: {_problem(error)}"))
            continue
        if seen.name == WATCHDOG:
            watchdog = watchdog or seen.firing
        else:
            observations.append(seen)
    truncated = body.get("truncatedAlerts")
    return Parsed(observations, refused, watchdog, truncated if isinstance(truncated, int) else 0)


def unreadable(body: bytes) -> str:
    """Return as much of a body that cannot be parsed as is kept."""
    return body[:_BODY_KEPT].decode("utf-8", "replace")


def _observation(alert: _Alert, now: datetime) -> Observation:
    if alert.status not in ("firing", "resolved"):
        raise ValueError(f"status {alert.status!r}: expected firing or resolved")
    for text in (alert.fingerprint, *alert.annotations, *alert.annotations.values()):
        text.encode()  # half a surrogate pair could not be stored
    return Observation(
        fingerprint=alert.fingerprint or fingerprint(alert.labels),
        labels=alert.labels,
        annotations=alert.annotations,
        starts_at=_moment(alert.starts_at, now),
        ends_at=_moment(alert.ends_at, now) if alert.status == "resolved" else None,
    )


def _moment(text: str, now: datetime) -> datetime:
    """Return a moment; Go's zero time, or none at all, is now. Raises ValueError for a year nobody lives in."""
    if not text or text.startswith("0001-01-01T00:00:00"):
        return now
    moment = parse_utc(text)
    if not 1970 <= moment.year < 2200:
        raise ValueError(f"{text!r} is not a moment from 1970 to 2199")
    return moment


def _problem(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        detail = error.errors()[0]
        return f"{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}"
    return str(error)
