import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import until

PROGRAM = Path(__file__).parent.parent.parent / "examples" / "news_app.py"


class NewsApp:
    """The example as a process of its own, on a free port."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "news_app.log"
        command = [sys.executable, str(PROGRAM), "--listen", "127.0.0.1:0", "--log-dir", str(folder), "--rate", "200"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self._url = self.process.stdout.readline().split()[-1]

    def close(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def request(self, path: str, body: object = None) -> str:
        request = urllib.request.Request(
            f"{self._url}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as response:
            return str(response.read().decode())

    def value(self, series: str) -> float:
        match = re.search(rf"^{re.escape(series)} (\S+)$", self.request("/metrics"), re.MULTILINE)
        return float(match[1]) if match else 0.0

    def failed(self, task: str) -> float:
        return self.value(f'app_tasks_total{{status="failed",task="{task}"}}')

    def completed(self, task: str) -> float:
        return self.value(f'app_tasks_total{{status="completed",task="{task}"}}')

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[NewsApp]:
    running = NewsApp(tmp_path)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.close()


async def test_news_app_works_breaks_on_purpose_recovers_and_stops(app: NewsApp) -> None:
    await until(lambda: app.completed("deliver") > 20, "articles are delivered")
    assert app.value('app_info{name="news_app",version="1.0.0"}') == 1
    assert json.loads(app.request("/fail")) == {"mode": None}

    assert json.loads(app.request("/fail", {"mode": "database"})) == {"mode": "database"}
    before = app.failed("deliver")
    await until(lambda: app.failed("deliver") > before + 20, "deliveries fail")
    assert "データベース接続に失敗しました" in app.log()
    assert "psycopg.OperationalError: connection to server at" in app.log()

    app.request("/fail", {"mode": "feed"})
    await until(lambda: app.failed("parse") > 5, "feeds cannot be parsed")
    assert "feed parse error in" in app.log()

    app.request("/fail", {"mode": None})
    before = app.completed("deliver")
    await until(lambda: app.completed("deliver") > before + 50, "deliveries work again")
    await until(lambda: app.value("app_article_processing_rate") > 0, "the rate is told")
    assert app.close() == 0
    assert "news_app stopped" in app.log()


async def test_slow_mode_makes_deliveries_take_longer(app: NewsApp) -> None:
    app.request("/fail", {"mode": "slow"})
    deliveries = 'app_task_duration_seconds_bucket{{le="{}",task="deliver"}}'
    await until(
        lambda: app.value(deliveries.format("+Inf")) - app.value(deliveries.format("0.25")) > 20, "deliveries are slow"
    )
    assert "slow answer from feed" in app.log()
