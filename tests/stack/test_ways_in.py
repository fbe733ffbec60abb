"""Real senders against a real bridge: amtool, Prometheus without an Alertmanager, two Alertmanagers in a cluster."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from monitoring.rendering import Addresses
from tests.alert_bridge.alertmanagers import alertmanager
from tests.campaigns.running_bridge import Quiet, RunningBridge, bridge, serving
from tests.tools import tool

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBridge]:
    with bridge(tmp_path_factory.mktemp("bridge")) as found:
        yield found


def amtool(running: RunningBridge, *arguments: str) -> str:
    command = [str(tool("amtool")), f"--alertmanager.url={running.url}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


def statuses(running: RunningBridge, name: str) -> list[str]:
    return [status for (status,) in running.rows(f"SELECT status FROM alerts WHERE name = '{name}'")]


def told(running: RunningBridge, name: str) -> list[tuple[str, int]]:
    return [(one["event"], one["step"]) for one in running.told if one.get("alert", {}).get("name") == name]


def was_told(running: RunningBridge, name: str, event: str) -> bool:
    return (event, 0) in told(running, name)


def test_what_amtool_adds_fires_and_amtool_lists_it(running: RunningBridge) -> None:
    amtool(running, "alert", "add", "alertname=FeedStuck", "service=import", "--annotation=summary=No news for an hour")
    assert statuses(running, "FeedStuck") == ["firing"]
    assert "FeedStuck" in amtool(running, "alert", "query", "alertname=FeedStuck")
    [listed] = json.loads(amtool(running, "-o", "json", "alert", "query", "alertname=FeedStuck"))
    assert listed["labels"] == {"alertname": "FeedStuck", "service": "import"}
    assert listed["annotations"] == {"summary": "No news for an hour"}
    running.wait(partial(was_told, running, "FeedStuck", "firing"), "the channel is told")


def test_what_amtool_adds_with_an_end_that_is_past_ends(running: RunningBridge) -> None:
    since = f"--start={datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    amtool(running, "alert", "add", "alertname=ImportLate", since)
    assert statuses(running, "ImportLate") == ["firing"]
    amtool(running, "alert", "add", "alertname=ImportLate", since, f"--end={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    assert statuses(running, "ImportLate") == ["resolved"]
    assert amtool(running, "-o", "json", "alert", "query", "alertname=ImportLate").strip() == "[]"


@contextmanager
def process(command: list[str], folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with (folder / "process.log").open("wb") as log:
        started = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        yield started
    finally:
        started.kill()
        started.wait(10)


def test_prometheus_posts_straight_to_the_bridge(running: RunningBridge, tmp_path: Path) -> None:
    def write_rule(expression: str) -> None:
        rule = {"alert": "Straight", "expr": expression, "labels": {"severity": "critical"}}
        (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": [rule]}]}))

    write_rule("vector(1)")
    target = running.url.removeprefix("http://")
    configuration: dict[str, Any] = {
        "global": {"evaluation_interval": "1s", "external_labels": {"site": "tokyo"}},
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"api_version": "v2", "static_configs": [{"targets": [target]}]}]},
    }
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    address = Addresses().shifted(running.offset).prometheus
    command = [str(tool("prometheus")), "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb",
               f"--web.listen-address={address}", "--rules.alert.resend-delay=1s"]  # fmt: skip
    with process(command, tmp_path) as prometheus:
        running.wait(lambda: statuses(running, "Straight") == ["firing"], "it fires")
        write_rule("vector(1) == 2")
        prometheus.send_signal(signal.SIGHUP)
        running.wait(lambda: statuses(running, "Straight") == ["resolved"], "it has ended")
    [(labels, source)] = running.rows("SELECT labels, source FROM alerts WHERE name = 'Straight'")
    assert json.loads(labels) == {"alertname": "Straight", "severity": "critical", "site": "tokyo"}
    assert source == "posted"
    running.wait(partial(was_told, running, "Straight", "resolved"), "the channel is told of both")
    assert told(running, "Straight").count(("firing", 0)) == 1


class SlowWay:
    """A proxy before the bridge that holds each notification back, as a slow network does."""

    def __init__(self, to: str, seconds: float) -> None:
        self.to = to
        self.seconds = seconds
        self.passed: list[tuple[str, int]] = []

    def told_by_both(self, since: int) -> bool:
        return len({peer for peer, _ in self.passed[since:]}) == 2

    def handler(way) -> type[Quiet]:  # noqa: N805 - `self` is the handler's
        class Handler(Quiet):
            def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
                body = self.body()
                time.sleep(way.seconds)
                answer = requests.post(way.to, data=body, headers={"content-type": "application/json"}, timeout=30)
                way.passed.append((json.loads(body)["externalURL"], answer.status_code))
                with suppress(OSError):
                    self.answer(answer.status_code)

        return Handler


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def told_once(running: RunningBridge, folder: Path, name: str, peer_seconds: float, receiver_seconds: float) -> None:
    """Let an alert fire at two Alertmanagers of a cluster whose receiver is slower than a peer waits."""
    gossip = [free_port(), free_port()]
    way = SlowWay(running.webhook, receiver_seconds)
    with ExitStack() as stack:
        url = stack.enter_context(serving(way.handler()))
        peers = []
        for place in range(2):
            home = folder / f"peer{place}"
            home.mkdir()
            cluster = (f"--cluster.listen-address=127.0.0.1:{gossip[place]}", f"--cluster.peer=127.0.0.1:{gossip[0]}",
                       f"--cluster.peer-timeout={peer_seconds:g}s", "--cluster.gossip-interval=20ms")  # fmt: skip
            peers.append(stack.enter_context(alertmanager(home, free_port(), url, cluster)))
        for ended in (False, True):
            for peer in peers:
                peer.fire(name, ended=ended)
            running.wait(partial(way.told_by_both, len(way.passed)), "both peers told it")
            running.wait(partial(was_told, running, name, "resolved" if ended else "firing"), "the channel is told")
    assert statuses(running, name) == ["resolved"]
    assert {status for _, status in way.passed} == {200}
    events = told(running, name)
    assert (events.count(("firing", 0)), events.count(("resolved", 0))) == (1, 1), events


def test_two_alertmanagers_that_both_tell_an_alert_wake_nobody_twice(running: RunningBridge, tmp_path: Path) -> None:
    told_once(running, tmp_path, "TwiceTold", 0.5, 1.5)


@pytest.mark.slow
def test_two_alertmanagers_and_a_receiver_slow_by_eight_seconds(running: RunningBridge, tmp_path: Path) -> None:
    told_once(running, tmp_path, "SlowlyTold", 3, 8)
