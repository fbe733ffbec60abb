"""A real `python -m analyzer` on a folder: started, asked, killed."""

import json
import os
import re
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]


class RunningAnalyzer:
    """The analyzer with settings of its own; several times, if it is killed."""

    def __init__(self, folder: Path, settings: dict[str, Any], *, data: Path | None = None) -> None:
        self.data = data or folder / "data"
        self._folder = folder
        self._address = f"127.0.0.1:{_free_port()}"
        (folder / "settings.json").write_text(json.dumps({"analyzer": {"series": [], **settings}}))

    @contextmanager
    def running(self, *prefix: str, stdin: int = subprocess.DEVNULL) -> Iterator["subprocess.Popen[bytes]"]:
        """Run it; it is ended in the end. prefix: a command that runs it."""
        module = [sys.executable, "-m", "analyzer", "--web.listen-address", self._address]
        command = [*prefix, *module, "--config", "settings.json", "--data-dir", str(self.data)]
        environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
        with (self._folder / "analyzer.err").open("ab") as said:
            process = subprocess.Popen(command, cwd=self._folder, env=environment, stdin=stdin, stderr=said)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) in (0, -signal.SIGKILL), self.said()

    def wait_until_up(self) -> None:
        host, port = self._address.split(":")

        def answers() -> bool:
            try:
                socket.create_connection((host, int(port)), 1).close()
            except OSError:
                return False
            return True

        self.wait(answers, "the analyzer answers")

    def wait(self, condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
        """Return once the condition is true; fail, naming it, when it is not within the time-out."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}\n{self.said()}"
            time.sleep(0.02)

    def said(self) -> str:
        return (self._folder / "analyzer.err").read_text()

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://{self._address}{path}", timeout=30) as answer:
            found: bytes = answer.read()
        return found

    def metric(self, name: str) -> float:
        """Return the sum of a family's samples."""
        text = self.get("/metrics").decode()
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE))

    def sources(self) -> dict[str, Any]:
        return {item["name"]: item for item in json.loads(self.get("/api/v1/sources"))["items"]}

    def counted(self) -> Counter[str]:
        """Return what the database holds: records by pattern."""
        return Counter(dict(self._rows("SELECT pattern_id, frequency FROM log_patterns")))

    def lines(self) -> dict[str, int]:
        """Return what the database holds: records by source."""
        rows = self._rows("SELECT key, value FROM analyzer_state WHERE key LIKE 'source:%'")
        return {key.partition(":")[2]: json.loads(value)["lines"] for key, value in rows}

    def _rows(self, query: str) -> Sequence[tuple[Any, Any]]:
        with closing(sqlite3.connect(f"file:{self.data}/logs_analysis.db?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()


class Scraper:
    """Scrapes /metrics all the time, in a thread. seconds: how long each scrape took."""

    def __init__(self, analyzer: RunningAnalyzer) -> None:
        self.seconds: list[float] = []
        self._analyzer = analyzer
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._scrape)

    def __enter__(self) -> "Scraper":
        self._analyzer.get("/metrics")  # the first one costs the client 0.2 s
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def median_seconds(self) -> float:
        return statistics.median(self.seconds)

    def _scrape(self) -> None:
        while not self._ending.wait(0.02):
            began = time.monotonic()
            self._analyzer.get("/metrics")
            self.seconds.append(time.monotonic() - began)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
