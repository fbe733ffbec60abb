"""A small backend for the page: the HTTP API and the feed with fixed data, and knobs for states hard to reach.

`python -m tests.dashboard.backend [PORT]` serves it for a look by hand.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from alert_bridge.dashboard.page import csp, page_route

XSS = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'

NAMES = {
    "cpu_percent": ("system", "%", 56.0, 84.0, (30.0, 52.0)),
    "memory_percent": ("system", "%", 69.0, 88.0, (61.0, 72.0)),
    "disk_percent": ("system", "%", 71.0, 85.0, (70.0, 72.0)),
    "network_recv_mb_s": ("system", "MB/s", 31.5, 96.0, (24.0, 48.0)),
    "network_sent_mb_s": ("system", "MB/s", 89.1, 310.0, (70.0, 130.0)),
    "process_count": ("system", "", 236.0, 320.0, (200.0, 228.0)),
    "active_tasks": ("application", "", 229.0, 420.0, (56.0, 136.0)),
    "completed_tasks": ("application", "", 39_820.0, None, None),
    "failed_tasks": ("application", "", 90.0, 22.0, (0.0, 9.0)),
    "error_rate": ("application", "%", 17.9, 5.2, (0.1, 1.7)),
    "response_time_ms": ("application", "ms", 1874.0, 920.0, (198.0, 438.0)),
    "cache_hit_rate": ("application", "%", 72.1, 80.0, (89.0, 97.0)),
    "api_calls": ("application", "", 30_712.0, 90_000.0, (16_500.0, 31_500.0)),
    "article_processing_rate": ("application", "/min", 164.0, 100.0, (134.0, 230.0)),
}
LOWER = {"cache_hit_rate", "article_processing_rate"}
OPEN = ["firing", "acknowledged", "snoozed", "suppressed"]
RANKS = ["LOW", "MEDIUM", "HIGH", "CRITICAL"]
LEVELS = {"error_rate": "critical", "cache_hit_rate": "warning"}


def stamp(at: float) -> str:
    """Return an epoch time as the API writes it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


DATABASE = {"id": "f1", "name": "database connection", "name_ja": "データベース 接続", "size": 2}


@dataclass
class Backend:
    """The data, and what a test may turn.

    down: every answer is 503 and the feed is cut. feed: False leaves the page to polling.
    role, protected: who the reader is. refuse: problem detail for the next action. first_run: no value yet.
    """

    port: int = 0
    now: float = field(default_factory=time.time)
    down: bool = False
    feed: bool = True
    feed_beats: bool = True
    role: str = "operator"
    protected: bool = False
    logged_in: bool = False
    refuse: str = ""
    refuse_one: str = ""
    routes: set[str] = field(default_factory=set)
    calm: bool = False
    first_run: bool = False
    silent_source: bool = False
    alerts: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    sockets: set[WebSocket] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Put data and knobs back."""
        self.now = time.time()
        self.down = self.protected = self.logged_in = self.calm = self.first_run = self.silent_source = False
        self.feed = self.feed_beats = True
        self.role, self.refuse, self.refuse_one = "operator", "", ""
        self.routes = {"health", "oncall", "maintenance", "thresholds", "test"}
        self.posts.clear()
        self.alerts = {alert["id"]: alert for alert in self._alerts()}
        self.history = {alert_id: self._history(alert) for alert_id, alert in self.alerts.items()}

    def _alert(
        self, id: str, name: str, severity: str, minutes: float, summary: tuple[str, str], **extra: Any
    ) -> dict[str, Any]:
        labels = {"alertname": name, "job": "app", "instance": "news-api-2:9108", **extra.pop("labels", {})}
        begun = self.now - minutes * 60
        base: dict[str, Any] = {
            "id": id, "fingerprint": f"{len(id):016x}", "name": name, "severity": severity, "status": "firing",
            "message": summary[0], "labels": labels,
            "annotations": {"summary": summary[0], "summary_ja": summary[1], **extra.pop("annotations", {})},
            "created_at": stamp(begun), "updated_at": stamp(self.now), "resolved_at": None,
            "acknowledged_by": None, "acknowledged_at": None, "acknowledge_expires_at": None, "snoozed_until": None,
            "comment": None, "assignee": None, "escalation_level": 0, "suppressed_by": None, "reason": None,
            "reason_texts": {}, "log_patterns": [], "changes": [], "runbook_url": None, "first_steps": [],
            "usual_duration_seconds": None, "next_step": None, "value": None, "threshold": None, "version": 1,
        }  # fmt: skip
        return base | extra

    def _alerts(self) -> Iterator[dict[str, Any]]:
        reason = (
            "the median of this hour over 3 weeks plus 3 spreads, kept inside 2 to 15 %.",
            "過去3週間の同時刻の中央値＋ばらつき3つ分（2〜15%の範囲内）。",
        )
        yield self._alert(
            "a1", "ErrorRateHigh", "CRITICAL", 14, ("Error rate above its threshold", "エラー率がしきい値を超過"),
            labels={"metric": "error_rate", "service": "delivery-api", "severity": "critical", "evil": XSS},
            value=17.9, threshold=5.2, reason=reason[0], reason_texts={"en": reason[0], "ja": reason[1]},
            usual_duration_seconds=720, runbook_url="https://runbooks.example.jp/error-rate",
            first_steps=["Was there a deploy just before? Roll it back.", "Look at the connections of news-db-1."],
            next_step={"at": stamp(self.now + 61), "channels": ["email"], "policy": "default", "step": 2,
                       "actions": ["notify", "severity_increase CRITICAL"], "on_call": ["first"], "stood_by": None},
            changes=[{"timestamp": stamp(self.now - 19 * 60), "title": "feed-ingest 4.12.0", "author": "Kato"}],
        )  # fmt: skip
        yield self._alert(
            "a2", "DatabaseConnections", "CRITICAL", 16,
            ("Database connections nearly used up", "データベース接続が残りわずか"),
            labels={"service": "database", "instance": "news-db-1:9105"}, status="acknowledged",
            acknowledged_by="Sato Yui", acknowledge_expires_at=stamp(self.now + 14_000),
            annotations={
                "description": "97 of 100 connections in use.",
                "description_ja": "接続数100のうち97を使用中。",
            },
        )  # fmt: skip
        yield self._alert(
            "a3", "ResponseTimeHigh", "HIGH", 15, ("Response time above its threshold", "応答時間がしきい値を超過"),
            labels={"metric": "response_time_ms", "service": "delivery-api"}, value=1874.0, threshold=920.0,
        )  # fmt: skip
        yield self._alert(
            "a4", "NewLogPattern", "HIGH", 17, ("New log pattern, growing fast", "新しいログパターンが急増"),
            labels={"service": "feed-ingest", "instance": "worker-1"},
            annotations={"description": "1,284 lines of a new pattern.", "description_ja": "新しいパターンが1,284行。"},
        )  # fmt: skip
        yield self._alert("a5", f"Hostile{XSS}", "MEDIUM", 6, (f"Hostile {XSS}", f"悪意 {XSS}"),
            labels={"service": XSS, "instance": "'\"><b>x</b>"}, runbook_url="javascript:window.hacked=1",
            annotations={"description": XSS},
        )  # fmt: skip
        yield self._alert(
            "a6", "CacheHitRateLow", "MEDIUM", 7,
            ("Cache hit rate below its threshold", "キャッシュヒット率が下限割れ"),
            labels={"metric": "cache_hit_rate", "service": "edge-cache", "direction": "lower"}, status="snoozed",
            value=72.1, threshold=80.0, snoozed_until=stamp(self.now + 3600),
        )  # fmt: skip
        yield self._alert(
            "a7", "CertificateEnds", "LOW", 1083,
            ("Certificate of feed.example.jp ends in 13 days", "feed.example.jp の証明書があと13日で失効"),
            labels={"service": "edge", "instance": "edge-1"}, status="acknowledged", acknowledged_by="森 健",
            annotations={"description": "Ends 7 Dec, warned from 14 days.", "description_ja": "12月7日失効。"},
        )  # fmt: skip
        yield self._alert(
            "r1", "ResponseTimeHigh", "MEDIUM", 360,
            ("Response time above its threshold", "応答時間がしきい値を超過"),
            labels={"metric": "response_time_ms", "service": "delivery-api"}, status="resolved",
            resolved_at=stamp(self.now - 348 * 60), value=1020.0, threshold=900.0, acknowledged_by="Sato Yui",
        )  # fmt: skip

    def _history(self, alert: dict[str, Any]) -> list[dict[str, Any]]:
        begun = datetime.fromisoformat(alert["created_at"]).timestamp()
        items = [
            {"timestamp": stamp(begun), "who": "", "what": "firing", "detail": "2 min above the threshold"},
            {"timestamp": stamp(begun), "who": "", "what": "notified", "detail": "firing", "channel": "slack",
             "result": "sent in 1.2 s"},
            {"timestamp": stamp(begun + 60), "who": "", "what": "notified", "detail": "escalated", "channel": "email",
             "result": "retry: 451 try later"},
        ]  # fmt: skip
        if alert["acknowledged_by"]:
            items.append({"timestamp": stamp(begun + 180), "who": alert["acknowledged_by"], "what": "acknowledged",
                          "detail": "preparing a roll-back"})  # fmt: skip
        return items

    # ---- figures

    def value(self, name: str, at: float) -> float:
        """Return a metric at a time: quiet, with a wave, and rising (or falling) since 17 minutes."""
        _, _, target, _, expected = NAMES[name]
        low, high = expected or (target * 0.98, target * 1.02)
        wave = (low + high) / 2 + (high - low) * 0.18 * (
            math.sin(at / 41) + 0.6 * math.sin(at / 13) + 0.4 * math.sin(at / 190)
        )
        since = at - (self.now - 17 * 60)
        if self.calm or since <= 0:
            return wave
        grown = 1 - math.exp(-since / 300)
        return wave * (1 - grown) + target * grown * (1 + 0.004 * math.sin(at / 17))

    def tile(self, name: str) -> dict[str, Any]:
        """Return one tile of the overview."""
        group, unit, _, limit, expected = NAMES[name]
        step, points = 60, 60
        start = self.now - step * (points - 1)
        times = [start + i * step for i in range(points)]
        mode = "warming" if name == "article_processing_rate" else "adaptive"
        threshold = None
        if limit is not None:
            threshold = {
                "value": limit, "direction": "lower" if name in LOWER else "upper", "mode": mode,
                "severity": LEVELS.get(name, "error"), "reason": "the median of this hour plus 3 spreads.",
            }  # fmt: skip
        empty = self.first_run
        return {
            "name": name, "group": group, "unit": unit, "title_key": f"metric_{name}",
            "value": None if empty else round(self.value(name, self.now), 2),
            "timestamp": None if empty else stamp(self.now),
            "worst": {"instance": "news-api-2"} if group == "system" else None,
            "threshold": None if empty else threshold,
            "expected": {"lower": expected[0], "upper": expected[1]} if expected and not empty else None,
            "spark": {
                "from": start, "step": step,
                "values": [None if empty else self.value(name, at) for at in times],
                "expected_lower": [expected[0] if expected and not empty else None] * points,
                "expected_upper": [expected[1] if expected and not empty else None] * points,
                "threshold": [None if empty else limit] * points,
            },
        }  # fmt: skip

    def overview(self) -> dict[str, Any]:
        """Return the answer of /api/v1/overview."""
        self.now = time.time()
        sources = [{"name": name, "up": True, "problem": None} for name in ("series", "analyzer")]
        if self.silent_source:
            sources[0] = {"name": "series", "up": False, "problem": "http://127.0.0.1:9090 refuses the connection"}
        return {
            "now": stamp(self.now), "timezone": "Asia/Tokyo", "open": not self.protected,
            "identity": {"name": "Sato Yui", "role": self.role}, "language": "en", "sources": sources,
            "feed_url": f"ws://127.0.0.1:{self.port}/feed" if self.feed else None,
            "tiles": [self.tile(name) for name in NAMES],
        }  # fmt: skip

    def series(self, name: str, start: float, end: float, step: float) -> dict[str, Any]:
        """Return the answer of /api/v1/series."""
        _, unit, _, limit, expected = NAMES[name]
        times = [start + i * step for i in range(int((end - start) / step) + 1)]
        return {
            "name": name, "unit": unit, "step": step, "timestamps": times,
            "series": [{"labels": {"instance": "news-api-2"}, "values": [self.value(name, at) for at in times]}],
            "threshold": {
                "values": [limit] * len(times), "direction": "lower" if name in LOWER else "upper",
                "severity": LEVELS.get(name, "error"), "mode": "adaptive", "reason": "now: the median plus 3 spreads.",
            } if limit is not None else None,
            "expected": {
                "lower": [expected[0]] * len(times), "upper": [expected[1]] * len(times),
            } if expected else None,
        }  # fmt: skip

    def parts(self, name: str) -> dict[str, Any]:
        """Return the answer of a route of the health view."""
        if name == "health":
            channels = [
                {"name": "email", "type": "email", "state": "failing", "last_success": None, "pending": 1, "held": 0,
                 "dead": 2, "last_error": {"at": stamp(self.now - 60), "text": f"535 wrong password {XSS}"}},
                {"name": "slack", "type": "slack", "state": "ok", "last_success": stamp(self.now - 30), "pending": 0,
                 "held": 3, "dead": 0, "last_error": None},
            ]  # fmt: skip
            parts = [
                {"kind": kind, "name": name, "state": state, "since": stamp(self.now - 90), "text": text}
                for kind, name, state, text in (
                    ("prometheus", "series", "ok", "values are read"),
                    ("peer", "http://127.0.0.1:9093", "failed", "refuses the connection"),
                    ("watchdog", "watchdog", "unknown", "not heard yet"),
                    ("inbox", "inbox", "degraded", "2 notifications could not be used and are kept"),
                )
            ]
            return {"state": "failed", "parts": parts, "sources": self.overview()["sources"], "channels": channels}
        tile = self.tile("error_rate")
        soon = {"begins_at": stamp(self.now + 3600), "ends_at": stamp(self.now + 7200)}
        items: dict[str, list[dict[str, Any]]] = {
            "oncall": [
                {"schedule": "first", "timezone": "Asia/Tokyo", "on_call": "Sato Yui", "channels": ["slack"],
                 "until": stamp(self.now + 3600), "next": "森 健"},
                {"schedule": "second", "timezone": "Asia/Tokyo", "on_call": None, "channels": [], "until": None,
                 "next": None},
            ],
            "maintenance": [
                {"name": "weekly", "match": {"service": ["database"]}, "timezone": "Asia/Tokyo", "active": False,
                 "now": None, "next": soon},
            ],
            "thresholds": [
                {**tile["threshold"], "severity": "CRITICAL", "metric_name": "error_rate", "labels": {},
                 "expected": None, "updated_at": None},
            ],
        }  # fmt: skip
        return {"items": items[name], "next_cursor": None, "total": len(items[name])}

    def limits(self, name: str) -> list[dict[str, Any]]:
        """Return what a metric's threshold was, newest first."""
        _, _, _, limit, _ = NAMES[name]
        place = {"metric": name, "direction": "upper", "severity": "critical"}
        rows = [(15, limit, "learned"), (2000, 4.4, "at_min"), (4000, 10.0, "warming")]
        return [
            {
                "metric_name": name, "threshold_value": value, "calculated_at": stamp(self.now - minutes * 60),
                "reason": f"{key} reason", "reason_en": f"{key}: the median of this hour plus 3 spreads.",
                "reason_ja": f"{key}：この時刻の中央値＋ばらつき3つ分です。", "reason_key": key, "reason_values": {},
                "labels": place if minutes < 3000 else place | {"instance": "elsewhere"},
            }
            for minutes, value, key in rows
        ]  # fmt: skip

    def patterns(self) -> list[dict[str, Any]]:
        """Return log patterns: new ones, a predefined one, a hostile one."""

        def one(id: str, text: str, minutes: float, **extra: Any) -> dict[str, Any]:
            base = {
                "pattern_id": id, "description": text, "description_ja": "", "frequency": 6, "severity": "HIGH",
                "examples": [text], "first_seen": stamp(self.now - minutes * 60), "last_seen": stamp(self.now),
                "kind": "dynamic", "category": "other", "source": "feed-ingest.log", "level": "ERROR", "new": True,
                "rare": False, "bursting": False, "family": None, "explanation": "HIGH: level ERROR.",
                "explanation_ja": "高：レベルは ERROR です。", "rate_per_hour": 6.0, "expected_per_hour": None,
                "trend": [0] * 9 + [1, 3, 2],
            }  # fmt: skip
            return base | extra

        return [
            one("p1", "connection pool exhausted: waited <num> ms for a connection to <host>", 17, frequency=1284,
                severity="CRITICAL", trend=[0] * 8 + [30, 74, 88, 92], family=DATABASE, examples=[
                    "ERROR feed-ingest[2214] connection pool exhausted: waited 5004 ms for a connection to news-db-1",
                    "ERROR connection pool exhausted: waited 5001 ms (request by [email], client [ip])"]),
            one("p2", "config: pool_max_per_worker not set, using <num>", 19),
            one("p3", "データベース接続に失敗しました（再試行 <num>/<num>）", 16, severity="MEDIUM", frequency=322,
                source="batch.log", category="database_error", family=DATABASE, bursting=True, new=False,
                expected_per_hour=2.4, rate_per_hour=322.0),
            one("p5", "replica lag <num> s on <host>", 9000, severity="MEDIUM", frequency=3, new=False, rare=True,
                source="postgresql.log", trend=[0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1]),
            one("p4", f"hostile {XSS}", 18),
            one("http_server_error", "HTTP server error (5xx)", 4000, kind="predefined", new=False, frequency=913,
                description_ja="HTTPサーバーエラー（5xx）", category="http_server_error",
                trend=[3, 2, 4, 3, 2, 3, 4, 9, 22, 41, 38, 40]),
        ]  # fmt: skip

    def anomalies(self) -> list[dict[str, Any]]:
        """Return anomalies of three series."""
        rows = [("response_time_ms", 14.5, 0.97), ("error_rate", 13, 0.95), ("failed_tasks", 12, 0.91)]
        return [
            {
                "timestamp": stamp(self.now - minutes * 60), "series": name, "anomaly_type": "spike", "severity": 0.9,
                "confidence_score": score, "methods": ["z_score", "seasonal"], "details": {},
                "explanation": "far above what is usual at this hour",
                "explanation_ja": "この時刻の通常値を大きく超過",
            }
            for name, minutes, score in rows
        ]  # fmt: skip

    def matching(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the alerts that a list's query finds, the worst first."""
        statuses = query["status"].split(",") if query.get("status") else OPEN
        words = query.get("q", "").lower().split()

        def fits(alert: dict[str, Any]) -> bool:
            labels = alert["labels"] or {}
            said = f"{alert['name']} {alert['message']} {labels}".lower()
            owner = alert["acknowledged_by"] or alert["assignee"] or ""
            return (
                alert["status"] in statuses
                and query.get("severity", alert["severity"]) == alert["severity"]
                and query.get("service", labels.get("service")) == labels.get("service")
                and query.get("name", alert["name"]) == alert["name"]
                and query.get("owner", owner) == owner
                and all(word in said for word in words)
                and ("label" not in query or query["label"].partition("=")[2] == labels.get("job"))
            )

        if self.first_run or (self.calm and statuses != ["resolved"]):
            return []
        found = [alert for alert in self.alerts.values() if fits(alert)]
        return sorted(
            found, key=lambda one: (-RANKS.index(one["severity"]), one["status"] != "firing", one["created_at"])
        )

    def groups(self, alerts: list[dict[str, Any]], by: list[str]) -> list[dict[str, Any]]:
        """Return the alerts counted by what they have in common."""
        found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for alert in alerts:
            owner = alert["acknowledged_by"] or alert["assignee"] or ""
            has = {**(alert["labels"] or {}), **alert, "owner": owner}
            found.setdefault(tuple(str(has.get(name, "")) for name in by), []).append(alert)
        return [
            {
                "by": dict(zip(by, key, strict=True)), "count": len(some), "severity": some[0]["severity"],
                "unowned": sum(one["status"] == "firing" for one in some),
                "statuses": dict(Counter(one["status"] for one in some)),
                "oldest": min(one["created_at"] for one in some), "shared_labels": {"job": "app"},
                "common_labels": [{"name": "rack", "value": "r3", "count": len(some) - 1}],
            }
            for key, some in found.items()
        ]  # fmt: skip

    def flood(self, count: int) -> None:
        """Open so many alerts more, of two names."""
        for number in range(count):
            name = ("HostDown", "DiskSlow")[number % 2]
            self.alerts[f"f{number}"] = self._alert(
                f"f{number}", name, "HIGH", 30 + number / 60, (f"{name} on host-{number}", f"host-{number} の {name}"),
                labels={"service": f"rack-{number % 3}", "instance": f"host-{number}"},
            )  # fmt: skip
            self.history[f"f{number}"] = []

    def act(self, alert_id: str, action: str, body: dict[str, Any]) -> dict[str, Any]:
        """Change an alert as the API does."""
        who, at = "Sato Yui", stamp(time.time())
        changes: dict[str, dict[str, Any]] = {
            "acknowledge": {"status": "acknowledged", "acknowledged_by": who, "acknowledged_at": at},
            "unacknowledge": {"status": "firing", "acknowledged_by": None, "snoozed_until": None},
            "snooze": {"status": "snoozed", "snoozed_until": stamp(time.time() + body.get("seconds", 0))},
            "assign": {"assignee": body.get("assignee")},
            "comment": {"comment": body.get("text")},
            "acknowledgement": {"comment": body.get("comment")},
            "resolve": {"status": "resolved", "resolved_at": at},
        }
        words = {"acknowledge": "acknowledged", "unacknowledge": "unacknowledged", "snooze": "snoozed",
                 "assign": "assigned", "comment": "commented", "resolve": "resolved",
                 "acknowledgement": "commented"}  # fmt: skip
        alert = self.alerts[alert_id]
        alert.update(changes[action], version=alert["version"] + 1, updated_at=at)
        detail = body.get("text") or body.get("assignee") or ""
        self.history[alert_id].append({"timestamp": at, "who": who, "what": words[action], "detail": detail})
        return alert


class _Headers:
    """The headers of the real server that matter to the page."""

    def __init__(self, app: ASGIApp, backend: Backend) -> None:
        self._app = app
        self._backend = backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = csp(self._backend.port).encode()
                message["headers"] = [*message["headers"], (b"content-security-policy", policy)]
            await send(message)

        await self._app(scope, receive, with_headers)


def channel_test(ok: bool) -> dict[str, Any]:
    """Return what came of a channel's test."""
    detail, remedy = ("", "") if ok else ("login: 535", "check the password")
    one = {
        "channel": "one",
        "target": "",
        "ok": ok,
        "step": "done" if ok else "login",
        "detail": detail,
        "remedy": remedy,
    }
    return {"ok": ok, "results": [one]}


def build(backend: Backend) -> ASGIApp:
    """Return the app."""

    def problem(status: int, title: str, detail: str = "") -> Response:
        body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        return JSONResponse(body, status, media_type="application/problem+json")

    async def api(request: Request) -> Response:
        path = request.path_params["path"]
        if backend.down:
            return problem(503, "Away")
        if path == "session":
            body = await request.json()
            if body != {"username": "sato", "password": "right"}:
                return problem(401, "Wrong name or password")
            backend.logged_in = True
            return JSONResponse({"name": "Sato Yui", "role": backend.role, "csrf": "token-1"})
        if backend.protected and not backend.logged_in:
            return problem(401, "Not logged in")
        if request.method in ("POST", "PATCH"):
            return await write(request, path)
        return read(request, path)

    async def write(request: Request, path: str) -> Response:
        if request.headers.get("content-type") != "application/json":
            return problem(415, "Wrong content type")
        if backend.protected and request.headers.get("x-csrf-token") != "token-1":
            return problem(403, "CSRF token missing")
        body = await request.json()
        backend.posts.append((path, body))
        if backend.refuse:
            return problem(409, "Refused", backend.refuse)
        if path.startswith("channels/"):
            known = "test" in backend.routes
            return JSONResponse(channel_test(path == "channels/slack/test")) if known else problem(404, "Not Found")
        if path == "alerts/actions":
            return bulk(body)
        _, alert_id, action = path.split("/")
        return JSONResponse(backend.act(alert_id, action, body))

    def bulk(body: dict[str, Any]) -> Response:
        found = [one["id"] for one in backend.matching(body["filter"])] if "filter" in body else body["ids"]
        more = {key: value for key, value in body.items() if key not in ("ids", "filter", "action")}
        results: list[dict[str, Any]] = []
        for alert_id in found:
            if alert_id == backend.refuse_one:
                results.append({"id": alert_id, "ok": False, "status": 409, "error": "already resolved"})
                continue
            backend.act(alert_id, body["action"], more)
            results.append({"id": alert_id, "ok": True})
        return JSONResponse({"results": results})

    def read(request: Request, path: str) -> Response:
        query = request.query_params
        if path == "overview":
            return JSONResponse(backend.overview())
        if path == "series":
            return JSONResponse(
                backend.series(query["name"], float(query["from"]), float(query["to"]), float(query["step"]))
            )
        if path in ("health", "oncall", "maintenance", "thresholds"):
            return JSONResponse(backend.parts(path)) if path in backend.routes else problem(404, "Not Found")
        if path.startswith("thresholds/"):
            return listed(backend.limits(path.split("/")[1]))
        if path == "patterns":
            only_new = query.get("new") == "true"
            found = [] if backend.calm or backend.first_run else backend.patterns()
            return listed([one for one in found if one["new"] or not only_new])
        if path == "anomalies":
            return listed([] if backend.calm or backend.first_run else backend.anomalies())
        if path == "alerts":
            return page(backend.matching(query), int(query.get("limit", "50")), int(query.get("cursor") or 0))
        if path == "alerts/groups":
            return listed(backend.groups(backend.matching(query), query.get("by", "name").split(",")))
        _, alert_id, *rest = path.split("/")
        if alert_id not in backend.alerts:
            return problem(404, "Unknown alert", f"no alert {alert_id}")
        return listed(backend.history[alert_id]) if rest else JSONResponse(backend.alerts[alert_id])

    def page(items: list[dict[str, Any]], limit: int, start: int) -> Response:
        end = start + limit
        following = str(end) if end < len(items) else None
        return JSONResponse({"items": items[start:end], "next_cursor": following, "total": len(items)})

    def listed(items: list[dict[str, Any]]) -> Response:
        return JSONResponse({"items": items, "next_cursor": None, "total": len(items)})

    async def feed(socket: WebSocket) -> None:
        await socket.accept()
        backend.sockets.add(socket)
        try:
            while not backend.down:
                if backend.feed_beats:
                    await socket.send_text(json.dumps(beat()))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(socket.receive_text(), 0.25)
        except WebSocketDisconnect:
            return
        finally:
            backend.sockets.discard(socket)
        await socket.close()

    def beat() -> dict[str, Any]:
        at = time.time()
        values = {name: round(backend.value(name, at), 2) for name in NAMES}
        groups: dict[str, dict[str, float]] = {"system": {}, "application": {}}
        for name, value in values.items():
            groups[NAMES[name][0]][name] = value
        data = {} if backend.first_run else {f"{key}_metrics": group for key, group in groups.items()}
        return {"type": "metrics_update", "data": data, "seq": 1, "timestamp_utc": stamp(at)}

    app = Starlette(
        routes=[
            Route("/api/v1/{path:path}", api, methods=["GET", "POST", "PATCH"]),
            WebSocketRoute("/feed", feed),
            page_route(),
        ]
    )
    return _Headers(app, backend)


async def push(backend: Backend, type: str, alert: dict[str, Any]) -> None:
    """Send an alert to every listener of the feed."""
    for socket in list(backend.sockets):
        await socket.send_text(json.dumps({"type": type, "data": alert, "seq": 2, "timestamp_utc": stamp(time.time())}))


@dataclass
class Running:
    """The backend in its own thread."""

    backend: Backend
    url: str
    loop: asyncio.AbstractEventLoop

    def push(self, type: str, alert: dict[str, Any]) -> None:
        """Send an alert over the feed and wait until it is sent."""
        asyncio.run_coroutine_threadsafe(push(self.backend, type, alert), self.loop).result(5)


@contextlib.contextmanager
def serve(port: int = 0) -> Iterator[Running]:
    """Serve the backend until the block ends."""
    backend = Backend()
    config = uvicorn.Config(
        build(backend), host="127.0.0.1", port=port, log_level="warning", ws="websockets-sansio", lifespan="off",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    loops: list[asyncio.AbstractEventLoop] = []

    async def run() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    backend.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Running(backend, f"http://127.0.0.1:{backend.port}", loops[0])
    finally:
        backend.down = True
        server.should_exit = True
        thread.join(10)


if __name__ == "__main__":
    with serve(int(sys.argv[1]) if len(sys.argv) > 1 else 8080) as running:
        sys.stdout.write(f"{running.url}\n")
        threading.Event().wait()
