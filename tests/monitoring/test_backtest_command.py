"""`monitoring backtest`, on a file and on four weeks in a real Prometheus."""

import asyncio
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from monitoring.cli import main
from monitoring.demo_history import openmetrics
from tests.tools import tool
from tests.waiting import until


def test_a_file_is_replayed_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    series, picture = tmp_path / "series.csv", tmp_path / "picture.png"
    rows = [f"{1_736_121_600 + 300 * place},{10 + place % 7 + (60 if place > 2900 else 0)}" for place in range(3000)]
    series.write_text("timestamp,value\n" + "\n".join(rows), encoding="utf-8")
    options = ["--csv", str(series), "--base", "50", "--max", "100", "--days", "3", "--png", str(picture)]
    assert main(["backtest", "queue_length", *options]) == 0
    shown = capsys.readouterr()
    assert "queue_length, upper, base 50" in shown.out
    assert "time in alert" in shown.out
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_marked_incidents_are_read_as_a_spreadsheet_writes_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    series, incidents = tmp_path / "series.csv", tmp_path / "incidents.csv"
    rows = [f"{1_736_121_600 + 300 * place},{10 + (60 if place > 900 else 0)}" for place in range(1000)]
    series.write_text("timestamp,value\n" + "\n".join(rows), encoding="utf-8")
    incidents.write_text("start,end\n2025-01-09T02:00:00Z,2025-01-10T00:00:00Z\n", encoding="utf-8-sig")
    options = ["--csv", str(series), "--base", "50", "--incidents", str(incidents)]
    assert main(["backtest", "queue_length", *options]) == 0
    assert "missed incidents" in capsys.readouterr().out


def test_a_metric_without_a_threshold_names_those_that_have_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", "cpu_precent"]) == 1
    assert "'cpu_precent' has no threshold in the settings (cpu_percent" in capsys.readouterr().err


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[str]:
    """A real Prometheus with four weeks of made history, up to now."""
    history = tmp_path / "history.txt"
    lines = openmetrics(time.time(), {"exporter": "a:1", "app": "b:1"})
    history.write_text("".join(line for line in lines if "error_rate" in line or "EOF" in line), encoding="utf-8")
    create: list[str | Path] = [tool("promtool"), "tsdb", "create-blocks-from", "openmetrics"]
    subprocess.run([*create, history, tmp_path / "data"], check=True, capture_output=True, timeout=120)
    (tmp_path / "prometheus.yml").write_text("{}", encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    folder = [f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    server = subprocess.Popen(
        [tool("prometheus"), *folder, "--storage.tsdb.retention.time=60d", f"--web.listen-address={address}"],
        stderr=subprocess.DEVNULL,
    )
    try:
        asyncio.run(until(lambda: _answers(f"http://{address}/-/ready"), "Prometheus is ready"))
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait(30)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.ConnectionError:
        return False


@pytest.mark.stack
def test_history_of_a_real_prometheus_is_replayed_for_each_series(
    prometheus: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEWSWATCH_PROMETHEUS__URL", prometheus)
    options = ["--days", "2", "--step", "300", "--format", "json"]
    assert main(["backtest", "error_rate", *options]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["labels"] == {"job": "app", "instance": "b:1"}
    assert 500 < found["samples"] < 600
    assert found["dynamic"]["share_in_alert"] < 0.02
    assert "is usual for" in found["reason"]
    assert main(["backtest", "error_rate", "--instance", "c:1", *options]) == 1
    assert "has no values of 'error_rate' of instance c:1" in capsys.readouterr().err
