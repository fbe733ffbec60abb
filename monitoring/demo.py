"""Proof that a stack does its work: something is broken in the sample application, and it is seen to the end.

Each step prints its evidence, read back from where it lies: the APIs of Prometheus and Alertmanager, the SQLite file,
the files of the mail and webhook receivers, and a WebSocket client of its own.
"""

import json
import sqlite3
import ssl
import threading
from collections.abc import Mapping
from contextlib import closing, suppress
from typing import Any

import requests
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from monitoring.demo_escalation import EscalationDemo
from monitoring.demo_parts import TIMEOUT_SECONDS, Step, words
from monitoring.processes import Signals, Talk
from monitoring.supervisor import Stack
from runtime.clock import Clock, SystemClock

LOOK_SECONDS = 0.5
PATTERN = "database_error"
ALERT = "ErrorRateAboveThreshold"
METRIC = "error_rate"


class Listener:
    """A WebSocket client that keeps what it hears about alerts."""

    def __init__(self, url: str, headers: Mapping[str, str], context: ssl.SSLContext | None) -> None:
        self.updates = 0
        self.heard: list[dict[str, Any]] = []
        self._feed: ClientConnection = connect(
            url, ssl=context, additional_headers=headers, open_timeout=TIMEOUT_SECONDS, max_size=None, proxy=None
        )
        self._thread = threading.Thread(target=self._listen, name="demo listener", daemon=True)
        self._thread.start()

    def last(self, alert_id: str, status: str) -> dict[str, Any] | None:
        """Return the last message about an alert in a status."""
        about = [one for one in self.heard if one["data"]["id"] == alert_id and one["data"]["status"] == status]
        return about[-1] if about else None

    def acknowledge(self, alert_id: str) -> None:
        """Say that somebody has it, as the guide's client does."""
        self._feed.send(json.dumps({"action": "acknowledge_alert", "alert_id": alert_id}))

    def close(self) -> None:
        """Hang up."""
        self._feed.close()
        self._thread.join(TIMEOUT_SECONDS)

    def _listen(self) -> None:
        with suppress(WebSocketException):
            for text in self._feed:
                message = json.loads(text)
                if message["type"] == "metrics_update":
                    self.updates += 1
                elif message["type"] in ("new_alert", "alert_update"):
                    self.heard.append(message)


class Demo:
    """The steps on one running stack that has the sample application and the receivers."""

    def __init__(self, stack: Stack, signals: Signals, talk: Talk, clock: Clock | None = None) -> None:
        self._stack = stack
        self._signals = signals
        self._talk = talk
        self._clock = clock or SystemClock()
        self._scheme = "https" if stack.access.ssl_context else "http"
        token_file = stack.run / "scrape.token"
        self._headers = {"Authorization": f"Bearer {token_file.read_text()}"} if token_file.exists() else {}
        self._http = requests.Session()
        self._http.trust_env = False  # a proxy has no business between this machine and itself
        self._http.verify = False
        self._http.headers.update(self._headers)
        self._bridge = f"{self._scheme}://{stack.addresses.alert_bridge}/api/v1"
        self._received = stack.data / "received"
        self._id = ""
        self._listener: Listener | None = None

    def prove(self) -> bool:
        """Take every step, one line each. False as soon as one is not seen in its time, or a signal says stop."""
        begin = self._clock.monotonic()
        steps = self._steps()
        try:
            for number, step in enumerate(steps, 1):
                if not self._prove_step(f"{number:>2}/{len(steps)}", step):
                    return False
        finally:
            if self._listener is not None:
                self._listener.close()
        self._talk(f"demo   all of it was seen, in {self._clock.monotonic() - begin:.0f} s")
        return True

    def _prove_step(self, number: str, step: Step) -> bool:
        begin = self._clock.monotonic()
        while (seen := self._look(step)) is None:
            if self._signals.stopping:
                return False
            if self._clock.monotonic() - begin > step.seconds:
                self._talk(f"demo {number}  not seen within {step.seconds:g} s: {step.name}")
                return False
            self._signals.wait(LOOK_SECONDS)
        self._talk(f"demo {number} {self._clock.monotonic() - begin:5.1f} s  {step.name}\n{_indented(seen)}")
        return True

    def _steps(self) -> list[Step]:
        return [
            Step("Prometheus scrapes every part", 40, self._targets),
            Step("a feed client of the guide gets metrics", 15, self._feed),
            Step("the page is served", 10, self._page),
            Step("the threshold has learned from four weeks", 40, self._threshold),
            Step("Prometheus has the threshold and its rule", 40, self._rule),
            Step("the sample's database is broken on purpose", 10, lambda: self._fail("database")),
            Step("the analyzer recognises the log lines", 60, self._pattern),
            Step("the alert fires in Prometheus", 120, self._in_prometheus),
            Step("the alert is in Alertmanager", 30, self._in_alertmanager),
            Step("the alert is in the database, with its reason", 30, self._in_database),
            Step("the feed client heard of it", 10, lambda: self._heard("firing")),
            Step("the webhook was called", 30, lambda: self._told("webhook", "firing")),
            Step("the mail arrived", 30, lambda: self._told("mail", "firing")),
            Step("the feed client acknowledges it", 15, self._acknowledge),
            Step("the sample's database is repaired", 10, lambda: self._fail(None)),
            *EscalationDemo(self._http, self._bridge, self._received).steps(),
            Step("the alert is resolved in the database", 150, self._resolved),
            Step("the feed client heard of that", 10, lambda: self._heard("resolved")),
            Step("webhook and mail say so", 30, self._told_of_the_end),
        ]

    def _look(self, step: Step) -> str | None:
        try:
            return step.look()
        except (OSError, ValueError, KeyError, IndexError, sqlite3.Error, WebSocketException):
            return None

    def _targets(self) -> str | None:
        targets = self._get(f"{self._stack.prometheus_url}/api/v1/targets")["data"]["activeTargets"]
        up = sorted(target["labels"]["job"] for target in targets if target["health"] == "up")
        if not targets or len(up) < len(targets):
            return None
        series = self._query(f"count({METRIC})")
        return f"{len(up)} targets are up: {', '.join(up)}; {METRIC} has {series:g} series" if series else None

    def _feed(self) -> str | None:
        websocket = "wss" if self._scheme == "https" else "ws"
        url = f"{websocket}://{self._stack.addresses.feed}/"
        if self._listener is None:
            context = ssl._create_unverified_context() if websocket == "wss" else None  # noqa: S323 - this machine's own
            self._listener = Listener(url, self._headers, context)
        return f"metrics_update from {url}" if self._listener.updates else None

    def _page(self) -> str | None:
        url = f"{self._scheme}://{self._stack.addresses.dashboard}/"
        answer = self._http.get(url, timeout=TIMEOUT_SECONDS)
        return f"{len(answer.content)} bytes from {url}" if answer.ok else None

    def _threshold(self) -> str | None:
        items = self._get(f"{self._bridge}/thresholds")["items"]
        known = [one for one in items if one["metric_name"] == METRIC and one["mode"] == "adaptive"]
        if not known or known[0]["value"] == known[0]["base"]:
            return None
        one = known[0]
        return f"{METRIC}: {one['mode']}, {one['value']:.4g} instead of the base {one['base']:g}. Why: {one['reason']}"

    def _rule(self) -> str | None:
        groups = self._get(f"{self._stack.prometheus_url}/api/v1/rules")["data"]["groups"]
        rules = [rule["query"] for group in groups for rule in group["rules"] if rule["name"] == ALERT]
        value = self._query(f'max(dynamic_threshold{{metric="{METRIC}"}})')
        return f"dynamic_threshold is {value:.4g}; {ALERT}: {rules[0][:150]}..." if rules and value else None

    def _fail(self, mode: str | None) -> str | None:
        url = f"http://{self._stack.addresses.sample}/fail"
        answer = self._http.post(url, json={"mode": mode}, timeout=TIMEOUT_SECONDS)
        return f"POST {url} {json.dumps({'mode': mode})}: {answer.status_code}" if answer.ok else None

    def _pattern(self) -> str | None:
        patterns = self._get(f"http://{self._stack.addresses.analyzer}/api/v1/patterns")["items"]
        seen = [pattern for pattern in patterns if pattern["pattern_id"] == PATTERN]
        counted = self._query(f'sum(log_pattern_lines_total{{pattern="{PATTERN}"}})')
        if not seen or not counted:
            return None
        example = seen[0]["examples"][0] if seen[0]["examples"] else ""
        return f"{PATTERN}: {seen[0]['frequency']} lines, in Prometheus {counted:g}; for example: {example[:140]}"

    def _in_prometheus(self) -> str | None:
        alerts = self._get(f"{self._stack.prometheus_url}/api/v1/alerts")["data"]["alerts"]
        firing = [one for one in alerts if one["labels"]["alertname"] == ALERT and one["state"] == "firing"]
        return f"{ALERT} fires since {firing[0]['activeAt']}, value {firing[0]['value']}" if firing else None

    def _in_alertmanager(self) -> str | None:
        alerts = self._get(f"{self._stack.alertmanager_urls[0]}/api/v2/alerts")
        seen = [one for one in alerts if one["labels"]["alertname"] == ALERT]
        return f"{ALERT}, fingerprint {seen[0]['fingerprint']}, {seen[0]['status']['state']}" if seen else None

    def _in_database(self) -> str | None:
        row = self._row()
        if row is None or not row["reason"] or not json.loads(row["log_patterns"]):
            return None
        self._id = row["id"]
        patterns = ", ".join(one["pattern_id"] for one in json.loads(row["log_patterns"]))
        what = f"{row['id']} {row['severity']} {row['status']}: {row['message']}"
        return f"{what}\n{row['reason']}\nlog patterns: {patterns}"

    def _heard(self, status: str) -> str | None:
        message = self._listener.last(self._id, status) if self._listener else None
        return f"{message['type']}, seq {message['seq']}, {status}" if message else None

    def _told(self, channel: str, event: str) -> str | None:
        about = [
            one for one in words(self._received) if (one.alert_id, one.channel, one.event) == (self._id, channel, event)
        ]
        return f"{about[0].file.name}: {event}, {about[0].title}; {about[0].address}" if about else None

    def _acknowledge(self) -> str | None:
        row = self._row()
        if row is None or self._listener is None:
            return None
        if row["status"] != "acknowledged":
            self._listener.acknowledge(self._id)
            return None
        heard = self._heard("acknowledged")
        return f"{heard}; database: {row['status']} by {row['acknowledged_by']}" if heard else None

    def _resolved(self) -> str | None:
        row = self._row()
        return f"{row['id']} {row['status']} at {row['resolved_at']}" if row and row["status"] == "resolved" else None

    def _told_of_the_end(self) -> str | None:
        hook, mail = self._told("webhook", "resolved"), self._told("mail", "resolved")
        return f"{hook}\n{mail}" if hook and mail else None

    def _row(self) -> sqlite3.Row | None:
        """Read the alert's row from the file, beside the bridge that writes it."""
        with closing(sqlite3.connect(f"file:{self._stack.data / 'alerts.db'}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            query = "SELECT * FROM alerts WHERE name = ? ORDER BY created_at DESC LIMIT 1"
            found: sqlite3.Row | None = database.execute(query, (ALERT,)).fetchone()
            return found

    def _query(self, query: str) -> float | None:
        answer = self._get(f"{self._stack.prometheus_url}/api/v1/query", {"query": query})
        result = answer["data"]["result"]
        return float(result[0]["value"][1]) if result else None

    def _get(self, url: str, query: Mapping[str, str] | None = None) -> Any:
        answer = self._http.get(url, params=query, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.json()


def _indented(text: str) -> str:
    return "\n".join(f"             {line}" for line in text.splitlines())
