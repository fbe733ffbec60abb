"""How fast alerts are taken in: the sustained rate, one large POST, many POSTs at once, and an acknowledge meanwhile.

    uv run python benchmarks/alerts.py [--seconds 30] [--rate 300] [--alerts 10000]

The bridge runs as a process of its own on a temporary database. Figures are printed; nothing passes or fails by them.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

PORT = 19607
BASE = f"http://127.0.0.1:{PORT}"


def body(*instances: str, name: str = "Bench") -> bytes:
    """Return a webhook with an alert for each instance."""
    starts = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    alerts = [
        {
            "status": "firing",
            "labels": {"alertname": name, "severity": "warning", "instance": instance, "job": "news", "dc": "tokyo"},
            "annotations": {"summary": f"{name} on {instance} is high", "description": "x" * 200},
            "startsAt": starts,
            "endsAt": "0001-01-01T00:00:00Z",
            "fingerprint": f"{abs(hash((name, instance))) % 2**64:016x}",
        }
        for instance in instances
    ]
    return json.dumps({"version": "4", "receiver": "bridge", "status": "firing", "alerts": alerts}).encode()


def memory_mib(pid: int) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def post(session: aiohttp.ClientSession, data: bytes) -> tuple[int, float]:
    """Post a webhook; returns the status (0: no answer) and the seconds."""
    began = time.perf_counter()
    try:
        async with session.post(
            f"{BASE}/api/v1/ingest/alertmanager", data=data, headers={"content-type": "application/json"}
        ) as answer:
            await answer.read()
            return answer.status, time.perf_counter() - began
    except (aiohttp.ClientError, TimeoutError):
        return 0, time.perf_counter() - began


async def acknowledge(session: aiohttp.ClientSession, alert_id: str) -> float:
    """Acknowledge an alert; returns the seconds."""
    began = time.perf_counter()
    async with session.post(f"{BASE}/api/v1/alerts/{alert_id}/acknowledge", json={}) as answer:
        await answer.read()
    return time.perf_counter() - began


async def first_alert(session: aiohttp.ClientSession) -> tuple[str, int, float]:
    """Return the id at the head of the list, the number of open alerts, and the seconds of the first page."""
    began = time.perf_counter()
    async with session.get(f"{BASE}/api/v1/alerts") as answer:
        page: dict[str, Any] = await answer.json()
    return page["items"][0]["id"], page["total"], time.perf_counter() - began


async def meanwhile(session: aiohttp.ClientSession, work: Awaitable[Any]) -> tuple[Any, float, list[float]]:
    """Do some work, and acknowledge an alert every 200 ms beside it; returns its result, seconds, acknowledges."""
    alert_id, _, _ = await first_alert(session)
    began = time.perf_counter()
    task = asyncio.ensure_future(work)
    seconds = []
    while not task.done():
        seconds.append(await acknowledge(session, alert_id))
        await asyncio.wait([task], timeout=0.2)
    return await task, time.perf_counter() - began, seconds


async def sustained(session: aiohttp.ClientSession, rate: float, seconds: float) -> list[float]:
    """Post an alert at a steady rate; returns the seconds of each answer."""
    began = time.perf_counter()
    tasks: list[asyncio.Task[tuple[int, float]]] = []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(post(session, body(f"news-{number % 3000}", name="Steady"))))
    answers = await asyncio.gather(*tasks)
    print(f"  answered otherwise than by 200: {sum(status != 200 for status, _ in answers)}")
    return [taken for _, taken in answers]


def percentile(values: list[float], share: float) -> float:
    """Return a percentile of values that are not sorted."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def measure(pid: int, arguments: argparse.Namespace) -> None:
    """Print the figures of a running bridge."""
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        await post(session, body("first"))
        print(f"{arguments.rate:g} alerts/s for {arguments.seconds:g} s")
        before = memory_mib(pid)
        taken = await sustained(session, arguments.rate, arguments.seconds)
        print(f"  webhook median {statistics.median(taken) * 1e3:.0f} ms, p99 {percentile(taken, 0.99) * 1e3:.0f} ms")
        print(f"  memory {before:.0f} -> {memory_mib(pid):.0f} MiB")
        many = [f"news-{number}" for number in range(arguments.alerts)]
        shapes: tuple[tuple[str, Callable[[], Awaitable[Any]]], ...] = (
            ("one POST", lambda: post(session, body(*many, name="OnePost"))),
            ("POSTs at once", lambda: asyncio.gather(*(post(session, body(one, name="Single")) for one in many))),
        )
        for name, work in shapes:
            before = memory_mib(pid)
            answers, seconds, acknowledged = await meanwhile(session, work())
            statuses = [answers] if isinstance(answers, tuple) else answers
            print(f"{arguments.alerts} alerts, {name}: {seconds:.1f} s")
            print(f"  answered otherwise than by 200: {sum(status != 200 for status, _ in statuses)}")
            print(f"  slowest acknowledge meanwhile {max(acknowledged) * 1e3:.0f} ms")
            print(f"  memory +{memory_mib(pid) - before:.0f} MiB")
        pages = [await first_alert(session) for _ in range(5)]
        acknowledged = [await acknowledge(session, pages[0][0]) for _ in range(5)]
        print(f"{pages[0][1]} open alerts: first page {statistics.median(page[2] for page in pages) * 1e3:.0f} ms, "
              f"acknowledge {statistics.median(acknowledged) * 1e3:.0f} ms")  # fmt: skip


async def main() -> None:
    """Start a bridge, measure it, stop it."""
    parser = argparse.ArgumentParser(description="How fast alerts are taken in.")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rate", type=float, default=300)
    parser.add_argument("--alerts", type=int, default=10_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "settings.yaml"
        settings.write_text(
            "alert_bridge:\n  feed: {listen_address: '127.0.0.1:19608'}\n"
            "  dashboard: {listen_address: '127.0.0.1:19609'}\n"
            "web: {rate_limit_per_minute: 100000}\n",
            encoding="utf-8",
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "alert_bridge", "--config", str(settings), "--data-dir", folder,
            "--web.listen-address", f"127.0.0.1:{PORT}", "--log.level", "error",
        )  # fmt: skip
        try:
            await _ready()
            await measure(process.pid, arguments)
        finally:
            process.terminate()
            await process.wait()


async def _ready() -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(200):
            try:
                async with session.get(f"{BASE}/-/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    raise SystemExit("the bridge did not become ready")


if __name__ == "__main__":
    asyncio.run(main())
