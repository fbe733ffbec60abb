"""A real `python -m alert_bridge`, and the far end of its channel: started, asked, killed."""

import json
import os
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

import requests
import yaml

from tests.stack.ports import free_offset

_ROOT = Path(__file__).parents[2]
STEPS = [{"after": f"{seconds}s", "actions": [{"notify": {"channels": "hook"}}]} for seconds in (0, 1)]


def wait_for(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Return once the condition is true; fail, naming it, when it is not within the time-out."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


class Quiet(BaseHTTPRequestHandler):
    """A handler of a test's own server: reads a body, answers, logs nothing."""

    protocol_version = "HTTP/1.1"

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers["content-length"]))

    def answer(self, status: int, body: bytes = b"{}") -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve HTTP on a free port; yields the URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class RunningBridge:
    """A bridge that can be killed, and what its channel was told."""

    folder: Path
    data: Path
    offset: int
    told: list[dict[str, Any]] = field(default_factory=list)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{9107 + self.offset}"

    @property
    def webhook(self) -> str:
        return f"{self.url}/api/v1/ingest/alertmanager"

    def configure(self, hook: str, **channel: Any) -> None:
        """Write the settings: two steps, no peers, a channel that ends at `hook`. channel: more settings of it."""
        settings = {
            "prometheus": {"url": "http://127.0.0.1:9/"},
            "alertmanager": {"urls": []},
            "alert_bridge": {
                "feed": {"listen_address": f"127.0.0.1:{8765 + self.offset}"},
                "dashboard": {"listen_address": f"127.0.0.1:{8080 + self.offset}"},
                "thresholds": [],
            },
            "escalation": {"policies": [{"name": "all", "match": {}, "steps": STEPS}]},
            "notifications": {
                "channels": {"hook": {"type": "webhook", "url": hook, "allow_private_addresses": True, **channel}}
            },
        }
        (self.folder / "bridge.yml").write_text(yaml.safe_dump(settings))

    def start(self, wait: bool = True) -> None:
        address = f"127.0.0.1:{9107 + self.offset}"
        command = [sys.executable, "-m", "alert_bridge", "--config", str(self.folder / "bridge.yml"),
                   "--data-dir", str(self.data), "--web.listen-address", address]  # fmt: skip
        with (self.folder / "bridge.log").open("ab") as log:
            environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, env=environment)
        if wait:
            self.wait(self.ready, "the bridge is up")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def ready(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/-/ready", timeout=10).ok
        return False

    def wait(self, condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
        try:
            wait_for(condition, what, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{(self.folder / 'bridge.log').read_text()[-4000:]}") from None

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.data}/alerts.db?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(query).fetchall()

    def count(self, query: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {query}")[0][0])

    def metric(self, name: str) -> float:
        text = requests.get(f"{self.url}/metrics", timeout=10).text
        [line] = [one for one in text.splitlines() if one.startswith(f"{name} ")]
        return float(line.split()[-1])


@contextmanager
def bridge(folder: Path, data: Path | None = None) -> Iterator[RunningBridge]:
    """Run a bridge whose data are in `data`, or below `folder`."""
    running = RunningBridge(folder, data or folder / "data", free_offset())

    class Hook(Quiet):
        def do_POST(self) -> None:
            running.told.append(json.loads(self.body()))
            self.answer(200)

    with serving(Hook) as hook:
        running.configure(hook)
        running.start()
        try:
            yield running
        finally:
            running.kill()
