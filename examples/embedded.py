"""The monitoring embedded in an application, with the samples of the guide: nothing else has to run.

    python examples/embedded.py                      # until Ctrl-C; data in ./var/embedded
    python examples/embedded.py --http-port 0 --websocket-port 0

A made-up news pipeline works in the same process. Every half minute its database "fails" for ten seconds: errors in
the log, a pattern, a rising error rate, alerts on the page.
"""

import argparse
import asyncio
import logging
import random
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monitoring.alert_system import AlertRule, AlertSeverity, ThresholdConfig
from monitoring.integrated_monitor import IntegratedMonitoringSystem, monitoring_required

logger = logging.getLogger("news")

OUTAGE_EVERY_SECONDS = 30.0
OUTAGE_SECONDS = 10.0


class DatabaseError(Exception):
    """The made-up database does not answer."""


async def told(event: Mapping[str, Any], alerts: Sequence[Any]) -> None:
    """Print what the log analysis found, and how many alerts it opened."""
    print(f"{event['severity']:8} {event['description']} ({len(alerts)} alerts opened)", flush=True)


def build(arguments: argparse.Namespace) -> IntegratedMonitoringSystem:
    """Return the monitor with a rule, a threshold and a handler."""
    monitor = IntegratedMonitoringSystem(
        db_path=arguments.db_path,
        log_directory=arguments.log_directory,
        dashboard_config={"websocket_port": arguments.websocket_port, "http_port": arguments.http_port},
    )
    alerts = monitor.alert_system
    alerts.register_rule(
        AlertRule(
            rule_id="slow_and_failing",
            name="Few articles are processed, and many fail",
            description="The news pipeline processes less than 100 articles a minute while more than 2 % fail.",
            condition="article_processing_rate < 100 and error_rate > 2.0",
            severity=AlertSeverity.HIGH,
        )
    )
    alerts.threshold_manager.register_threshold(ThresholdConfig(metric_name="queue_depth", base_threshold=50.0))
    monitor.add_event_handler("pattern_detected", told)
    monitor.add_event_handler("anomaly_detected", told)
    return monitor


async def work(monitor: IntegratedMonitoringSystem) -> None:
    """Process articles until cancelled."""
    metrics = monitor.performance_monitor.get_app_metrics()
    begun = time.monotonic()
    processed: list[float] = []

    def failing() -> bool:
        """Whether the database fails now: at the end of every half minute."""
        return (time.monotonic() - begun) % OUTAGE_EVERY_SECONDS > OUTAGE_EVERY_SECONDS - OUTAGE_SECONDS

    @monitoring_required(monitor)
    async def process_news_article(number: int) -> None:
        await asyncio.sleep(random.uniform(0.02, 0.08))
        metrics.count_cache("articles", hit=random.random() < 0.8)
        if failing() and random.random() < 0.7:
            raise DatabaseError("connection to server at 10.0.3.17, port 5432 failed: Connection refused")
        metrics.count_api_call("push-gateway", 200)
        logger.info("article %d delivered to %d readers", number, random.randint(50, 5000))

    number = 0
    while True:
        number += 1
        try:
            await process_news_article(number)
            processed.append(time.monotonic())
        except DatabaseError as error:
            logger.error("article %d was not stored: psycopg.OperationalError: %s", number, error)
        processed = [moment for moment in processed if moment > time.monotonic() - 60]
        metrics.set_value("article_processing_rate", len(processed))
        metrics.set_value("queue_depth", 80 if failing() else 5)


def configure_log(folder: Path) -> None:
    """Write the application's log where the monitor follows it."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(folder / "news.log", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s [%(name)s] %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


async def run(arguments: argparse.Namespace) -> None:
    """Monitor and work until SIGINT or SIGTERM."""
    monitor = build(arguments)
    await monitor.start()
    print(f"dashboard  {monitor.dashboard.url}\nfeed       {monitor.dashboard.websocket_url}", flush=True)
    working = asyncio.create_task(work(monitor))
    try:
        await monitor.run_until_stopped()
    finally:
        working.cancel()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the application; return its exit code."""
    parser = argparse.ArgumentParser(prog="embedded", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--db-path", type=Path, default=Path("var/embedded"), help="folder of the databases")
    parser.add_argument("--log-directory", type=Path, default=Path("var/embedded/logs"), help="folder of the logs")
    parser.add_argument("--websocket-port", type=int, default=8765, help="port of the feed; 0 for any")
    parser.add_argument("--http-port", type=int, default=8080, help="port of the page; 0 for any")
    arguments = parser.parse_args(argv)
    try:
        configure_log(arguments.log_directory)
        asyncio.run(run(arguments))
    except (OSError, ValueError) as error:
        print(f"embedded: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
