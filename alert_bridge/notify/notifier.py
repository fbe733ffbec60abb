"""What is to be told, who tells it, and how a failed attempt looks."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from alert_bridge.alerts import Alert
from alert_bridge.quiet_hours import QuietHours

ATTEMPT_SECONDS = 10.0
"""Longest time of one attempt on any channel."""

BUNDLE_LIMIT = 100
"""Alerts that a bundle carries; `Notification.total` says how many there are."""

Language = Literal["en", "ja"]


class Event(StrEnum):
    """Why something is told."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    REMINDER = "reminder"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    TEST = "test"
    BUNDLE = "bundle"
    BACKFILL = "backfill"

    @property
    def is_bundle(self) -> bool:
        """True where the notification is about several alerts at once."""
        return self in (Event.BUNDLE, Event.BACKFILL)


@dataclass(frozen=True, slots=True)
class Notification:
    """One thing to tell on one channel.

    alerts: one alert; of a bundle any number, of which the first 100 are told.
    step: position in the escalation policy, 0 for the first word.
    target: one of several addresses of the channel, empty for all.
    held: how many others like it were kept back before this one.
    idempotency_key: the same for every attempt at this one thing; printable ASCII.
    external_url: address of the page, without which messages carry no link.
    timezone: IANA name; times in texts are written in it.
    total: how many alerts a bundle stands for, where that is more than `alerts`.
    """

    event: Event
    alerts: tuple[Alert, ...]
    step: int
    channel: str
    idempotency_key: str
    target: str = ""
    held: int = 0
    language: Language = "en"
    external_url: str | None = None
    timezone: str = "UTC"
    total: int | None = None

    @property
    def alert(self) -> Alert:
        """Return the alert, of a bundle the first."""
        return self.alerts[0]

    @property
    def count(self) -> int:
        """Return how many alerts this is about."""
        return len(self.alerts) if self.total is None else self.total


class DeliveryError(Exception):
    """An attempt that did not deliver.

    permanent: trying again cannot help (address unknown, log-in refused, certificate wrong).
    retry_after_seconds: how long the other side asked us to wait, or None.
    uncertain: the receiver may have it all the same: there was no answer, or none that says that it was not taken.
    step: how far the attempt came, one of `connect`, `tls`, `login`, `send`, `answer`, `plugin`.
    detail: what happened, in one sentence without any secret.
    """

    def __init__(
        self,
        step: str,
        detail: str,
        *,
        permanent: bool = False,
        retry_after_seconds: float | None = None,
        uncertain: bool = False,
    ) -> None:
        super().__init__(step, detail)
        self.step = step
        self.detail = detail
        self.permanent = permanent
        self.retry_after_seconds = retry_after_seconds
        self.uncertain = uncertain

    def __str__(self) -> str:
        return f"{self.step}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Profile:
    """How a channel wants to be told.

    targets: its addresses, each of which is told for itself; empty where there is but one. concurrency: messages at
    once to one address. bundles: whether many alerts may come as one message. rate_per_minute: messages a minute to
    one address, None for any number.
    """

    targets: tuple[str, ...] = ()
    rate_per_minute: float | None = None
    concurrency: int = 4
    bundles: bool = True
    quiet_hours: QuietHours | None = None


class Notifier(Protocol):
    """A channel that can tell."""

    async def send(self, notification: Notification) -> None:
        """Tell it once, within ATTEMPT_SECONDS; raises DeliveryError if it was not delivered."""
        ...
