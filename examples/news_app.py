"""A small news delivery system to be monitored: it fetches feeds, parses them and delivers the articles.

    python examples/news_app.py --log-dir logs --listen 127.0.0.1:9108

Everything happens inside this process: the feeds are served on its own port, the database and the readers are made
up. Its metrics are on /metrics, its log in LOG_DIR/news_app.log. Something can be broken on purpose:

    curl -X POST -H 'Content-Type: application/json' -d '{"mode": "database"}' http://127.0.0.1:9108/fail
    curl -X POST -H 'Content-Type: application/json' -d '{"mode": null}' http://127.0.0.1:9108/fail
"""

import argparse
import asyncio
import itertools
import logging
import logging.handlers
import random
import signal
import sys
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import aiohttp
from prometheus_client import Gauge, ProcessCollector, disable_created_metrics
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exporter.performance import PerformanceMonitor
from runtime.security import Access
from runtime.settings import WebSettings
from runtime.web import Problem, build_app, read_json, serve

logger = logging.getLogger("news")

FEEDS = {
    "world": ("Leaders meet for talks on trade", "首脳会談、貿易問題を協議"),
    "economy": ("Central bank keeps rates unchanged", "中央銀行、政策金利を据え置き"),
    "sports": ("Home team wins after extra time", "延長戦の末に地元チームが勝利"),
    "science": ("Probe sends first pictures from orbit", "探査機、軌道上から最初の画像を送信"),
}
ITEMS_PER_FEED = 10
NEW_ITEMS_PER_FEED = 5
DELIVERERS = 32
QUEUE_LIMIT = 500
CACHE_LIMIT = 500
DATABASE = '"db-1.news.internal" (10.0.3.17), port 5432'
USUAL_RESET_SHARE = 0.004
LOG_FILE_BYTES = 5_000_000
LOG_FILES_KEPT = 3


class Mode(StrEnum):
    """What can be broken."""

    DATABASE = "database"
    FEED = "feed"
    SLOW = "slow"
    TRANSLATION = "translation"


class FailRequest(BaseModel):
    """Body of POST /fail; null repairs everything."""

    mode: Mode | None


class OperationalError(Exception):
    """The database cannot be used (the name a PostgreSQL driver gives it)."""


class TranslationRejected(Exception):
    """The translator refuses a headline: a failure that no table of known patterns has."""


class FeedParseError(Exception):
    """A feed is no valid XML."""


@dataclass(frozen=True, slots=True)
class Article:
    """One article on its way."""

    number: int
    feed: str
    title: str


class Switch:
    """What is broken now."""

    def __init__(self, mode: Mode | None = None) -> None:
        self.mode = mode

    def broken(self, mode: Mode, share: float = 0.9) -> bool:
        """Whether something that this mode breaks fails this time."""
        return self.mode is mode and random.random() < share


class FeedServer:
    """The feeds, served by this process: each has new articles and some of the last ones."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._numbers = itertools.count(1)
        self._items: dict[str, deque[Article]] = {name: deque(maxlen=ITEMS_PER_FEED) for name in FEEDS}

    async def answer(self, request: Request) -> Response:
        """Answer GET /feeds/{name} with an RSS document."""
        name = request.path_params["name"]
        if name not in FEEDS:
            raise Problem(404, "No such feed", f"known: {', '.join(FEEDS)}")
        for _ in range(NEW_ITEMS_PER_FEED):
            number = next(self._numbers)
            self._items[name].append(Article(number, name, f"{random.choice(FEEDS[name])} #{number}"))
        items = "".join(
            f"<item><guid>{item.number}</guid><title>{escape(item.title)}</title></item>" for item in self._items[name]
        )
        document = f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>"
        if self._switch.broken(Mode.FEED):
            document = document[: random.randrange(60, len(document) - 20)] + "<&"
        return Response(document, media_type="application/rss+xml")


class Pipeline:
    """Fetch, parse, deliver: tasks that hand each other work through bounded queues."""

    def __init__(self, monitor: PerformanceMonitor, switch: Switch, feeds_url: str, rate: float) -> None:
        self._monitor = monitor
        self._metrics = monitor.get_app_metrics()
        self._switch = switch
        self._feeds_url = feeds_url
        self._rate = rate
        self._documents: asyncio.Queue[tuple[str, str]] = asyncio.Queue(QUEUE_LIMIT)
        self._articles: asyncio.Queue[Article] = asyncio.Queue(QUEUE_LIMIT)
        self._known: OrderedDict[int, None] = OrderedDict()
        self._delivered: deque[float] = deque()
        self._failures = 0

    async def run(self) -> None:
        """Work until cancelled."""
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
            for name in FEEDS:
                group.create_task(self._fetch_regularly(session, name), name=f"fetch {name}")
            group.create_task(self._parse_all(), name="parse")
            for number in range(DELIVERERS):
                group.create_task(self._deliver_all(), name=f"deliver {number}")
            group.create_task(self._report(), name="report")

    async def _fetch_regularly(self, session: aiohttp.ClientSession, name: str) -> None:
        seconds = NEW_ITEMS_PER_FEED * len(FEEDS) / self._rate
        await asyncio.sleep(random.uniform(0, seconds))
        due = time.monotonic()
        while True:
            try:
                await self._documents.put((name, await self._fetch(session, name)))
            except (aiohttp.ClientError, TimeoutError) as error:
                logger.error("feed %s cannot be fetched: %s: %s", name, type(error).__name__, error)
            due = max(due + seconds, time.monotonic() - seconds)
            await asyncio.sleep(max(due - time.monotonic(), 0))

    async def _fetch(self, session: aiohttp.ClientSession, name: str) -> str:
        with self._monitor.track("fetch"):
            begun = time.monotonic()
            if self._switch.broken(Mode.SLOW):
                await asyncio.sleep(random.uniform(0.5, 1.5))
            try:
                async with session.get(f"{self._feeds_url}/{name}") as response:
                    text = await response.text()
            except (aiohttp.ClientError, TimeoutError):
                self._metrics.count_api_call(f"feed-{name}", "error")
                raise
            self._metrics.count_api_call(f"feed-{name}", response.status)
            milliseconds = 1000 * (time.monotonic() - begun)
            if milliseconds > 400:
                logger.warning("slow answer from feed %s: %.0f ms (limit 400 ms)", name, milliseconds)
            else:
                logger.info("GET /feeds/%s %d %d bytes in %.0f ms", name, response.status, len(text), milliseconds)
            return text

    async def _parse_all(self) -> None:
        while True:
            name, document = await self._documents.get()
            try:
                articles = self._parse(name, document)
            except FeedParseError as error:
                logger.error("feed parse error in %s: %s", name, error)
                if random.random() < 0.5:
                    logger.error("フィードの解析に失敗しました: feed=%s 原因=%s", name, error)
                continue
            for article in articles:
                await self._articles.put(article)

    def _parse(self, name: str, document: str) -> list[Article]:
        """Return the articles of a feed that were not seen before."""
        with self._monitor.track("parse"):
            try:
                items = ElementTree.fromstring(document).findall("channel/item")  # noqa: S314 - our own feed
            except ElementTree.ParseError as error:
                raise FeedParseError(str(error)) from error
            read = [Article(int(item.findtext("guid", "0")), name, item.findtext("title", "")) for item in items]
            return [article for article in read if self._is_new(article)]

    def _is_new(self, article: Article) -> bool:
        hit = article.number in self._known
        self._metrics.count_cache("articles", hit=hit)
        self._known[article.number] = None
        if len(self._known) > CACHE_LIMIT:
            self._known.popitem(last=False)
        return not hit

    async def _deliver_all(self) -> None:
        while True:
            article = await self._articles.get()
            try:
                await self._deliver(article)
            except OperationalError as error:
                self._log_database_failure(article, error)
            except TranslationRejected:
                self._log_rejected_translation(article)
            except ConnectionResetError:
                logger.warning("push gateway reset the connection, article %d is given up", article.number)

    async def _deliver(self, article: Article) -> None:
        with self._monitor.track("deliver"):
            begun = time.monotonic()
            await self._store()
            if self._switch.broken(Mode.TRANSLATION, share=0.1):
                raise TranslationRejected
            await asyncio.sleep(random.uniform(0.01, 0.04))
            if self._switch.broken(Mode.SLOW):
                await asyncio.sleep(random.uniform(0.4, 1.2))
            if random.random() < USUAL_RESET_SHARE:
                self._metrics.count_api_call("push-gateway", "reset")
                raise ConnectionResetError
            self._metrics.count_api_call("push-gateway", 200)
        self._delivered.append(begun)
        self._log_delivery(article, 1000 * (time.monotonic() - begun))

    async def _store(self) -> None:
        await asyncio.sleep(random.uniform(0.002, 0.006))
        if self._switch.broken(Mode.DATABASE):
            raise OperationalError(f"connection to server at {DATABASE} failed: Connection refused")

    def _log_database_failure(self, article: Article, error: OperationalError) -> None:
        self._failures += 1
        logger.error("delivery of article %d failed: psycopg.OperationalError: %s", article.number, error)
        if self._failures % 3 == 1:
            logger.error(
                "データベース接続に失敗しました: ホスト=db-1.news.internal 試行=%d回目", self._failures % 5 + 1
            )

    def _log_rejected_translation(self, article: Article) -> None:
        editor = f"editor{random.randint(1, 9)}@example.jp"
        if random.random() < 0.5:
            logger.error(
                "translator rejects headline of article %d, glossary is ambiguous: ask %s", article.number, editor
            )
        else:
            phone = f"090-1234-{random.randint(1000, 9999)}"
            logger.error("記事 %d の見出しを翻訳できません: 用語集の訳語が競合（担当 %s）", article.number, phone)

    def _log_delivery(self, article: Article, milliseconds: float) -> None:
        readers = random.randint(50, 5000)
        if random.random() < 0.4:
            logger.info("記事を配信しました: id=%d 購読者=%d人 所要時間=%.0fms", article.number, readers, milliseconds)
        elif random.random() < 0.1:
            reader = random.randint(1, 9999)
            logger.info("article %d mailed to reader%d@example.com in %.0f ms", article.number, reader, milliseconds)
        else:
            logger.info("article %d delivered to %d readers in %.0f ms", article.number, readers, milliseconds)

    async def _report(self) -> None:
        """Set the pipeline's own values once a second."""
        while True:
            await asyncio.sleep(1)
            while self._delivered and self._delivered[0] < time.monotonic() - 60:
                self._delivered.popleft()
            waiting = self._articles.qsize()
            self._metrics.set_value("article_processing_rate", len(self._delivered))
            self._metrics.set_value("queue_depth", waiting)
            if waiting > QUEUE_LIMIT / 2:
                logger.warning("delivery queue backlog: %d articles are waiting (limit %d)", waiting, QUEUE_LIMIT)


def configure_log(folder: Path) -> None:
    """Write the log to FOLDER/news_app.log, rotated. Raises OSError if that cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        folder / "news_app.log", maxBytes=LOG_FILE_BYTES, backupCount=LOG_FILES_KEPT, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s [%(name)s] %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def switch_routes(switch: Switch) -> list[Route]:
    """Return the routes that tell and set what is broken."""

    async def tell(_: Request) -> Response:
        return JSONResponse({"mode": switch.mode})

    async def change(request: Request) -> Response:
        switch.mode = (await read_json(request, FailRequest)).mode
        logger.info("broken on purpose now: %s", switch.mode or "nothing")
        return JSONResponse({"mode": switch.mode})

    return [Route("/fail", tell), Route("/fail", change, methods=["POST"])]


async def run(arguments: argparse.Namespace) -> None:
    """Serve the metrics and work until SIGINT or SIGTERM."""
    monitor = PerformanceMonitor()
    ProcessCollector(registry=monitor.registry)
    info = Gauge(
        "app_info", "The application that runs; the value is 1.", ["name", "version"], registry=monitor.registry
    )
    info.labels("news_app", arguments.app_version).set(1)
    switch = Switch(arguments.fail)
    access = Access()
    app = build_app(
        name="news_app",
        routes=[Route("/feeds/{name}", FeedServer(switch).answer), *switch_routes(switch)],
        registry=monitor.registry,
        ready=lambda: None,
        access=access,
        web=WebSettings(),
    )
    server = await serve(app, arguments.listen, access)
    pipeline = Pipeline(monitor, switch, f"http://127.0.0.1:{server.port}/feeds", arguments.rate)
    work = asyncio.create_task(pipeline.run())
    for stopping in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(stopping, work.cancel)
    print(f"news_app listens on http://127.0.0.1:{server.port}", flush=True)
    logger.info("news_app %s started: %g articles a second", arguments.app_version, arguments.rate)
    try:
        await work
    except asyncio.CancelledError:
        logger.info("news_app stopped")
    finally:
        await server.close()


def rate(text: str) -> float:
    """Parse --rate: articles a second, more than 0 and at most 1000."""
    value = float(text)
    if not 0 < value <= 1000:
        raise ValueError(text)
    return value


def main(argv: Sequence[str] | None = None) -> int:
    """Run the application; return its exit code."""
    parser = argparse.ArgumentParser(prog="news_app", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--listen", metavar="HOST:PORT", default="127.0.0.1:9108", help="metrics and the fail switch")
    parser.add_argument("--log-dir", metavar="DIR", type=Path, default=Path("logs"), help="folder of news_app.log")
    parser.add_argument("--rate", type=rate, default=20.0, help="articles a second")
    parser.add_argument("--fail", type=Mode, choices=list(Mode), help="what is broken from the start")
    parser.add_argument("--app-version", default="1.0.0", help="the version that app_info tells")
    arguments = parser.parse_args(argv)
    disable_created_metrics()  # type: ignore[no-untyped-call]
    try:
        configure_log(arguments.log_dir)
        asyncio.run(run(arguments))
    except (OSError, ValueError) as error:
        print(f"news_app: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
