"""Alertmanager's HTTP API: what its peers list, and silences."""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import yaml
from pydantic import BaseModel, ConfigDict, Field

from alert_bridge.alerts import Observation, fingerprint
from alert_bridge.reconcile import INHIBITED, MUTED, Listed, Peer
from alert_bridge.silences import Silence, Wanted
from runtime.clock import Clock, format_utc, parse_utc
from runtime.settings import AlertmanagerSettings, parse_duration

logger = logging.getLogger(f"monitoring.{__name__}")

ANSWER_LIMIT_BYTES = 32 * 1024 * 1024
GROUP_WAIT_SECONDS = 30.0
GROUP_INTERVAL_SECONDS = 300.0
"""What Alertmanager waits where its configuration says nothing."""


class AlertmanagerUnavailable(Exception):
    """A peer that did not answer, or not as an Alertmanager does.

    Attributes: url, problem.
    """

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(url, problem)
        self.url = url
        self.problem = problem

    def __str__(self) -> str:
        return f"Alertmanager {self.url}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Answers:
    """What all peers said: one `Peer` for each address, and the silences that are in force or were of late."""

    peers: tuple[Peer, ...]
    silences: tuple[Silence, ...]


class _Status(BaseModel):
    model_config = ConfigDict(extra="ignore")

    silenced_by: list[str] = Field(default=[], alias="silencedBy")
    inhibited_by: list[str] = Field(default=[], alias="inhibitedBy")
    muted_by: list[str] = Field(default=[], alias="mutedBy")


class _Receiver(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: str


class _Alert(BaseModel):
    """One alert of `GET /api/v2/alerts`; what newer versions add is passed over."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    labels: dict[str, str] = Field(min_length=1)
    annotations: dict[str, str] = {}
    starts_at: str = Field(alias="startsAt")
    fingerprint: str = ""
    receivers: list[_Receiver] = []
    status: _Status = _Status()


class _Matcher(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: str
    value: str
    is_regex: bool = Field(default=False, alias="isRegex")
    is_equal: bool = Field(default=True, alias="isEqual")


class _SilenceState(BaseModel):
    model_config = ConfigDict(extra="ignore")

    state: str


class _Silence(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str
    matchers: list[_Matcher]
    starts_at: str = Field(alias="startsAt")
    ends_at: str = Field(alias="endsAt")
    created_by: str = Field(default="", alias="createdBy")
    comment: str = ""
    status: _SilenceState


class AlertmanagerClient:
    """Asks every peer at once; one that is away leaves the others alone."""

    def __init__(self, session: aiohttp.ClientSession, settings: AlertmanagerSettings, clock: Clock) -> None:
        self._session = session
        self._urls = tuple(dict.fromkeys(url.rstrip("/") for url in settings.urls))
        self._timeout = aiohttp.ClientTimeout(
            total=settings.timeout_seconds, connect=min(2.0, settings.timeout_seconds)
        )
        self._headers = _login(settings)
        self._ssl = settings.tls_context()
        self._clock = clock

    async def ask(self) -> Answers:
        """Return what all peers list, each with its problem where it did not answer."""
        answers = await asyncio.gather(*(self._ask(url) for url in self._urls))
        silences = {silence.id: silence for _, found in answers for silence in found}
        return Answers(tuple(peer for peer, _ in answers), tuple(silences.values()))

    async def keep_silence(self, wanted: Wanted) -> str:
        """Make a silence, or prolong the one of `wanted.id`; returns its id. Raises AlertmanagerUnavailable.

        One that a peer has forgotten is made anew.
        """
        body = {
            "matchers": [
                {"name": name, "value": value, "isRegex": False, "isEqual": True}
                for name, value in sorted(wanted.labels.items())
            ],
            "startsAt": format_utc(wanted.starts_at),
            "endsAt": format_utc(wanted.ends_at),
            "createdBy": wanted.created_by,
            "comment": wanted.comment,
        }
        tries = [{**body, "id": wanted.id}, body] if wanted.id else [body]
        problem = AlertmanagerUnavailable("", "there is none")
        for url in self._urls:
            for attempt in tries:
                try:
                    answer = json.loads(await self._request("POST", url, "/api/v2/silences", attempt))
                    return str(answer["silenceID"])
                except AlertmanagerUnavailable as error:
                    problem = error
                except (ValueError, KeyError, TypeError):
                    problem = AlertmanagerUnavailable(url, "answered without the id of the silence")
        raise problem

    async def end_silence(self, id: str) -> None:
        """Let a silence end. Raises AlertmanagerUnavailable."""
        problem = AlertmanagerUnavailable("", "there is none")
        for url in self._urls:
            try:
                await self._request("DELETE", url, f"/api/v2/silence/{id}")
                return
            except AlertmanagerUnavailable as error:
                problem = error
        raise problem

    async def _ask(self, url: str) -> tuple[Peer, Sequence[Silence]]:
        try:
            status, listed, silences = await asyncio.gather(
                self._status(url), self._request("GET", url, "/api/v2/alerts"), self._silences(url)
            )
            alerts, complete = await asyncio.to_thread(read_alerts, listed)
        except AlertmanagerUnavailable as error:
            return Peer(url, problem=error.problem), ()
        except ValueError as error:
            return Peer(url, problem=f"answers no alerts: {error}"), ()
        up_seconds, notify_seconds = status
        if not complete:
            logger.warning("Alertmanager %s lists alerts that cannot be read", url)
        return Peer(url, None, up_seconds, alerts, complete, notify_seconds), silences

    async def _status(self, url: str) -> tuple[float, float]:
        """Return for how long a peer is up, and how long it may hold an alert back, seconds."""
        headers: dict[str, str] = {}
        body = await self._request("GET", url, "/api/v2/status", answered=headers)
        try:
            status = json.loads(body)
            started = parse_utc(status["uptime"])
            config = str((status.get("config") or {}).get("original") or "")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise AlertmanagerUnavailable(url, "its /api/v2/status is not Alertmanager's") from None
        up_seconds = (_their_now(headers, self._clock.now()) - started).total_seconds()
        return max(0.0, up_seconds), notify_seconds(config)  # the time in a header is cut to whole seconds

    async def _silences(self, url: str) -> Sequence[Silence]:
        """Return a peer's silences; one that cannot be read is passed over."""
        found = []
        try:
            entries = json.loads(await self._request("GET", url, "/api/v2/silences"))
        except ValueError:
            raise AlertmanagerUnavailable(url, "answers no silences") from None
        for entry in entries if isinstance(entries, list) else ():
            try:
                found.append(_silence(_Silence.model_validate(entry)))
            except ValueError as error:
                logger.warning("a silence of %s cannot be read: %s", url, error)
        return found

    async def _request(
        self, method: str, url: str, path: str, body: Any = None, answered: dict[str, str] | None = None
    ) -> bytes:
        try:
            async with self._session.request(
                method, url + path, json=body, headers=self._headers, timeout=self._timeout, ssl=self._ssl,
                allow_redirects=False,
            ) as answer:  # fmt: skip
                content = await _bounded(answer, url)
                if answered is not None:
                    answered.update({name.lower(): value for name, value in answer.headers.items()})
        except TimeoutError:
            raise AlertmanagerUnavailable(url, f"no answer within {self._timeout.total:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise AlertmanagerUnavailable(url, str(error)) from None
        if answer.status != 200:
            said = content[:200].decode("utf-8", "replace").strip()
            raise AlertmanagerUnavailable(url, f"answered {answer.status} to {path}: {said}")
        return content


def read_alerts(body: bytes) -> tuple[dict[str, Listed], bool]:
    """Return the alerts of `GET /api/v2/alerts` by fingerprint, and whether all could be read.

    Raises ValueError where it is no list of alerts at all.
    """
    entries = json.loads(body)
    if not isinstance(entries, list):
        raise ValueError("expected a list")
    alerts = {}
    complete = True
    for entry in entries:
        try:
            alert = _listed(_Alert.model_validate(entry))
        except ValueError:
            complete = False
            continue
        alerts[alert.seen.fingerprint] = alert
    return alerts, complete


def notify_seconds(config: str) -> float:
    """Return how long the routes of a configuration may hold an alert back; 0 where it says nothing."""
    try:
        route = (yaml.safe_load(config) or {}).get("route")
        return _longest_wait(route, GROUP_WAIT_SECONDS, GROUP_INTERVAL_SECONDS) if route else 0.0
    except (yaml.YAMLError, ValueError, AttributeError, TypeError):
        return 0.0


def _longest_wait(route: Mapping[str, Any], wait: float, interval: float) -> float:
    wait = parse_duration(route.get("group_wait", wait))
    interval = parse_duration(route.get("group_interval", interval))
    below = [_longest_wait(one, wait, interval) for one in route.get("routes") or ()]
    return max(wait, interval, *below)


def _listed(alert: _Alert) -> Listed:
    for text in (alert.fingerprint, *alert.labels.values(), *alert.annotations, *alert.annotations.values()):
        text.encode()  # half a surrogate pair could not be stored
    return Listed(
        Observation(
            fingerprint=alert.fingerprint or fingerprint(alert.labels),
            labels=alert.labels,
            annotations=alert.annotations,
            starts_at=parse_utc(alert.starts_at),
        ),
        tuple(alert.status.silenced_by),
        (*((INHIBITED,) if alert.status.inhibited_by else ()), *(MUTED + name for name in alert.status.muted_by)),
        tuple(receiver.name for receiver in alert.receivers),
    )


def _silence(silence: _Silence) -> Silence:
    return Silence(
        id=silence.id,
        matchers=tuple((one.name, one.value, one.is_regex, one.is_equal) for one in silence.matchers),
        starts_at=parse_utc(silence.starts_at),
        ends_at=parse_utc(silence.ends_at),
        active=silence.status.state == "active",
        created_by=silence.created_by,
        comment=silence.comment,
    )


async def _bounded(answer: aiohttp.ClientResponse, url: str) -> bytes:
    parts = bytearray()
    async for part in answer.content.iter_chunked(1 << 16):
        parts += part
        if len(parts) > ANSWER_LIMIT_BYTES:
            raise AlertmanagerUnavailable(url, f"its answer is longer than {ANSWER_LIMIT_BYTES >> 20} MiB")
    return bytes(parts)


def _their_now(headers: Mapping[str, str], ours: datetime) -> datetime:
    """Return the peer's own time, which its start is measured by; ours where it says none."""
    try:
        return parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        return ours


def _login(settings: AlertmanagerSettings) -> dict[str, str]:
    if settings.bearer_token is not None:
        return {"authorization": f"Bearer {settings.bearer_token.get_secret_value()}"}
    if settings.username is None:
        return {}
    password = settings.password.get_secret_value() if settings.password else ""
    return {"authorization": aiohttp.encode_basic_auth(settings.username, password)}
