"""What the dialects have in common: an alert of labels, annotations and times; a body of many, some of them bad."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alert_bridge import strict_json
from alert_bridge.alerts import Observation, fingerprint
from alert_bridge.intake import Refused
from runtime.clock import parse_utc

WATCHDOG = "Watchdog"
"""The alert that always fires: it proves that alerts come through, and is none itself."""

BODY_KEPT_BYTES = 64 * 1024
ZERO_TIME = "0001-01-01T00:00:00"


class IncomingAlert(BaseModel):
    """What every dialect says of an alert; what newer versions add is passed over."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    labels: dict[str, str] = Field(min_length=1)
    annotations: dict[str, str] = {}
    starts_at: str = Field(default="", alias="startsAt")
    ends_at: str = Field(default="", alias="endsAt")
    fingerprint: str = ""


class Unusable(ValueError):
    """A body that is not of the dialect at all.

    Attributes: problem.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem


@dataclass(frozen=True, slots=True)
class Parsed:
    """A notification taken apart.

    watchdog: whether the Watchdog was among the alerts. truncated: how many were cut off.
    """

    observations: Sequence[Observation]
    refused: Sequence[Refused]
    watchdog: bool = False
    truncated: int = 0


def parse_each(entries: Sequence[Any], observation: Callable[[Any], Observation], truncated: object = 0) -> Parsed:
    """Parse the alerts of a body, each for itself. observation: raises ValueError for one that is bad."""
    observations = []
    refused = []
    watchdog = False
    for position, entry in enumerate(entries):
        try:
            seen = observation(entry)
        except (ValidationError, ValueError) as error:
            refused.append(Refused(strict_json.dump(entry)[:BODY_KEPT_BYTES], f"alerts.{position}: {_problem(error)}"))
            continue
        if seen.name == WATCHDOG:
            watchdog = watchdog or seen.firing
        else:
            observations.append(seen)
    return Parsed(observations, refused, watchdog, truncated if isinstance(truncated, int) else 0)


def observed(alert: IncomingAlert, now: datetime, ends_at: datetime | None) -> Observation:
    """Return the observation of an alert. ends_at: None while it fires."""
    for text in (alert.fingerprint, *chain(*alert.labels.items(), *alert.annotations.items())):
        text.encode()  # half a surrogate pair could be stored, but not sent
    return Observation(
        fingerprint=alert.fingerprint or fingerprint(alert.labels),
        labels=alert.labels,
        annotations=alert.annotations,
        starts_at=moment(alert.starts_at, now),
        ends_at=ends_at,
    )


def moment(text: str, now: datetime) -> datetime:
    """Return a moment; Go's zero time, or none at all, is now. Raises ValueError for a year nobody lives in."""
    if not text or text.startswith(ZERO_TIME):
        return now
    parsed = parse_utc(text)
    if not 1970 <= parsed.year < 2200:
        raise ValueError(f"{text!r} is not a moment from 1970 to 2199")
    return parsed


def unreadable(body: bytes) -> str:
    """Return as much of a body that cannot be parsed as is kept."""
    return body[:BODY_KEPT_BYTES].decode("utf-8", "replace")


def _problem(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        detail = error.errors()[0]
        return f"{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}"
    return str(error)
