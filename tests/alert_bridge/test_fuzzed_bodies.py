"""Whatever is posted: the bridge answers, keeps what it can use, and says what it could not."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from alert_bridge.dashboard.ingest_api import INGEST_PATHS
from tests.alert_bridge.test_api import bridge

ODD: tuple[Any, ...] = (
    None, True, 7, -1, 1e308, 10**30, "", "\x00", "\ud800", "警報", "x" * 5000, [], [[]], {}, {"": ""},
    "0001-01-01T00:00:00Z", "2026-13-45T99:99:99Z", "9999-12-31T23:59:59Z", "2026-01-31T03:00:00+09:00", "NaN",
)  # fmt: skip
JSON = {"content-type": "application/json"}
FIELDS = ("labels", "annotations", "startsAt", "endsAt", "status", "fingerprint", "values", "generatorURL")
WRONG: tuple[tuple[str, Any], ...] = (
    ("labels", {}), ("labels", 7), ("labels", {"a": None}), ("startsAt", "soon"), ("startsAt", []),
    ("annotations", [1]), ("status", "unknown"), ("fingerprint", "\ud800"),
)  # fmt: skip


def good(number: int) -> dict[str, Any]:
    return {
        "status": "firing",
        "labels": {"alertname": "Fuzzed", "severity": "warning", "number": str(number)},
        "annotations": {"summary": "fuzzed"},
        "startsAt": "2026-01-31T02:59:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
    }


def spoilt(chance: random.Random, value: Any, depth: int = 0) -> Any:
    """Return a value with something in it that does not belong there."""
    if depth > 3 or chance.random() < 0.3 or not isinstance(value, dict | list) or not value:
        return chance.choice(ODD)
    if isinstance(value, list):
        place = chance.randrange(len(value))
        return [*value[:place], spoilt(chance, value[place], depth + 1), *value[place + 1 :]]
    key = chance.choice(list(value))
    return {**value, key: spoilt(chance, value[key], depth + 1)}


def fuzzed(chance: random.Random, number: int) -> bytes:
    alert = good(number % 50)
    for _ in range(chance.randrange(3)):
        alert[chance.choice(FIELDS)] = chance.choice(ODD)
    body: Any = [alert] if chance.random() < 0.3 else {"version": "4", "alerts": [alert, good(number % 50)]}
    if chance.random() < 0.5:
        body = spoilt(chance, body)
    raw = bytearray(json.dumps(body).encode())
    if chance.random() < 0.3:
        for _ in range(chance.randrange(1, 6)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
    return bytes(raw[: chance.randrange(len(raw))] if chance.random() < 0.1 else raw)


async def post_fuzzed(folder: Path, seed: int, bodies: int) -> None:
    chance = random.Random(seed)
    async with bridge(folder) as (http, _):
        for number in range(bodies):
            body = fuzzed(chance, number)
            answer = await http.post(chance.choice(INGEST_PATHS), data=body, headers=JSON)
            assert answer.status in (200, 400), (body, answer.text)
            if answer.status == 400:
                assert answer.json["detail"]
        listed = await http.get("/api/v1/inbox?limit=1")
        assert listed.status == 200
        assert listed.json["total"] > bodies / 10
        assert (await http.get("/api/v1/alerts")).status == 200
        assert (await http.get("/api/v2/alerts")).status == 200


async def test_no_body_is_answered_by_an_error_of_the_bridges_own(tmp_path: Path) -> None:
    await post_fuzzed(tmp_path, 1, 300)


@pytest.mark.slow
async def test_none_of_five_thousand_bodies_is_answered_by_an_error_of_the_bridges_own(tmp_path: Path) -> None:
    await post_fuzzed(tmp_path, 2, 5000)


async def test_ninety_nine_of_a_hundred_are_kept_where_one_is_spoilt_in_any_way(tmp_path: Path) -> None:
    chance = random.Random(3)
    async with bridge(tmp_path) as (http, _):
        for turn, (field, value) in enumerate(WRONG):
            alerts = [good(100 * turn + number) for number in range(100)]
            alerts[chance.randrange(100)][field] = value
            answer = await http.post(INGEST_PATHS[0], json={"alerts": alerts})
            assert (answer.status, answer.json) == (200, {"accepted": 99, "refused": 1}), (field, value)
        assert (await http.get("/api/v1/alerts?limit=1")).json["total"] == 99 * len(WRONG)
