"""The embedded monitor tells the story of the stack: a line in a log, an alert, mail and webhook, somebody, the end."""

import asyncio
import email
import email.policy
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path
from typing import Any

from alert_bridge.alerts import Severity
from alert_bridge.rules import AlertRule
from monitoring.receivers import serve
from tests.embedded import listening, quick, rows, running
from tests.waiting import until

BACKLOG = AlertRule("backlog", "Too many articles wait", "", "waiting_articles > 100", Severity.CRITICAL)


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as one:
        return int(one.getsockname()[1])


@asynccontextmanager
async def receivers(folder: Path) -> AsyncIterator[dict[str, Any]]:
    """Yield the settings of channels that end in files below a folder."""
    smtp, http = free_port(), free_port()
    stop = asyncio.Event()
    task = asyncio.create_task(serve(f"127.0.0.1:{smtp}", f"127.0.0.1:{http}", folder, stop))
    try:
        yield {
            "hook": {"type": "webhook", "url": f"http://127.0.0.1:{http}/hook", "allow_private_addresses": True},
            "mail": {
                "type": "email",
                "smtp_server": "127.0.0.1",
                "smtp_port": smtp,
                "security": "none",
                "from_address": "newswatch@example.com",
                "to_addresses": "on-call@example.com",
            },
        }
    finally:
        stop.set()
        await task


def hooks(folder: Path) -> list[tuple[str, str]]:
    bodies = [json.loads(file.read_bytes())["body"] for file in sorted((folder / "hooks").glob("*.json"))]
    return [(body["event"], body["alert"]["name"]) for body in bodies]


def mails(folder: Path) -> list[tuple[str, str]]:
    found = [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        for file in sorted((folder / "mail").glob("*.eml"))
    ]
    return [(str(mail["X-Newswatch-Event"]), str(mail["Subject"])) for mail in found]


async def test_a_failure_is_followed_to_mail_webhook_and_feed_and_ends(tmp_path: Path) -> None:
    received = tmp_path / "received"
    async with receivers(received) as channels:
        monitor = quick(tmp_path, notifications={"channels": channels})
        monitor.alert_system.register_rule(BACKLOG)
        async with running(monitor), listening(monitor) as feed:
            line = f"{datetime.now():%Y-%m-%d %H:%M:%S},000 ERROR app: データベース接続に失敗しました\n"  # noqa: DTZ005
            (tmp_path / "logs/app.log").write_text(line, encoding="utf-8")
            await until(lambda: rows(tmp_path, "select * from alerts where name != 'backlog'"), "the line is an alert")
            monitor.performance_monitor.get_app_metrics().set_value("waiting_articles", 250)
            await until(lambda: ("firing", "backlog") in hooks(received), "the webhook")
            await until(lambda: any("Too many" in one for _, one in mails(received)), "the mail")
            query = "select id, severity, status, reason, log_patterns from alerts where name = 'backlog'"
            [(alert_id, severity, status, reason, patterns)] = rows(tmp_path, query)
            assert (severity, status) == ("CRITICAL", "firing")
            assert "waiting_articles = 250" in reason
            assert json.loads(patterns), "the log pattern of the same window is kept with the alert"
            await feed.socket.send(json.dumps({"action": "acknowledge_alert", "alert_id": alert_id}))
            await until(lambda: rows(tmp_path, query)[0][2] == "acknowledged", "somebody has it")
            monitor.performance_monitor.get_app_metrics().set_value("waiting_articles", 3)
            await until(lambda: rows(tmp_path, query)[0][2] == "resolved", "it is over")
            await until(lambda: ("resolved", "backlog") in hooks(received), "the webhook hears of the end")
            await until(lambda: any(event == "resolved" for event, _ in mails(received)), "and so does the mail")

            async def heard(status: str) -> bool:
                feed.messages.append(json.loads(await feed.socket.recv()))
                return any(
                    one["type"] in ("new_alert", "alert_update")
                    and one["data"]["id"] == alert_id
                    and one["data"]["status"] == status
                    for one in feed.messages
                )

            for status in ("firing", "acknowledged", "resolved"):
                await until(lambda status=status: heard(status), f"the feed says {status}")  # type: ignore[misc]
    assert hooks(received).count(("firing", "backlog")) == 1
