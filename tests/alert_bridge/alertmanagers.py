"""A real Alertmanager, and a Prometheus that says what a test lets it say."""

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from runtime.clock import format_utc
from runtime.prometheus import Sample, Series, SeriesUnavailable
from tests.tools import tool

ROUTE = """
route: {receiver: bridge, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: bridge, webhook_configs: [{url: "%s"}]}]
inhibit_rules:
  - {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [instance]}
"""


@dataclass
class Alertmanager:
    """A running Alertmanager; what is posted fires until it is ended."""

    folder: Path
    port: int
    webhook: str = "http://127.0.0.1:9/"
    process: subprocess.Popen[bytes] | None = None
    cluster: Sequence[str] = ("--cluster.listen-address=",)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        (self.folder / "alertmanager.yml").write_text(ROUTE % self.webhook)
        command = [
            str(tool("alertmanager")),
            f"--config.file={self.folder / 'alertmanager.yml'}",
            f"--storage.path={self.folder / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            *self.cluster,
        ]
        with (self.folder / "alertmanager.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with suppress(requests.RequestException):
                if requests.get(f"{self.url}/-/ready", timeout=2).ok:
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / "alertmanager.log").read_text())

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def fire(self, name: str, ended: bool = False, starts: float = 0.0, **labels: str) -> dict[str, str]:
        """Let an alert fire, or with `ended` end. starts: epoch seconds; long ago by default."""
        full = {"alertname": name, "severity": "critical", "instance": "news-1", **labels}
        now = time.time()
        alert = {
            "labels": full,
            "annotations": {"summary": f"{name} fires"},
            "startsAt": format_utc(starts or now - 600),
            "endsAt": format_utc(now - 0.001 if ended else now + 3600),
        }
        requests.post(f"{self.url}/api/v2/alerts", json=[alert], timeout=10).raise_for_status()
        return full

    def silence(self, name: str) -> str:
        """Silence an alert for an hour; returns the silence's id."""
        now = datetime.now().astimezone()
        body = {
            "matchers": [{"name": "alertname", "value": name, "isRegex": False, "isEqual": True}],
            "startsAt": format_utc(now),
            "endsAt": format_utc(now + timedelta(hours=1)),
            "createdBy": "yui",
            "comment": "new disks",
        }
        answer = requests.post(f"{self.url}/api/v2/silences", json=body, timeout=10)
        answer.raise_for_status()
        return str(answer.json()["silenceID"])

    def end_silence(self, id: str) -> None:
        requests.delete(f"{self.url}/api/v2/silence/{id}", timeout=10).raise_for_status()

    def silences(self) -> list[dict[str, Any]]:
        """Return the silences that are in force."""
        found = requests.get(f"{self.url}/api/v2/silences", timeout=10).json()
        return [one for one in found if one["status"]["state"] == "active"]


@contextmanager
def alertmanager(
    folder: Path,
    port: int,
    webhook: str = "http://127.0.0.1:9/",
    cluster: Sequence[str] = ("--cluster.listen-address=",),
) -> Iterator[Alertmanager]:
    running = Alertmanager(folder, port, webhook, cluster=cluster)
    running.start()
    try:
        yield running
    finally:
        running.kill()


@dataclass
class FakePrometheus:
    """Says what fires, what fired, and which rules there are; `problem` is raised instead while it is set.

    history: by labels, the moments (epoch seconds) at which it fired.
    """

    firing: list[dict[str, str]] = field(default_factory=list)
    history: list[tuple[dict[str, str], Sequence[float]]] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)
    up: float = 3600.0
    problem: str | None = None
    asked: list[tuple[float, float]] = field(default_factory=list)

    async def instant(self, name: str) -> Sequence[Sample]:
        self._answer()
        return [Sample({"__name__": "ALERTS", "alertstate": "firing", **labels}, 0.0, 1.0) for labels in self.firing]

    async def range(self, name: str, start: float, end: float, step: float) -> Sequence[Series]:
        self._answer()
        grid = [start + step * place for place in range(int((end - start) / step) + 1)]
        if "count" in name:
            return [Series({}, tuple(grid), (1.0,) * len(grid))]
        self.asked.append((start, end))
        found = []
        for labels, spans in self.history:
            moments = tuple(at for at in grid if spans[0] <= at <= spans[1])
            found.append(Series({"alertstate": "firing", **labels}, moments, (1.0,) * len(moments)))
        return found

    async def up_seconds(self) -> float:
        self._answer()
        return self.up

    async def alerting_rules(self) -> Sequence[Mapping[str, Any]]:
        self._answer()
        return self.rules

    async def external_labels(self) -> Mapping[str, str]:
        self._answer()
        return {}

    def _answer(self) -> None:
        if self.problem is not None:
            raise SeriesUnavailable("ALERTS", self.problem)
