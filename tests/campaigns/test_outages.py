"""The bridge and Alertmanager go away and come back, with the real Prometheus and Alertmanager: nothing is lost."""

import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.alert_bridge.alertmanagers import Alertmanager, alertmanager
from tests.stack.ports import free_offset
from tests.tools import tool

pytestmark = [pytest.mark.slow, pytest.mark.stack]
INTERVAL = 2.0
SETTLE = 20.0


@dataclass
class World:
    """An application whose numbers are troubles, and the end of the bridge's channel."""

    port: int
    troubles: set[int] = field(default_factory=set)
    told: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def serving(self) -> Iterator[None]:
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer("".join(f'trouble{{n="{n}"}} {int(n in world.troubles)}\n' for n in range(60)).encode())

            def do_POST(self) -> None:
                world.told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self._answer(b"{}")

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/plain")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()


@dataclass
class Stack:
    """World, Prometheus, Alertmanager and a bridge that can be killed."""

    folder: Path
    world: World
    alertmanager: Alertmanager
    prometheus_port: int
    bridge_port: int
    bridge: subprocess.Popen[bytes] | None = None

    def start_bridge(self) -> None:
        command = [sys.executable, "-m", "alert_bridge", "--config", str(self.folder / "bridge.yml"), "--data-dir",
                   str(self.folder / "data"), "--web.listen-address", f"127.0.0.1:{self.bridge_port}"]  # fmt: skip
        with (self.folder / "bridge.log").open("ab") as log:
            self.bridge = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(lambda: ready(f"http://127.0.0.1:{self.bridge_port}/-/ready"), "the bridge is up", 60)

    def kill_bridge(self) -> None:
        if self.bridge is not None:
            self.bridge.kill()
            self.bridge.wait(10)
            self.bridge = None

    def rows(self, since: int = 0, query: str = "") -> list[dict[str, Any]]:
        """Return the episodes, of the troubles from a number on."""
        with closing(sqlite3.connect(f"file:{self.folder}/data/alerts.db?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            rows = [dict(row) for row in database.execute("SELECT * FROM alerts WHERE name = 'Trouble'")]
        return [row for row in rows if int(json.loads(row["labels"])["n"]) >= since]

    def open(self) -> set[int]:
        return {int(json.loads(row["labels"])["n"]) for row in self.rows() if row["resolved_at"] is None}

    def missed(self, how: str) -> float:
        text = requests.get(f"http://127.0.0.1:{self.bridge_port}/metrics", timeout=10).text
        [line] = [
            one for one in text.splitlines() if one.startswith(f'alert_bridge_alerts_missed_total{{how="{how}"}}')
        ]
        return float(line.split()[-1])

    def firing(self) -> int:
        query = {"query": 'count(ALERTS{alertname="Trouble",alertstate="firing"}) or vector(0)'}
        found = requests.get(f"http://127.0.0.1:{self.prometheus_port}/api/v1/query", params=query, timeout=10).json()
        return int(found["data"]["result"][0]["value"][1])


def ready(url: str) -> bool:
    with suppress(requests.RequestException):
        return requests.get(url, timeout=2).ok
    return False


def wait_for(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)


@contextmanager
def prometheus(folder: Path, port: int, world: World, peer: Alertmanager) -> Iterator[None]:
    rule = {
        "alert": "Trouble",
        "expr": "trouble == 1",
        "labels": {"severity": "error"},
        "annotations": {"summary": "Trouble {{ $labels.n }}"},
    }
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": [rule]}]}))
    configuration = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s", "external_labels": {"site": "tokyo"}},
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{peer.port}"]}]}]},
        "scrape_configs": [{"job_name": "app", "static_configs": [{"targets": [f"127.0.0.1:{world.port}"]}]}],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    command = [str(tool("prometheus")), f"--config.file={folder / 'prometheus.yml'}",
               f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address=127.0.0.1:{port}"]  # fmt: skip
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for(lambda: ready(f"http://127.0.0.1:{port}/-/ready"), "Prometheus is up")
        yield
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    offset = free_offset()
    world = World(9108 + offset)
    bridge_port = 9107 + offset
    settings = {
        "prometheus": {"url": f"http://127.0.0.1:{9090 + offset}"},
        "alertmanager": {
            "urls": [f"http://127.0.0.1:{9093 + offset}"],
            "reconcile_interval_seconds": INTERVAL,
            "settle_seconds": SETTLE,
        },
        "alert_bridge": {
            "feed": {"listen_address": f"127.0.0.1:{8765 + offset}"},
            "dashboard": {"listen_address": f"127.0.0.1:{8080 + offset}"},
            "thresholds": [],
        },
        "notifications": {
            "channels": {
                "hook": {"type": "webhook", "url": f"http://127.0.0.1:{world.port}/", "allow_private_addresses": True}
            }
        },
    }
    (tmp_path / "bridge.yml").write_text(yaml.safe_dump(settings))
    webhook = f"http://127.0.0.1:{bridge_port}/api/v1/ingest/alertmanager"
    with world.serving(), alertmanager(tmp_path, 9093 + offset, webhook) as peer:
        found = Stack(tmp_path, world, peer, 9090 + offset, bridge_port)
        with prometheus(tmp_path, found.prometheus_port, world, peer):
            found.start_bridge()
            try:
                yield found
            finally:
                found.kill_bridge()


def test_fifty_fire_and_thirty_resolve_while_the_bridge_is_down(stack: Stack) -> None:
    stack.world.troubles = {0}
    wait_for(lambda: stack.open() == {0}, "the webhook brings the first")
    time.sleep(2 * INTERVAL)  # a poll has been in contact
    stack.kill_bridge()
    time.sleep(SETTLE / 2)
    stack.world.troubles |= set(range(1, 51))
    wait_for(lambda: stack.firing() == 51, "fifty more fire")
    time.sleep(SETTLE)
    stack.world.troubles -= set(range(1, 31))
    wait_for(lambda: stack.firing() == 21, "thirty of them end")
    time.sleep(SETTLE / 2)
    stack.start_bridge()
    wait_for(lambda: stack.open() == {0, *range(31, 51)} and len(stack.rows(1)) == 50, "all fifty are there")
    wait_for(lambda: any(one["event"] == "backfill" for one in stack.world.told), "they are told in one message")
    time.sleep(5 * INTERVAL)
    rows = stack.rows(1)
    closed = [row for row in rows if row["status"] == "resolved"]
    assert (len(rows), len(closed), {row["source"] for row in closed}) == (50, 30, {"backfill"})
    assert {row["message"] for row in closed} == {f"Trouble {number}" for number in range(1, 31)}
    [bundle] = [one for one in stack.world.told if one["event"] == "backfill"]
    assert bundle["total"] == 30
    assert stack.missed("backfill") == 30
    assert stack.missed("poll") == 0
    told_of = [one["alert"]["labels"]["n"] for one in stack.world.told if one["event"] == "firing"]
    assert not {str(number) for number in range(1, 31)} & set(told_of)


def test_alertmanager_killed_away_and_back_resets_and_resolves_nothing(stack: Stack) -> None:
    stack.world.troubles = {1, 2, 3}
    wait_for(lambda: stack.open() == {1, 2, 3}, "three alerts")
    wait_for(lambda: sum(one["event"] == "firing" for one in stack.world.told) == 3, "each is told")
    before = {row["id"]: row["created_at"] for row in stack.rows()}
    taken = next(iter(before))
    url = f"http://127.0.0.1:{stack.bridge_port}/api/v1/alerts/{taken}/acknowledge"
    requests.post(url, json={"comment": "mine"}, timeout=10).raise_for_status()
    stack.alertmanager.kill()
    time.sleep(SETTLE)
    assert stack.open() == {1, 2, 3}
    stack.alertmanager.start()
    time.sleep(SETTLE + 5 * INTERVAL)
    rows = stack.rows()
    assert {row["id"]: row["created_at"] for row in rows} == before
    assert {row["status"] for row in rows if row["id"] == taken} == {"acknowledged"}
    assert {row["status"] for row in rows if row["id"] != taken} == {"firing"}
    fired = [one["alert"]["id"] for one in stack.world.told if one["event"] == "firing"]
    assert len(fired) == len(set(fired)) == 3
