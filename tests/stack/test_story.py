"""A failure of the application, followed through the running stack from Prometheus to the page and the mail.

The application is broken as soon as all is up, so that what else there is to see is looked at while the alert ripens.
"""

import email
import email.policy
import json
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from playwright.async_api import Locator, Page, async_playwright, expect
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from monitoring.cli import main
from monitoring.rendering import Addresses, demo_settings
from tests.dashboard.conftest import ARGUMENTS
from tests.stack.ports import free_offset
from tests.tools import tool
from tests.waiting import until

pytestmark = pytest.mark.stack
ALERT = "TaskMostlyFailing"
TITLE = "Most deliver tasks of app fail"
NODE_EXPORTERS_OWN = re.compile(r"^node_memory_\w+ metric names should be written in 'snake_case' not 'camelCase'$")
JOBS = {"exporter", "analyzer", "bridge", "app", "prometheus", "alertmanager"}


@dataclass
class Story:
    """A running stack with the other ends of its channels, and what the feed has told so far."""

    folder: Path
    at: Addresses
    heard: list[dict[str, Any]] = field(default_factory=list)

    @property
    def second_log(self) -> Path:
        return self.folder / "importer/import.log"

    def get(self, address: str, path: str, **query: str) -> Any:
        answer = requests.get(f"http://{address}{path}", params=query, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def amtool(self, *arguments: str) -> str:
        command = [str(tool("amtool")), f"--alertmanager.url=http://{self.at.alertmanager}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout

    def fail(self, mode: str | None) -> None:
        requests.post(f"http://{self.at.sample}/fail", json={"mode": mode}, timeout=10).raise_for_status()

    def row(self, name: str) -> dict[str, Any] | None:
        """Return the alert's row of the database."""
        with closing(sqlite3.connect(f"file:{self.folder}/data/alerts.db?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            found = database.execute("SELECT * FROM alerts WHERE name = ?", (name,)).fetchone()
        return dict(found) if found else None

    def status(self, name: str) -> str:
        return str((self.row(name) or {}).get("status"))

    def told(self, alert_id: str) -> list[tuple[str, str]]:
        """Return type and status of the feed's messages about an alert."""
        about = [message for message in self.heard if message["data"].get("id") == alert_id]
        return [(message["type"], message["data"]["status"]) for message in about]

    def mailed(self, alert_id: str) -> set[str]:
        """Return the events about an alert of which a mail came."""
        files = (self.folder / "received/mail").glob("*.eml")
        mails = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
        return {str(mail["X-Newswatch-Event"]) for mail in mails if mail["X-Newswatch-Alert"] == alert_id}

    def called(self, alert_id: str) -> set[str]:
        """Return the events about an alert of which the webhook was told."""
        bodies = [json.loads(file.read_bytes())["body"] for file in (self.folder / "received/hooks").glob("*.json")]
        return {body["event"] for body in bodies if body["alert"]["id"] == alert_id}

    def listen(self, socket: Any) -> None:
        """Do as the guide's client does, until the connection ends."""
        with suppress(WebSocketException):
            for text in socket:
                message = json.loads(text)
                if message["type"] in ("new_alert", "alert_update"):
                    self.heard.append(message)


def write_settings(folder: Path, at: Addresses) -> Path:
    settings = demo_settings(at)
    log = folder / "importer/import.log"
    log.parent.mkdir()
    log.touch()
    settings["analyzer"] |= {"sources": [{"name": "importer", "path": str(log)}]}
    (folder / "newswatch.yml").write_text(yaml.safe_dump(settings))
    return folder / "newswatch.yml"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    for name in ("prometheus", "alertmanager", "promtool", "amtool"):
        tool(name)
    folder, offset = tmp_path_factory.mktemp("story"), free_offset()
    found = Story(folder, Addresses().shifted(offset))
    python = (sys.executable, "-m")
    ends = ("--smtp", found.at.demo_mail, "--http", found.at.demo_hooks, "--dir", str(folder / "received"))
    up = ("--config", str(write_settings(folder, found.at)), "--sample", "--data-dir", str(folder / "data"))
    with (folder / "talk").open("w") as talk:
        receivers = subprocess.Popen([*python, "monitoring.receivers", *ends])
        stack = subprocess.Popen(
            [*python, "monitoring", "up", "--port-offset", str(offset), *up],
            stdout=subprocess.PIPE,
            stderr=talk,
            text=True,
        )
        try:
            assert stack.stdout is not None
            assert "Newswatch is up.\n" in iter(stack.stdout.readline, ""), (folder / "talk").read_text()
            with connect(f"ws://{found.at.feed}", max_size=None, proxy=None) as socket:
                listener = threading.Thread(target=found.listen, args=(socket,))
                listener.start()
                found.fail("database")
                try:
                    yield found
                finally:
                    socket.close()
                    listener.join(10)
        finally:
            for process in (stack, receivers):
                process.terminate()
                process.communicate(timeout=60)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Page]:
    """Open the page in a real browser; what it complains about fails the test."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=tool("chromium"), args=ARGUMENTS.split())
        page = await browser.new_page(locale="en-GB")
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(url)
        yield page
        await browser.close()
    assert complaints == []


def row(page: Page) -> Locator:
    return page.locator(".row, .card, tbody tr").filter(has=page.get_by_role("link", name=TITLE, exact=True))


async def test_every_target_is_up(story: Story) -> None:
    def up() -> bool:
        targets = story.get(story.at.prometheus, "/api/v1/targets")["data"]["activeTargets"]
        return {one["labels"]["job"] for one in targets if one["health"] == "up"} == JOBS and len(targets) == len(JOBS)

    await until(up, "every target is up", 60)


@pytest.mark.parametrize("part", ["exporter", "analyzer", "alert_bridge"])
def test_promtool_has_nothing_to_say_about_the_metrics(story: Story, part: str) -> None:
    metrics = requests.get(f"http://{getattr(story.at, part)}/metrics", timeout=10)
    check = subprocess.run(
        [tool("promtool"), "check", "metrics"], input=metrics.content, capture_output=True, check=False
    )
    said = (check.stdout + check.stderr).decode().splitlines()
    assert [line for line in said if not NODE_EXPORTERS_OWN.search(line)] == []


async def test_the_command_line_says_why_a_threshold_is_what_it_is(
    story: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--url", f"http://{story.at.alert_bridge}"]
    explain = ["thresholds", "explain", "error_rate", "--format", "json", *where]
    await until(lambda: main(explain) == 0, "the threshold has had a value", 60)
    capsys.readouterr()
    assert main(explain) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["mode"] == "warming"
    assert "base" in found["reason"]
    assert main(["thresholds", "history", "error_rate", *where]) == 0
    assert "calculated_at" in capsys.readouterr().out
    assert main(["thresholds", "explain", "eror_rate", *where]) == 1
    assert "there is error_rate" in capsys.readouterr().err


async def test_lines_of_a_rotated_file_reach_the_database(story: Story) -> None:
    log, query = story.second_log, 'log_pattern_lines_total{source="importer",pattern="out_of_memory"}'

    def counted(number: int) -> bool:
        found = story.get(story.at.prometheus, "/api/v1/query", query=query)["data"]["result"]
        return [one["value"][1] for one in found] == [str(number)]

    await until(lambda: counted(0), "the source is known", 60)
    with log.open("a") as open_file:
        open_file.write("2026-01-31 12:00:00,000 INFO [importer] batch 1 imported\n")
        open_file.flush()
        log.rename(log.with_name("import.log.1"))
        open_file.write("2026-01-31 12:00:01,000 ERROR [importer] MemoryError: batch 2 does not fit\n")
    log.write_text("2026-01-31 12:00:02,000 ERROR [importer] MemoryError: batch 3 does not fit\n")
    await until(lambda: counted(2), "both lines are counted, each once", 60)
    await until(lambda: story.row("OutOfMemoryInLogs") is not None, "the alert is in the database", 60)
    alert = story.row("OutOfMemoryInLogs")
    assert alert is not None
    assert (alert["severity"], json.loads(alert["labels"])["source"]) == ("CRITICAL", "importer")


async def test_a_failing_application_is_seen_everywhere_acknowledged_and_resolved(story: Story) -> None:
    def in_prometheus() -> bool:
        alerts = story.get(story.at.prometheus, "/api/v1/alerts")["data"]["alerts"]
        return any(one["labels"]["alertname"] == ALERT and one["state"] == "firing" for one in alerts)

    def in_alertmanager() -> bool:
        alerts = story.get(story.at.alertmanager, "/api/v2/alerts")
        return any(one["labels"]["alertname"] == ALERT for one in alerts)

    await until(in_prometheus, "it fires in Prometheus", 300)
    await until(in_alertmanager, "Alertmanager has it", 60)
    assert ALERT in story.amtool("alert", "query", ALERT)
    await until(lambda: story.status(ALERT) == "firing", "it is in the database", 60)
    alert = story.row(ALERT)
    assert alert is not None
    await until(lambda: ("new_alert", "firing") in story.told(alert["id"]), "the feed tells it")
    await until(lambda: "firing" in story.mailed(alert["id"]) & story.called(alert["id"]), "mail and webhook came", 60)

    async with opened(f"http://{story.at.dashboard}/#/alerts") as page:
        await row(page).get_by_role("button", name="Acknowledge").click()
        await until(lambda: story.status(ALERT) == "acknowledged", "the database knows who has it")
        await until(lambda: ("alert_update", "acknowledged") in story.told(alert["id"]), "the feed tells who has it")
        story.fail(None)
        await until(lambda: story.status(ALERT) == "resolved", "it is resolved in the database", 450)
        await until(lambda: ("alert_update", "resolved") in story.told(alert["id"]), "the feed tells the end")
        await page.get_by_role("button", name="Resolved").click()
        await expect(row(page)).to_be_visible()
    await until(lambda: "resolved" in story.mailed(alert["id"]) & story.called(alert["id"]), "both tell the end", 60)


async def test_a_failure_that_no_table_knows_is_an_alert_with_its_masked_line_in_both_languages(story: Story) -> None:
    story.fail("translation")
    try:
        await until(lambda: story.status("NewErrorPattern") == "firing", "the new pattern is an alert", 120)

        def reasons() -> dict[str, str]:
            found = story.row("NewErrorPattern")
            return json.loads(found["reason_texts"]) if found else {}

        await until(lambda: "[" in reasons().get("en", ""), "the alert has its masked line", 30)
        for language, of in (("en", "lines"), ("ja", "行")):
            text = reasons()[language]
            assert "[email]" in text or "[phone]" in text
            assert of in text
            assert "@example.jp" not in text
            assert "090-1234" not in text
        async with opened(f"http://{story.at.dashboard}/?lang=ja#/logs?kind=new") as page:
            for words in ("translator rejects headline", "見出しを翻訳できません"):
                await page.get_by_role("button", name=re.compile(words)).click()
                await expect(page.locator(".opened .masked").first).to_be_visible()
            await expect(page.locator(".opened")).to_contain_text("新しいパターン")
    finally:
        story.fail(None)
