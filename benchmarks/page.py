"""How quick the page is with many open alerts: a real bridge on a real database, two pages in Chromium.

`python -m benchmarks.page [--alerts 20000] [--repeats 5]` prints medians: the first view of the list after opening the
page (groups, and one long list), and an acknowledgement from the click to what the other browser shows.
"""

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from monitoring.tools import find

_CHUNK = 2000
_ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def _bridge(folder: Path) -> Iterator[str]:
    """Run a bridge without neighbours; yields the address of its page."""
    main, feed, page = (_free_port() for _ in range(3))
    settings = {
        "alert_bridge": {
            "feed": {"listen_address": f"127.0.0.1:{feed}"},
            "dashboard": {"listen_address": f"127.0.0.1:{page}"},
        },
        "prometheus": {"url": "http://127.0.0.1:9"},
        "alertmanager": {"urls": ["http://127.0.0.1:9"]},
    }
    config = folder / "settings.json"
    config.write_text(json.dumps(settings), encoding="utf-8")
    command = [
        sys.executable, "-m", "alert_bridge", "--config", str(config), "--data-dir", str(folder),
        "--web.listen-address", f"127.0.0.1:{main}", "--log.level", "error",
    ]  # fmt: skip
    process = subprocess.Popen(command)
    url = f"http://127.0.0.1:{page}"
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{main}/-/ready", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _open_alerts(url: str, count: int) -> None:
    """Open so many alerts of twenty names."""
    for start in range(0, count, _CHUNK):
        alerts = [_alert(number) for number in range(start, min(start + _CHUNK, count))]
        body = {"version": "4", "groupKey": str(start), "status": "firing", "receiver": "bridge", "alerts": alerts}
        request = urllib.request.Request(
            f"{url}/api/v1/ingest/alertmanager", json.dumps(body).encode(), {"content-type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=120).close()


def _alert(number: int) -> dict[str, object]:
    labels = {
        "alertname": f"Check{number % 20}",
        "severity": ("critical", "error", "warning", "info")[number % 4],
        "instance": f"host-{number}",
        "service": f"service-{number % 50}",
    }
    annotations = {"summary": f"Check {number % 20} fails on host-{number}"}
    print_of = f"{number:016x}"
    return {"status": "firing", "labels": labels, "annotations": annotations, "fingerprint": print_of,
            "startsAt": "2026-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z"}  # fmt: skip


def _first_view(page: Page, address: str, row: str) -> float:
    """Return the seconds from opening an address until its first row is drawn."""
    page.goto("about:blank")
    begun = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator(row).first.wait_for()
    return time.perf_counter() - begun


def _acknowledge(page: Page, other: Page) -> tuple[float, float]:
    """Acknowledge the open alert; returns the seconds until the page and the other one show it."""
    button = page.locator(".drawer-acts").get_by_role("button", name="Acknowledge")
    button.wait_for()
    other.locator(".drawer-acts").get_by_role("button", name="Acknowledge").wait_for()
    begun = time.perf_counter()
    button.click(no_wait_after=True)
    page.locator(".drawer-head").get_by_text("Acknowledged").wait_for()
    own = time.perf_counter() - begun
    other.locator(".drawer-head").get_by_text("Acknowledged").wait_for()
    return own, time.perf_counter() - begun


def main() -> int:
    """Fill, open, acknowledge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    chromium = find("chromium")
    if chromium is None:
        sys.stderr.write("chromium is not installed; `python -m monitoring.tools chromium` fetches it\n")
        return 1
    with tempfile.TemporaryDirectory() as folder, _bridge(Path(folder)) as url, sync_playwright() as playwright:
        begun = time.perf_counter()
        _open_alerts(url, arguments.alerts)
        sys.stdout.write(f"{arguments.alerts} alerts taken in {time.perf_counter() - begun:.1f} s\n")
        browser = playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        page, other = (browser.new_context(locale="en-GB").new_page() for _ in range(2))
        for name, address, row in (
            ("groups", "#/alerts", ".group"),
            ("one list", "#/alerts?group=list", "tbody .name"),
            ("overview", "#/overview", ".row .name"),
        ):
            times = [_first_view(page, f"{url}/{address}", row) for _ in range(arguments.repeats)]
            sys.stdout.write(f"first view, {name}: {statistics.median(times):.2f} s (worst {max(times):.2f})\n")
        listed = json.loads(urllib.request.urlopen(f"{url}/api/v1/alerts?limit={arguments.repeats}").read())["items"]
        acknowledged = []
        for alert in listed:
            for one in (page, other):
                one.goto(f"{url}/#/alerts/{alert['id']}?group=list")
            page.wait_for_timeout(3000)
            acknowledged.append(_acknowledge(page, other))
        for name, place in (("here", 0), ("in the other browser", 1)):
            times = [one[place] for one in acknowledged]
            sys.stdout.write(f"acknowledged {name}: {statistics.median(times):.3f} s (worst {max(times):.3f})\n")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
