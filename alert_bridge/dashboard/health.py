"""How the parts are that alerts depend on: each with its state, since when, and a sentence."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from alert_bridge.analyzer_client import Analyzer, AnalyzerUnavailable
from alert_bridge.figures import Figures
from alert_bridge.store.tables import inbox, outbox
from runtime.clock import Clock, format_utc
from runtime.database import Database

State = Literal["ok", "degraded", "failed", "unknown"]

LOOK_SECONDS = 15.0
"""How often the parts are looked at, whoever asks: `since` is as exact as this."""

_WORST: Sequence[State] = ("failed", "degraded", "unknown", "ok")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One part. kind: prometheus, analyzer, peer, watchdog, channel, inbox. text: by language code."""

    kind: str
    name: str
    state: State
    text: Mapping[str, str]


class Health:
    """Looks at the parts, and remembers since when each is in its state.

    compared: what `AlertBridge.reconcile_health` tells of peers and the Watchdog.
    """

    def __init__(
        self,
        *,
        figures: Figures,
        analyzer: Analyzer,
        database: Database,
        channels: Callable[[], Collection[str]],
        compared: Callable[[], Mapping[str, Any]],
        clock: Clock,
    ) -> None:
        self._figures = figures
        self._analyzer = analyzer
        self._database = database
        self._channels = channels
        self._compared = compared
        self._clock = clock
        self._since: dict[tuple[str, str], tuple[State, float]] = {}

    async def watch(self) -> None:
        """Note which part's state is another than before, whether or not anybody asks."""
        await self._look()

    async def _look(self) -> Sequence[Part]:
        channels = tuple(self._channels())
        now = self._clock.now()
        refused, last = await self._database.read(
            lambda connection: (_refused(connection, format_utc(now - _DAY)), _last_results(connection, channels))
        )
        parts = [
            _series((await self._figures.snapshot()).problem),
            await self._of_analyzer(now.timestamp()),
            *_compared_parts(self._compared()),
            *(_channel(name, last.get(name)) for name in channels),
            _inbox(refused),
        ]
        for part in parts:
            known = self._since.get((part.kind, part.name))
            if known is None or known[0] != part.state:
                self._since[part.kind, part.name] = (part.state, now.timestamp())
        return parts

    async def shown(self, language: str) -> dict[str, Any]:
        """Return the state of the whole, which is that of the worst part, and the parts in a language."""
        parts = await self._look()
        state = next((one for one in _WORST if any(part.state == one for part in parts)), "ok")
        items = [
            {
                "kind": part.kind,
                "name": part.name,
                "state": part.state,
                "since": format_utc(self._since[part.kind, part.name][1]),
                "text": part.text.get(language, part.text["en"]),
            }
            for part in parts
        ]
        return {"state": state, "checked_at": format_utc(self._clock.now()), "parts": items}

    async def _of_analyzer(self, now: float) -> Part:
        try:
            await self._analyzer.anomalies(now - 1, now, 1)
        except AnalyzerUnavailable as error:
            return Part(
                "analyzer", "analyzer", "failed", {"en": str(error), "ja": f"解析から応答がありません：{error.problem}"}
            )
        return Part("analyzer", "analyzer", "ok", {"en": "answers", "ja": "応答しています"})


def _series(problem: str | None) -> Part:
    if problem is not None:
        return Part("prometheus", "series", "failed", {"en": problem, "ja": f"値を取得できません：{problem}"})
    return Part("prometheus", "series", "ok", {"en": "values are read", "ja": "値を取得しています"})


def _compared_parts(known: Mapping[str, Any]) -> list[Part]:
    parts = []
    for peer in known.get("peers") or ():
        up, problem = bool(peer["up"]), peer.get("problem") or ""
        text = {"en": problem or "answers", "ja": f"応答がありません：{problem}" if not up else "応答しています"}
        parts.append(Part("peer", str(peer["url"]), "ok" if up else "failed", text))
    if not known.get("on", False):
        off = {"en": "alerts are not compared with Alertmanager", "ja": "Alertmanager との照合は行っていません"}
        parts.append(Part("peer", "alertmanager", "unknown", off))
    return [*parts, _watchdog(known.get("watchdog"))]


def _watchdog(known: Mapping[str, Any] | None) -> Part:
    heard = known.get("heard_at") if known else None
    if known and known.get("missing"):
        text = {"en": f"not heard since {heard or 'the start'}", "ja": f"{heard or '起動時'} から届いていません"}
        return Part("watchdog", "watchdog", "failed", text)
    if heard:
        return Part("watchdog", "watchdog", "ok", {"en": "it comes through", "ja": "届いています"})
    return Part("watchdog", "watchdog", "unknown", {"en": "not heard yet", "ja": "まだ届いていません"})


def _channel(name: str, last: tuple[str, str] | None) -> Part:
    state, error = last or ("", "")
    if state == "dead":
        return Part(
            "channel",
            name,
            "failed",
            {"en": f"the last one was not told: {error}", "ja": f"直近の通知に失敗しました：{error}"},
        )
    if state == "retry":
        return Part("channel", name, "degraded", {"en": f"is tried again: {error}", "ja": f"再送しています：{error}"})
    if state == "sent":
        return Part("channel", name, "ok", {"en": "the last one was told", "ja": "直近の通知は届きました"})
    return Part("channel", name, "unknown", {"en": "nothing was told yet", "ja": "まだ通知していません"})


def _inbox(refused: int) -> Part:
    if refused:
        english = f"{refused} notifications of the last day could not be used and are kept"
        return Part(
            "inbox",
            "inbox",
            "degraded",
            {"en": english, "ja": f"直近1日に処理できなかった通知が{refused}件あり、保存しています"},
        )
    return Part("inbox", "inbox", "ok", {"en": "every notification could be used", "ja": "すべての通知を処理しました"})


def _refused(connection: Connection, since: str) -> int:
    query = select(func.count()).select_from(inbox).where(inbox.c.error.is_not(None), inbox.c.received_at >= since)
    return int(connection.execute(query).scalar_one())


def _last_results(connection: Connection, channels: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return what became of the newest message of each channel that something became of."""
    found = {}
    for channel in channels:
        query = (
            select(outbox.c.state, outbox.c.error)
            .where(outbox.c.channel == channel, outbox.c.state.in_(("sent", "dead", "retry")))
            .order_by(outbox.c.number.desc())
            .limit(1)
        )
        row = connection.execute(query).first()
        if row is not None:
            found[channel] = (str(row[0]), str(row[1] or ""))
    return found
