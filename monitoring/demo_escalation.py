"""The demo's alert that nobody takes: acknowledged for a moment, escalated, ended, and there again.

It is sent straight to the bridge, as amtool sends one. The policy is the demo's own (rendering.demo_settings): the
webhook is told at once; after ten seconds in which nobody has it, it is critical and the mail is told as well.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from monitoring.demo_parts import TIMEOUT_SECONDS, Step, Word, words
from monitoring.rendering import ESCALATION_ALERT

ACKNOWLEDGED_SECONDS = 3.0


class EscalationDemo:
    """Its steps. bridge: URL of the bridge's API. received: the folder of the receivers."""

    def __init__(self, http: requests.Session, bridge: str, received: Path) -> None:
        self._http = http
        self._bridge = bridge
        self._received = received
        self._began = ""
        self._episodes: list[str] = []
        self._ended: set[str] = set()
        self._acknowledged = False

    def steps(self) -> list[Step]:
        """Return what is to be seen, in this order."""
        return [
            Step("an alert comes straight to the bridge, as amtool sends it", 20, lambda: self._begin(1)),
            Step("the webhook alone is told of it", 20, self._first_word),
            Step("somebody acknowledges it, for a moment", 15, self._acknowledge),
            Step("the acknowledgement runs out, and it fires again", 30, self._runs_out),
            Step("nobody takes it: it is critical, and the mail is told as well", 40, self._escalated),
            Step("it ends, and both are told", 30, self._end),
            Step("it comes again, as an episode of its own", 20, lambda: self._begin(2)),
            Step("that begins anew with the webhook", 30, self._first_word),
            Step("it ends; what each channel got, and when", 30, self._summary),
        ]

    def _begin(self, number: int) -> str | None:
        if len(self._episodes) < number:
            began = self._began or _now()
            self._send({"startsAt": began})
            self._began = began
            ids = [one["id"] for one in self._listed() if one["id"] not in self._episodes]
            self._episodes += ids[:1]
        if len(self._episodes) < number:
            return None
        return self._state(self._alert())

    def _first_word(self) -> str | None:
        heard = self._heard(self._episodes[-1])
        if [(one.channel, one.event) for one in heard] != [("webhook", "firing")]:
            return None
        return _line(heard[0])

    def _acknowledge(self) -> str | None:
        if not self._acknowledged:
            url = f"{self._bridge}/alerts/{self._episodes[-1]}/acknowledge"
            body = {"comment": "looking", "expires_in_seconds": ACKNOWLEDGED_SECONDS}
            answer = self._http.post(url, json=body, timeout=TIMEOUT_SECONDS)
            answer.raise_for_status()
            self._acknowledged = True
        alert = self._alert()
        return f"{self._state(alert)}; it holds for {ACKNOWLEDGED_SECONDS:g} s, and the escalation stands"

    def _runs_out(self) -> str | None:
        alert = self._alert()
        return self._state(alert) if alert["status"] == "firing" else None

    def _escalated(self) -> str | None:
        alert = self._alert()
        heard = [one for one in self._heard(alert["id"]) if one.event == "escalated"]
        if alert["severity"] != "CRITICAL" or "mail" not in {one.channel for one in heard}:
            return None
        return "\n".join([f"{self._state(alert)}, level {alert['escalation_level']}", *map(_line, heard)])

    def _end(self) -> str | None:
        alert_id = self._episodes[-1]
        if alert_id not in self._ended:
            self._send({"startsAt": self._began, "endsAt": _now()})
            self._ended.add(alert_id)
            self._began = ""
        over = [one for one in self._heard(alert_id) if one.event == "resolved"]
        expected = {one.channel for one in self._heard(alert_id)}
        if not over or {one.channel for one in over} != expected:
            return None
        return "\n".join([self._state(self._alert()), *map(_line, over)])

    def _summary(self) -> str | None:
        if self._end() is None:
            return None
        heard = [(number, one) for number, id in enumerate(self._episodes, 1) for one in self._heard(id)]
        channels = sorted({one.channel for _, one in heard}, reverse=True)
        return "\n".join(
            f"{channel:<8} {one.at:%H:%M:%S}  episode {number}  {one.event:<9}  {one.title}"
            for channel in channels
            for number, one in heard
            if one.channel == channel
        )

    def _send(self, times: dict[str, str]) -> None:
        labels = {"alertname": ESCALATION_ALERT, "severity": "warning", "service": "demo"}
        body = [{"labels": labels, "annotations": {"summary": "No news for ten minutes"}, **times}]
        url = f"{self._bridge.removesuffix('/api/v1')}/api/v2/alerts"
        self._http.post(url, json=body, timeout=TIMEOUT_SECONDS).raise_for_status()

    def _listed(self) -> list[dict[str, Any]]:
        query = {"name": ESCALATION_ALERT, "status": "firing"}
        answer = self._http.get(f"{self._bridge}/alerts", params=query, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return list(answer.json()["items"])

    def _alert(self) -> dict[str, Any]:
        answer = self._http.get(f"{self._bridge}/alerts/{self._episodes[-1]}", timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        alert: dict[str, Any] = answer.json()
        return alert

    def _heard(self, alert_id: str) -> list[Word]:
        return [one for one in words(self._received) if one.alert_id == alert_id]

    @staticmethod
    def _state(alert: dict[str, Any]) -> str:
        return f"{alert['id']} {alert['severity']} {alert['status']}"


def _line(word: Word) -> str:
    return f"{word.at:%H:%M:%S} UTC, {word.channel}: {word.event}, {word.title}"


def _now() -> str:
    return datetime.now(UTC).isoformat()
