"""Proof that a stack does its work: something is broken in the sample application, and it is seen to the end."""

import json
import ssl
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from monitoring.processes import Signals, Talk, direct
from monitoring.supervisor import Stack
from runtime.clock import Clock, SystemClock

LOOK_SECONDS = 0.5
PATTERN = "database_error"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to be seen. look: returns what was seen, or None as long as it is not."""

    name: str
    seconds: float
    look: Callable[[], str | None]


class Demo:
    """The steps on one running stack that has the sample application."""

    def __init__(self, stack: Stack, signals: Signals, talk: Talk, clock: Clock | None = None) -> None:
        self._stack = stack
        self._signals = signals
        self._talk = talk
        self._clock = clock or SystemClock()
        self._scheme = "https" if stack.access.ssl_context else "http"
        token_file = stack.run / "scrape.token"
        self._headers = {"Authorization": f"Bearer {token_file.read_text()}"} if token_file.exists() else {}

    def prove(self) -> bool:
        """Take every step, one line each. False as soon as one is not seen in its time, or a signal says stop."""
        for step in self._steps():
            begin = self._clock.monotonic()
            while (seen := self._look(step)) is None:
                if self._signals.stopping:
                    return False
                if self._clock.monotonic() - begin > step.seconds:
                    self._talk(f"demo   not seen within {step.seconds:g} s: {step.name}")
                    return False
                self._signals.wait(LOOK_SECONDS)
            self._talk(f"demo   {self._clock.monotonic() - begin:5.1f} s  {step.name}: {seen}")
        return True

    def _steps(self) -> list[Step]:
        return [
            Step("Prometheus scrapes every part", 30, self._targets),
            Step("the page is served", 10, self._page),
            Step("the feed sends metrics", 10, self._feed),
            Step("the sample's database is broken on purpose", 10, lambda: self._fail("database")),
            Step("the analyzer recognises the log lines", 60, self._pattern),
            Step("an alert reaches the bridge through Alertmanager", 120, self._alert),
            Step("the sample's database is repaired", 10, lambda: self._fail(None)),
        ]

    def _look(self, step: Step) -> str | None:
        try:
            return step.look()
        except (OSError, ValueError, WebSocketException):
            return None

    def _targets(self) -> str | None:
        targets = self._get(f"{self._stack.prometheus_url}/api/v1/targets")["data"]["activeTargets"]
        up = [target for target in targets if target["health"] == "up"]
        return f"{len(up)} targets are up" if targets and len(up) == len(targets) else None

    def _page(self) -> str | None:
        url = f"{self._scheme}://{self._stack.addresses.dashboard}/"
        request = urllib.request.Request(url, headers=self._headers)
        with direct.open(request, timeout=5) as answer:
            return f"{len(answer.read())} bytes from {url}" if answer.status == 200 else None

    def _feed(self) -> str | None:
        context = None
        if self._scheme == "https":
            context = ssl._create_unverified_context()  # noqa: S323 - the feed of this machine's own stack
        url = f"{'wss' if context else 'ws'}://{self._stack.addresses.feed}/"
        with connect(url, ssl=context, additional_headers=self._headers, open_timeout=5, max_size=None) as feed:
            message = json.loads(feed.recv(timeout=5))
        return f"{message['type']} from {url}"

    def _fail(self, mode: str | None) -> str | None:
        url = f"http://{self._stack.addresses.sample}/fail"
        body = json.dumps({"mode": mode}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with direct.open(request, timeout=5) as answer:
            return str(answer.status) if answer.status == 200 else None

    def _pattern(self) -> str | None:
        patterns = self._get(f"http://{self._stack.addresses.analyzer}/api/v1/patterns")["items"]
        seen = [pattern for pattern in patterns if pattern["pattern_id"] == PATTERN]
        return f"{PATTERN}, {seen[0]['frequency']} times" if seen else None

    def _alert(self) -> str | None:
        alerts = self._get(f"{self._scheme}://{self._stack.addresses.alert_bridge}/api/v1/alerts?limit=1000")["items"]
        seen = [alert for alert in alerts if alert["labels"].get("job") == "app"]
        return f"{seen[0]['name']}: {seen[0]['message']}" if seen else None

    def _get(self, url: str) -> Any:
        with direct.open(urllib.request.Request(url, headers=self._headers), timeout=5) as answer:
            return json.loads(answer.read())
