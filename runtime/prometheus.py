"""Series by name, from Prometheus: instant values and ranges, rules and alerts."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import yaml

from runtime.clock import parse_utc
from runtime.settings import PrometheusSettings

POINTS_A_QUERY = 10_000
"""Prometheus refuses more than 11,000 points a series in one range query."""

_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series. timestamp: epoch seconds."""

    labels: Mapping[str, str]
    timestamp: float
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one series over time; both tuples have the same length, timestamps ascend (epoch seconds)."""

    labels: Mapping[str, str]
    timestamps: tuple[float, ...]
    values: tuple[float, ...]


class SeriesUnavailable(Exception):
    """The source of the series did not answer, or refused the query.

    Attributes: name, problem.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name, problem)
        self.name = name
        self.problem = problem

    def __str__(self) -> str:
        return f"series {self.name!r}: {self.problem}"


class SeriesReader(Protocol):
    """Where values come from: Prometheus in the stack, the registry of the process when embedded."""

    async def instant(self, name: str) -> Sequence[Sample]:
        """Return the present value of every series of that name. Raises SeriesUnavailable."""
        ...

    async def range(self, name: str, start: float, end: float, step: float) -> Sequence[Series]:
        """Return the values from start to end (epoch seconds), one every `step` seconds. Raises SeriesUnavailable."""
        ...


def login_headers(settings: PrometheusSettings) -> dict[str, str]:
    """Return the headers that log in to Prometheus; none where the settings name no user."""
    if not settings.username:
        return {}
    password = settings.password.get_secret_value() if settings.password else ""
    return {"authorization": aiohttp.encode_basic_auth(settings.username, password)}


class PrometheusReader:
    """Reads from Prometheus' HTTP API.

    queries: the PromQL behind a name; a name without one is the query itself. headers: sent along, for log-in.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        queries: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._queries = queries or {}
        # what comes from near by is not worth packing: it would cost both sides more than the reading
        self._headers = {"accept-encoding": "identity", **(headers or {})}

    async def instant(self, name: str) -> Sequence[Sample]:
        """Return the present value of every series of that name; NaN and infinities are left out."""
        data = await self._get("/api/v1/query", {"query": self._queries.get(name, name)}, name)
        rows = [{"metric": {}, "value": data["result"]}] if data["resultType"] == "scalar" else data["result"]
        samples = [Sample(row["metric"], float(row["value"][0]), float(row["value"][1])) for row in rows]
        return [sample for sample in samples if math.isfinite(sample.value)]

    async def range(self, name: str, start: float, end: float, step: float) -> Sequence[Series]:
        """Return the values from start to end, asked for in pieces that Prometheus accepts."""
        points: dict[tuple[tuple[str, str], ...], tuple[list[float], list[float]]] = {}
        piece_start = start
        while piece_start <= end:
            piece_end = min(end, piece_start + POINTS_A_QUERY * step)
            query = {
                "query": self._queries.get(name, name),
                "start": f"{piece_start:.3f}",
                "end": f"{piece_end:.3f}",
                "step": f"{step:.3f}",
            }
            for row in (await self._get("/api/v1/query_range", query, name))["result"]:
                moments, values = points.setdefault(tuple(sorted(row["metric"].items())), ([], []))
                moments.extend(float(moment) for moment, _ in row["values"])
                values.extend(float(value) for _, value in row["values"])
            piece_start = piece_end + step
        return [Series(dict(labels), tuple(moments), tuple(values)) for labels, (moments, values) in points.items()]

    async def alerts(self) -> Sequence[Mapping[str, Any]]:
        """Return the active alerts as Prometheus lists them."""
        alerts: Sequence[Mapping[str, Any]] = (await self._get("/api/v1/alerts", {}, "alerts"))["alerts"]
        return alerts

    async def alerting_rules(self) -> Sequence[Mapping[str, Any]]:
        """Return the alerting rules as Prometheus lists them (`name`, `labels`, `annotations`, ...)."""
        groups = (await self._get("/api/v1/rules", {"type": "alert"}, "rules"))["groups"]
        return [rule for group in groups for rule in group["rules"] if rule.get("type", "alerting") == "alerting"]

    async def external_labels(self) -> Mapping[str, str]:
        """Return the labels that this Prometheus adds to what it tells Alertmanager."""
        text = (await self._get("/api/v1/status/config", {}, "configuration"))["yaml"]
        try:
            configuration = yaml.safe_load(text)
            return {str(name): str(value) for name, value in configuration["global"]["external_labels"].items()}
        except (yaml.YAMLError, KeyError, TypeError, AttributeError):
            return {}

    async def up_seconds(self) -> float:
        """Return for how long it is up, by its own clock."""
        started = (await self._get("/api/v1/status/runtimeinfo", {}, "runtime"))["startTime"]
        now = await self.instant("time()")
        try:
            return now[0].value - parse_utc(started).timestamp()
        except (ValueError, IndexError) as error:
            raise SeriesUnavailable("runtime", f"{self._url} does not say since when it runs: {error}") from None

    async def reload(self) -> None:
        """Make Prometheus read its configuration and rules again (needs --web.enable-lifecycle).

        Raises SeriesUnavailable with what Prometheus said.
        """
        try:
            async with self._session.post(f"{self._url}/-/reload", headers=self._headers, timeout=_timeout()) as answer:
                if answer.status != 200:
                    raise SeriesUnavailable("reload", (await answer.text())[:300])
        except (TimeoutError, aiohttp.ClientError) as error:
            raise SeriesUnavailable("reload", _reason(self._url, error)) from None

    async def _get(self, path: str, query: Mapping[str, str], name: str) -> Any:
        try:
            async with self._session.get(
                self._url + path, params=query, headers=self._headers, timeout=_timeout()
            ) as answer:
                body = await answer.json(content_type=None)
        except (TimeoutError, aiohttp.ClientError, ValueError) as error:
            raise SeriesUnavailable(name, _reason(self._url, error)) from None
        if not isinstance(body, dict) or body.get("status") != "success":
            problem = body.get("error") if isinstance(body, dict) else None
            raise SeriesUnavailable(name, f"{self._url} answered {answer.status}: {problem or 'no Prometheus answer'}")
        return body["data"]


def _timeout() -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS, connect=2.0)


def _reason(url: str, error: Exception) -> str:
    if isinstance(error, asyncio.TimeoutError):
        return f"{url} did not answer within {_TIMEOUT_SECONDS:g} s"
    return f"{url}: {error}"
