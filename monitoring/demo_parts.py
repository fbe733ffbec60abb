"""What the demo is made of: steps, and the words that its receivers got."""

import email
import email.policy
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

TIMEOUT_SECONDS = 5.0
"""How long one request may take."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to be seen. look: returns what was seen, or None as long as it is not."""

    name: str
    seconds: float
    look: Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class Word:
    """What a receiver was told of an alert, and when.

    channel: `webhook` or `mail`. event: firing, escalated, resolved. address: who it went to, or the key of the call.
    """

    at: datetime
    channel: str
    alert_id: str
    event: str
    title: str
    address: str
    file: Path


def words(received: Path) -> list[Word]:
    """Return all that the receivers got, in the order in which it came.

    Raises OSError and ValueError for a file that is not to be read.
    """
    found = [_call(file) for file in (received / "hooks").glob("*.json")]
    found += [_mail(file) for file in (received / "mail").glob("*.eml")]
    return sorted(found, key=lambda word: word.at)


def _call(file: Path) -> Word:
    received = json.loads(file.read_bytes())
    body, key = received["body"], received["headers"].get("Idempotency-Key")
    alert_id = body.get("alert", {}).get("id", "")
    return Word(_written(file), "webhook", alert_id, body["event"], body["text"], f"Idempotency-Key {key}", file)


def _mail(file: Path) -> Word:
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    alert_id, event = str(mail["X-Newswatch-Alert"]), str(mail["X-Newswatch-Event"])
    return Word(_written(file), "mail", alert_id, event, str(mail["Subject"]), f"to {mail['To']}", file)


def _written(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
