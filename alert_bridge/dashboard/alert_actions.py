"""What a person can do with an alert: the bodies of the requests, and what each decides."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from alert_bridge import episodes
from alert_bridge.alerts import Alert
from alert_bridge.episodes import Change
from runtime.clock import parse_utc
from runtime.web import Problem, describe

Decide = Callable[[Alert, datetime], Change]
Action = Literal["acknowledge", "unacknowledge", "snooze", "assign", "comment", "resolve"]

_MOST_IDS = 20_000
_COMMENT = Field(default="", max_length=4000)
_SECONDS = Field(default=None, gt=0, le=episodes.LONGEST_SECONDS)


class ActionBody(BaseModel, ABC):
    """Base of the bodies: what is not known is refused."""

    model_config = ConfigDict(extra="forbid")

    @abstractmethod
    def decision(self, who: str) -> Decide:
        """Return what is done with each alert. Raises Problem 400."""


class Acknowledge(ActionBody):
    """Say that you have it; it holds four hours unless told otherwise. A second one adds its comment."""

    comment: str = _COMMENT
    expires_in_seconds: float | None = _SECONDS

    def decision(self, who: str) -> Decide:
        """Return what is done with each alert."""
        return lambda alert, now: episodes.acknowledge(alert, who, now, self.comment, self.expires_in_seconds)


class Unacknowledge(ActionBody):
    """Take an acknowledgement or a snooze back; the escalation goes on from where it was."""

    def decision(self, who: str) -> Decide:
        """Return what is done with each alert."""
        return lambda alert, now: episodes.unacknowledge(alert, who, now)


class Snooze(ActionBody):
    """Be silent about it for so many seconds, or until a moment."""

    seconds: float | None = _SECONDS
    until: str | None = Field(default=None, max_length=100)
    comment: str = _COMMENT

    def decision(self, who: str) -> Decide:
        """Return what is done with each alert. Raises Problem 400 for a moment that is none."""
        if (self.seconds is None) == (self.until is None):
            raise Problem(400, "Invalid body", "give either seconds or until")
        try:
            moment = parse_utc(self.until) if self.until is not None else None
        except ValueError as error:
            raise Problem(400, "Invalid body", f"until: {error}") from None
        return lambda alert, now: episodes.snooze(
            alert, who, now, moment or now + timedelta(seconds=self.seconds or 0.0), self.comment
        )


class Assign(ActionBody):
    """Give it to somebody."""

    assignee: str = Field(min_length=1, max_length=200)
    comment: str = _COMMENT

    def decision(self, who: str) -> Decide:
        """Return what is done with each alert."""
        return lambda alert, now: episodes.assign(alert, who, now, self.assignee, self.comment)


class Comment(ActionBody):
    """Add a comment, also to an alert that is over."""

    text: str = Field(min_length=1, max_length=4000)

    def decision(self, who: str) -> Decide:
        """Return what is done with each alert."""
        return lambda alert, now: episodes.comment_on(alert, who, now, self.text)


class Resolve(ActionBody):
    """End it by hand; it begins anew if its source reports it with a later start."""

    comment: str = _COMMENT

    def decision(self, who: str) -> Decide:
        """Return what is done with each alert."""
        return lambda alert, now: episodes.resolve(alert, who, now, self.comment)


class Acknowledgement(ActionBody):
    """Change the comment or the expiry (counted from now) of an acknowledgement."""

    comment: str | None = Field(default=None, max_length=4000)
    expires_in_seconds: float | None = _SECONDS

    def decision(self, who: str) -> Decide:
        """Return what is done with the alert."""
        return lambda alert, now: episodes.edit_acknowledgement(alert, who, now, self.comment, self.expires_in_seconds)


ACTIONS: Mapping[Action, type[ActionBody]] = {
    "acknowledge": Acknowledge,
    "unacknowledge": Unacknowledge,
    "snooze": Snooze,
    "assign": Assign,
    "comment": Comment,
    "resolve": Resolve,
}

Words = str | list[str]


class Filter(BaseModel):
    """Which alerts, by the same names as in the list's URL; a list is the same as its words with commas."""

    model_config = ConfigDict(extra="forbid")
    status: Words | None = None
    severity: Words | None = None
    name: Words | None = None
    service: str | None = None
    owner: str | None = None
    assignee: str | None = None
    label: Words | None = None
    q: str | None = None

    def pairs(self) -> list[tuple[str, str]]:
        """Return the filter as parameters of a query string."""
        found: list[tuple[str, str]] = []
        for name, value in self.model_dump(exclude_none=True).items():
            many = value if isinstance(value, list) else [value]
            found += [(name, one) for one in many] if name in ("name", "label") else [(name, ",".join(many))]
        return found


class Bulk(BaseModel):
    """One action on many alerts: on those named by `ids`, or on all that a `filter` finds. Each answers for itself."""

    model_config = ConfigDict(extra="forbid")
    ids: list[str] | None = Field(default=None, max_length=_MOST_IDS)
    filter: Filter | None = None
    action: Action
    comment: str = _COMMENT
    expires_in_seconds: float | None = _SECONDS
    seconds: float | None = _SECONDS
    until: str | None = Field(default=None, max_length=100)
    assignee: str = Field(default="", max_length=200)
    text: str = Field(default="", max_length=4000)

    @model_validator(mode="after")
    def _one_of_both(self) -> "Bulk":
        if (self.ids is None) == (self.filter is None):
            raise ValueError("give either ids or filter")
        return self

    def decision(self, who: str) -> Decide:
        """Return what is done with each alert. Raises Problem 400 for what the action does not take, or lacks."""
        given: dict[str, Any] = self.model_dump(exclude_unset=True, exclude={"ids", "filter", "action"})
        try:
            return ACTIONS[self.action].model_validate(given).decision(who)
        except ValidationError as error:
            raise Problem(400, "Invalid body", f"{self.action}: {describe(error)}") from None
