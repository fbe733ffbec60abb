"""Personal data that a program logs is found in nothing that the analysis stores, shows or sends."""

import asyncio
import email
import email.policy
import html
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import aiohttp

from tests.embedded import listening, quick, rows, running
from tests.stack.test_embedded_story import receivers
from tests.waiting import until

CANARIES = {
    "email": "canary.bird+7@aviary.example.co.jp",
    "wide email": "canary8＠aviary.example.jp",
    "phone": "090-7771-0001",
    "wide phone": "０３－７７７１－０００２",
    "my number": "7771-0003-1233",
    "postal code": "771-0004",
    "card": "4111 7771 0005 1235",
    "bearer token": "canaryBearer77710006abc",
    "basic": "Y2FuYXJ5OjA3Nzcx",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnX2NhbmFyeV83Nzcx",
    "aws key": "AKIA7771CANARY000009",
    "github": "ghp_Canary77710010abcdefghijklmnopqrstuv",
    "url password": "canaryUrl7771",
    "password": "canaryPw7771",
    "json secret": "canary json 7771",
    "query token": "canaryQuery7771",
    "option": "canaryOption7771",
    "cookie": "sid=canaryCookie7771",
    "session": "canarySession7771",
    "japanese password": "canaryAngo7771",
    "pin": "7719",
    "name": "金糸雀太郎",
    "own": "SUB-777100",
    "key line": "MIICanary7771QEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKjMzEfYyjiWA4R",
    "in a traceback": "canary.trace@aviary.example.com",
    "in the logger": "canary.logger@aviary.example.com",
    "in a late detail": "canary.detail@aviary.example.com",
}
_C = CANARIES
LINES = (
    f"ERROR app.mail: cannot deliver to {_C['email']} and {_C['wide email']}",
    f"ERROR app.sms: SMS to {_C['phone']} failed, 折返し {_C['wide phone']}",
    f"ERROR app.tax: マイナンバー {_C['my number']} を登録できません 〒{_C['postal code']}",
    f"ERROR app.pay: card {_C['card']} was declined",
    f"ERROR app.api: 401 for Authorization: Bearer {_C['bearer token']}",
    f"ERROR app.api: 401 for authorization: Basic {_C['basic']}",
    f"ERROR app.api: rejected {_C['jwt']}",
    f"ERROR app.cloud: {_C['aws key']} denied, {_C['github']} denied",
    f"CRITICAL app.db: database connection failed: postgres://app:{_C['url password']}@db:5432/news",
    f"ERROR app.db: OperationalError: login failed with password={_C['password']}",
    'ERROR app.in: rejected {"password": "' + _C["json secret"] + '", "n": 1}',
    f'ERROR app.web: "GET /feed?token={_C["query token"]}&x=1 HTTP/1.1" 500',
    f"ERROR app.run: backup --password {_C['option']} --host db exited with 1",
    f"ERROR app.web: bad header Cookie: {_C['cookie']}; theme=dark",
    f"ERROR app.web: session_id={_C['session']} is stale",
    f"ERROR app.web: パスワードは{_C['japanese password']}です と送られました 暗証番号：{_C['pin']}",
    f"ERROR app.web: 会員登録に失敗しました 氏名：{_C['name']}",
    f"ERROR app.own: subscriber {_C['own']} has no plan",
    "ERROR app.key: cannot load -----BEGIN PRIVATE KEY-----",
    f"ERROR app.job: import failed\nTraceback (most recent call last):\n  File a\nValueError: {_C['in a traceback']}",
    f"ERROR {_C['in the logger']}: it said something",
    f"ERROR app.job: more follows\n    the user was {_C['in a late detail']}",
)
MASKS = {"masks": {"subscriber": r"SUB-\d{6}"}}


def lines() -> str:
    now = datetime.now().astimezone().isoformat(timespec="milliseconds")
    stamped = "".join(f"{now} {line}\n" for line in LINES)
    return stamped.replace("-----BEGIN PRIVATE KEY-----\n", f"-----BEGIN PRIVATE KEY-----\n{_C['key line']}\n")


def leaks(outputs: dict[str, str]) -> list[tuple[str, str]]:
    """Return which canaries are in which outputs, as they are, as digits alone, or escaped."""
    found = []
    for where, text in outputs.items():
        plain = html.unescape(text)
        found += [
            (where, kind)
            for kind, canary in CANARIES.items()
            if any(
                form in plain for form in (canary, json.dumps(canary)[1:-1], canary.replace(" ", "").replace("-", ""))
            )
            and kind != "pin"  # four digits are in every file
        ]
    return found


def files(folder: Path, *, without: str) -> dict[str, str]:
    """Return the text of all files below a folder; of mails, what a reader sees."""
    found = {}
    for path in [path for path in folder.rglob("*") if path.is_file() and path.name != without]:
        raw = path.read_bytes()
        if path.suffix == ".eml":
            mail = email.message_from_bytes(raw, policy=email.policy.default)
            parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
            found[str(path)] = "\n".join([str(mail.items()), *parts])
        else:
            found[str(path)] = raw.decode("utf-8", "replace")
    return found


def test_every_canary_would_be_found() -> None:
    assert {kind for _, kind in leaks({"log": lines()})} == CANARIES.keys() - {"pin"}


async def test_embedded_nothing_stored_shown_or_sent_has_a_canary(tmp_path: Path) -> None:
    outputs: dict[str, str] = {}
    events: list[str] = []
    async with receivers(tmp_path / "received") as channels:
        settings = {"poll_interval_seconds": 0.1, "store_interval_seconds": 0.2, "learning_seconds": 0, **MASKS}
        monitor = quick(tmp_path, notifications={"channels": channels}, analyzer=settings)
        monitor.add_event_handler("pattern_detected", lambda event, alerts: events.append(f"{event} {alerts}"))
        async with running(monitor), listening(monitor) as feed:
            (tmp_path / "logs/app.log").write_text(lines(), encoding="utf-8")
            query = "select count(*) from log_patterns"
            await until(lambda: rows(tmp_path, query, "logs_analysis.db")[0][0] >= len(LINES) - 5, "all are stored")
            await until(lambda: list((tmp_path / "received/mail").glob("*.eml")), "a mail")
            await until(lambda: list((tmp_path / "received/hooks").glob("*.json")), "a webhook")
            await feed.message("new_alert")
            await feed.message("metrics_update")
            outputs |= files(tmp_path, without="app.log")  # with the write-ahead logs
            async with aiohttp.ClientSession(monitor.dashboard.url) as session:
                for path in await _paths(session):
                    async with session.get(path) as answer:
                        assert answer.status == 200, path
                        outputs[path] = await answer.text()
            outputs["feed"] = json.dumps(feed.messages, ensure_ascii=False)
    outputs["events"] = "\n".join(events)
    outputs |= {f"{path} at the end": text for path, text in files(tmp_path, without="app.log").items()}
    assert "[email]" in outputs["/api/v1/patterns?limit=1000"]
    assert "[email]" in outputs["events"]
    assert leaks(outputs) == []


async def _paths(session: aiohttp.ClientSession) -> list[str]:
    async with session.get("/api/v1/alerts?status=all") as answer:
        alerts = [alert["id"] for alert in (await answer.json())["items"]]
    assert alerts
    return [
        *(
            "/",
            "/metrics",
            "/api/v1/alerts?status=all",
            "/api/v1/patterns?limit=1000",
        ),
        *("/api/v1/anomalies", "/api/v1/health", "/api/v1/history?minutes=60"),
        *(f"/api/v1/alerts/{one}" for one in alerts),
        *(f"/api/v1/alerts/{one}/history" for one in alerts),
    ]


@contextmanager
def service(folder: Path) -> Iterator[str]:
    """Run `python -m analyzer` on a log below a folder; yield its address. Its own log is `analyzer.out`."""
    with closing(socket.create_server(("127.0.0.1", 0))) as one:
        address = f"127.0.0.1:{one.getsockname()[1]}"
    settings = {
        "analyzer": {
            "sources": [{"name": "app", "path": str(folder / "app.log")}],
            "poll_interval_seconds": 0.1,
            "store_interval_seconds": 0.2,
            **MASKS,
        }
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "analyzer", "--config", str(folder / "settings.json"), "--log.level", "debug"]
    with (folder / "analyzer.out").open("wb") as out:
        process = subprocess.Popen(
            [*command, "--data-dir", str(folder / "data"), "--web.listen-address", address],
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            yield f"http://{address}"
        finally:
            process.terminate()
            assert process.wait(20) == 0


async def test_the_service_keeps_no_canary_in_metrics_api_database_and_log(tmp_path: Path) -> None:
    outputs: dict[str, str] = {}
    with service(tmp_path) as url:
        async with aiohttp.ClientSession(url) as session:

            async def text(path: str) -> str:
                try:
                    async with session.get(path) as answer:
                        return await answer.text()
                except aiohttp.ClientError:
                    return ""

            async def all_counted() -> bool:
                return f'log_lines_total{{level="error",source="app"}} {len(LINES) - 1}' in await text("/metrics")

            await until(lambda: text("/-/ready"), "it is ready")
            (tmp_path / "app.log").write_text(lines(), encoding="utf-8")
            await until(all_counted, "every line is counted")
            await asyncio.to_thread(outputs.update, files(tmp_path, without="app.log"))
            for path in ("/metrics", "/api/v1/patterns?limit=1000", "/api/v1/families", "/api/v1/anomalies"):
                outputs[path] = await text(path)
    outputs |= {f"{path} at the end": text for path, text in files(tmp_path, without="app.log").items()}
    assert "[email]" in outputs["/api/v1/patterns?limit=1000"]
    assert 'log_masked_items_total{kind="email"}' in outputs["/metrics"]
    assert leaks(outputs) == []
