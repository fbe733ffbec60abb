"""The analysis of a time range, as the guide calls it."""

import gzip
import json
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analyzer.engine import LogAnalysisEngine
from analyzer.events import Event
from analyzer.settings import AnalyzerSettings
from tests.waiting import until

START = datetime(2026, 2, 25, 6, 0, tzinfo=UTC)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[LogAnalysisEngine]:
    (tmp_path / "logs").mkdir()
    made = LogAnalysisEngine(tmp_path / "logs", tmp_path / "analysis.db", AnalyzerSettings(learning_seconds=0))
    yield made
    await made.close()


def line(minutes: float, level: str, text: str) -> str:
    return f"{(START + timedelta(minutes=minutes)).isoformat()} {level} {text}\n"


def write(path: Path, *lines: str) -> None:
    with gzip.open(path, "at", encoding="utf-8") if path.suffix == ".gz" else path.open("a", encoding="utf-8") as file:
        file.writelines(lines)


def rows(path: Path, query: str) -> list[Any]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


async def test_a_folder_without_logs_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    results = await LogAnalysisEngine(tmp_path / "lgos", tmp_path / "analysis.db").analyze_logs()
    assert results["patterns"] == []
    assert f"nothing to analyse in {tmp_path}/lgos/*.log: no such file" in caplog.messages


async def test_patterns_of_a_time_range_and_levels(engine: LogAnalysisEngine, tmp_path: Path) -> None:
    write(tmp_path / "logs/app.log.1.gz", line(1, "ERROR", "データベース接続に失敗しました"))
    write(
        tmp_path / "logs/app.log",
        line(-60, "ERROR", "too early"),
        *(line(minute, "ERROR", f"cannot deliver article {minute}") for minute in range(5)),
        line(5, "WARNING", "feed 3 is slow"),
        line(6, "INFO", "all is well"),
        line(60, "ERROR", "too late"),
    )
    results = await engine.analyze_logs(
        time_range=(START, START + timedelta(minutes=30)), log_levels=["ERROR", "警告", "CRITICAL"]
    )
    found = [(one["description"], one["frequency"], one["severity"]) for one in results["patterns"]]
    assert sorted(found) == [
        ("Database error", 1, "HIGH"),
        ("cannot deliver article <*>", 5, "HIGH"),
        ("feed <*> is slow", 1, "MEDIUM"),
    ]
    assert results["patterns"][0]["first_seen"] == START
    assert results["summary"]["lines"] == 7
    assert results["families"] == []


async def test_each_line_is_in_exactly_one_pattern(engine: LogAnalysisEngine, tmp_path: Path) -> None:
    texts = ("connection refused", "request timed out", "hello 1", "hello 2", "status 500")
    write(tmp_path / "logs/app.log", *(line(i, "ERROR", text) for i, text in enumerate(texts)))
    results = await engine.analyze_logs()
    assert sum(one["frequency"] for one in results["patterns"]) == results["summary"]["lines"] == 5


async def test_results_are_stored_with_the_columns_of_the_guide(engine: LogAnalysisEngine, tmp_path: Path) -> None:
    write(tmp_path / "logs/app.log", line(0, "ERROR", "odd trouble for taro@example.jp"))
    await engine.analyze_logs()
    query = "SELECT frequency, severity, description, examples FROM log_patterns"
    ((frequency, severity, description, examples),) = rows(tmp_path / "analysis.db", query)
    assert (frequency, severity, description) == (1, "HIGH", "odd trouble for <*>")
    assert json.loads(examples) == ["odd trouble for [email]"]
    columns = [row[1] for row in rows(tmp_path / "analysis.db", "PRAGMA table_info(anomalies)")]
    assert columns[:5] == ["timestamp", "anomaly_type", "severity", "confidence_score", "details"]


async def test_an_analysis_replaces_what_the_last_one_stored(engine: LogAnalysisEngine, tmp_path: Path) -> None:
    write(tmp_path / "logs/app.log", line(0, "ERROR", "odd trouble"))
    await engine.analyze_logs()
    await engine.analyze_logs()
    assert rows(tmp_path / "analysis.db", "SELECT frequency FROM log_patterns") == [(1,)]


async def test_a_time_range_ends_before_its_end(engine: LogAnalysisEngine, tmp_path: Path) -> None:
    write(tmp_path / "logs/app.log", *(line(minute, "ERROR", "cannot deliver") for minute in range(5)))
    first = await engine.analyze_logs((START, START + timedelta(minutes=2)))
    second = await engine.analyze_logs((START + timedelta(minutes=2), START + timedelta(minutes=5)))
    assert [results["patterns"][0]["frequency"] for results in (first, second)] == [2, 3]


async def test_a_plain_file_named_as_if_compressed_is_read(engine: LogAnalysisEngine, tmp_path: Path) -> None:
    write(tmp_path / "logs/app.log", line(60, "ERROR", "too late"))
    (tmp_path / "logs/app.log.1.gz").write_text(line(1, "ERROR", "cannot deliver"), encoding="utf-8")
    results = await engine.analyze_logs((START, START + timedelta(minutes=5)))
    assert [one["description"] for one in results["patterns"]] == ["cannot deliver"]


async def test_families_new_and_bursting_patterns_of_a_time_range(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    engine = LogAnalysisEngine(tmp_path / "logs", tmp_path / "analysis.db")
    usual = [line(minute, "ERROR", f"cannot deliver article {minute}") for minute in range(0, 360, 5)]
    usual += [line(minute, "INFO", f"taro{minute}@example.jp reads") for minute in range(0, 360, 5)]
    write(tmp_path / "logs/app.log.1.gz", *usual)
    write(
        tmp_path / "logs/app.log",
        *(line(360 + i / 100, "ERROR", f"cannot deliver article {i}") for i in range(40)),
        line(361, "ERROR", "article 5 cannot be delivered"),
    )
    (tmp_path / "logs/other.log").write_text("no header\n")
    shares: list[float] = []
    results = await engine.analyze_logs((START, START + timedelta(hours=7)), on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    (family,) = results["families"]
    assert (family["size"], family["name"], family["frequency"]) == (2, "cannot article", 113)
    (burst,) = [one for one in results["anomalies"] if one["series"].startswith("log_pattern:")]
    assert (burst["details"]["value"], burst["severity"]) == (40, "HIGH")
    summary = results["summary"]
    assert summary["levels"] == {"ERROR": 113, "INFO": 72}
    assert (summary["new_patterns"], summary["families"], summary["lines_without_header"]) == (1, 1, 0)
    assert (summary["masked_items"]["email"] > 0, summary["sources"]) == (True, {"logs": 185})
    (stored,) = (await engine.listing("families", {"level": "error"}))["items"]
    assert stored["id"] == family["id"]


async def test_a_burst_of_errors_is_an_anomaly(engine: LogAnalysisEngine, tmp_path: Path) -> None:
    lines = [line(minute, "ERROR", "odd trouble") for minute in range(60)]
    lines += [line(60 + second / 60, "ERROR", "database is unavailable") for second in range(50)]
    write(tmp_path / "logs/app.log", *lines)
    results = await engine.analyze_logs()
    found = {one["details"]["value"]: one for one in results["anomalies"]}
    assert 50 in found
    anomaly = found[50]
    assert anomaly["timestamp"] == START + timedelta(minutes=60)
    assert anomaly["anomaly_type"] == "rate"
    assert anomaly["severity"] in ("MEDIUM", "HIGH")
    assert 0.5 <= anomaly["confidence_score"] <= 1
    stored = rows(tmp_path / "analysis.db", "SELECT severity, confidence_score FROM anomalies")
    assert len(stored) == len(results["anomalies"])
    assert all(0 < severity <= 1 for severity, _ in stored)


async def test_a_steady_rate_is_no_anomaly(engine: LogAnalysisEngine, tmp_path: Path) -> None:
    write(tmp_path / "logs/app.log", *(line(second / 60, "ERROR", "odd trouble") for second in range(0, 3600, 2)))
    assert (await engine.analyze_logs())["anomalies"] == []


async def test_naive_times_are_local(
    engine: LogAnalysisEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        write(tmp_path / "logs/app.log", "2026-02-25 15:00:00 ERROR odd trouble\n")
        day = datetime(2026, 2, 25)  # noqa: DTZ001 - naive on purpose
        results = await engine.analyze_logs(time_range=(day.replace(hour=14), day.replace(hour=16)))
        assert results["patterns"][0]["first_seen"] == START
    finally:
        monkeypatch.undo()
        time.tzset()


async def test_wrong_arguments_are_refused(engine: LogAnalysisEngine) -> None:
    with pytest.raises(ValueError, match="before it starts"):
        await engine.analyze_logs(time_range=(START, START - timedelta(hours=1)))
    with pytest.raises(ValueError, match="level 'LOUD'"):
        await engine.analyze_logs(log_levels=["LOUD"])


async def test_a_missing_folder_has_no_patterns(tmp_path: Path) -> None:
    results = await LogAnalysisEngine(tmp_path / "none", tmp_path / "a.db").analyze_logs()
    assert (results["patterns"], results["anomalies"], results["summary"]["files"]) == ([], [], 0)


async def test_a_broken_archive_is_named_and_the_rest_analysed(engine: LogAnalysisEngine, tmp_path: Path) -> None:
    write(tmp_path / "logs/app.log", line(0, "ERROR", "odd trouble"))
    (tmp_path / "logs/app.log.1.gz").write_bytes(b"\x1f\x8b no gzip at all")
    results = await engine.analyze_logs()
    assert results["summary"]["unreadable_files"] == [str(tmp_path / "logs/app.log.1.gz")]
    assert len(results["patterns"]) == 1


async def test_lines_without_time_have_that_of_the_line_before(engine: LogAnalysisEngine, tmp_path: Path) -> None:
    write(tmp_path / "logs/app.log", line(0, "ERROR", "odd trouble"), "Segmentation fault\n")
    os.utime(tmp_path / "logs/app.log", (START.timestamp() + 9000, START.timestamp() + 9000))
    results = await engine.analyze_logs(time_range=(START, START + timedelta(minutes=1)), log_levels=["CRITICAL"])
    assert [one["pattern_id"] for one in results["patterns"]] == ["process_crash"]


async def test_live_analysis_starts_tells_and_stops(engine: LogAnalysisEngine, tmp_path: Path) -> None:
    events: list[Event] = []
    assert not engine.running
    await engine.close()
    await engine.start(events.append)
    await engine.start(events.append)
    assert engine.running
    write(tmp_path / "logs/app.log", line(0, "ERROR", "database connection failed"))
    await until(lambda: events, "the line is told")
    (pattern,) = await engine.patterns(0, 1e11, 10)
    assert pattern["pattern_id"] == "database_error"
    assert (await engine.analyze_logs())["patterns"][0]["frequency"] == 1
    await engine.close()
    assert not engine.running
    assert [one["pattern_id"] for one in await engine.patterns(0, 1e11, 10)] == ["database_error"]
