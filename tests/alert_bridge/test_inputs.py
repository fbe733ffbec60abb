"""Every way in: what is taken from each dialect, and what becomes of the rest."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from alert_bridge.alerts import Alert, Observation, Severity, Status, fingerprint
from alert_bridge.inputs.alertmanager import parse_alertmanager
from alert_bridge.inputs.grafana import parse_grafana
from alert_bridge.inputs.parsing import Unusable
from alert_bridge.inputs.posted import listed, parse_posted
from alert_bridge.store import episode_rows
from alert_bridge.store.tables import alerts
from runtime.clock import format_utc
from tests.alert_bridge.parts import START, parts, seen

BODIES = Path(__file__).with_name("bodies")
LABELS = {"alertname": "ErrorRate", "severity": "critical"}


def webhook(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": "4", "receiver": "bridge", "status": "firing", "alerts": list(alerts), **more}


def firing(**more: Any) -> dict[str, Any]:
    return {"status": "firing", "labels": LABELS, "startsAt": "2026-01-31T02:59:00Z",
            "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "ab", **more}  # fmt: skip


def test_what_newer_alertmanagers_add_is_passed_over() -> None:
    new = webhook(
        firing(routeLabels={"a": "b"}), notification_reason="first", routeLabels={"x": "y"}, truncatedAlerts=7
    )
    parsed = parse_alertmanager(new, START)
    old = parse_alertmanager(webhook(firing()), START)
    assert parsed.observations == old.observations
    assert (parsed.truncated, old.truncated) == (7, 0)


@pytest.mark.parametrize(("version", "truncated"), [("0.25", 0), ("0.34", 3)])
def test_the_body_of_each_alertmanager_is_understood(version: str, truncated: int) -> None:
    body = json.loads((BODIES / f"alertmanager_{version}.json").read_text())
    parsed = parse_alertmanager(body, START)
    assert (parsed.refused, parsed.truncated) == ([], truncated)
    assert [(one.fingerprint, one.labels["service"], one.firing) for one in parsed.observations] == [
        ("d37a166af621a46d", "news-api", True),
        ("72b7a280fbfb66a0", "news-app", False),
        ("f68ab6a92c8a12fe", "news-old", False),
    ]
    assert {fingerprint(one.labels) for one in parsed.observations} == {one.fingerprint for one in parsed.observations}
    assert parsed.observations[0].starts_at == datetime(2026, 1, 31, 2, 50, 56, 655391, UTC)


def test_one_bad_alert_is_kept_aside_as_it_came_and_the_others_are_taken() -> None:
    parsed = parse_alertmanager(webhook(firing(), {"labels": 7}, firing(startsAt="yesterday")), START)
    assert len(parsed.observations) == 1
    assert [json.loads(one.body).get("labels") for one in parsed.refused] == [7, LABELS]
    assert "alerts.2" in parsed.refused[1].error
    assert "yesterday" in parsed.refused[1].error


def test_grafanas_value_and_links_become_annotations_and_its_own_are_kept() -> None:
    alert = firing(
        values={"B": 91.5}, dashboardURL="http://g/d/1", silenceURL="http://g/s", annotations={"summary": "x"}
    )
    [found] = parse_grafana(webhook(alert, orgId=1, state="alerting", title="t", message="m"), START).observations
    assert found.annotations == {
        "value": "91.5", "dashboard_url": "http://g/d/1", "silence_url": "http://g/s", "summary": "x",
    }  # fmt: skip


@pytest.mark.parametrize("value", [10**4000, float("inf"), float("nan"), True, "x"])
def test_a_value_of_grafana_that_is_no_usable_number_costs_nothing_else(value: object) -> None:
    [found] = parse_grafana(webhook(firing(values={"A": value})), START).observations
    assert "value" not in found.annotations


@pytest.mark.parametrize("parse", [parse_alertmanager, parse_grafana, parse_posted])
@pytest.mark.parametrize("body", [None, 7, "alerts", {}, {"alerts": {}}])
def test_what_is_of_no_dialect_is_said(parse: Any, body: Any) -> None:
    with pytest.raises(Unusable, match="expected"):
        parse(body, START)


def test_a_posted_alert_fires_until_its_end_and_without_one_for_five_minutes() -> None:
    later = format_utc(START + timedelta(minutes=20))
    past = format_utc(START - timedelta(seconds=1))
    parsed = parse_posted(
        [{"labels": LABELS, "endsAt": later}, {"labels": LABELS}, {"labels": LABELS, "endsAt": past}], START
    )
    assert [one.expires_at for one in parsed.observations] == [
        START + timedelta(minutes=20), START + timedelta(minutes=5), None,
    ]  # fmt: skip
    assert [one.firing for one in parsed.observations] == [True, True, False]


def test_a_posted_alert_has_alertmanagers_fingerprint_and_no_empty_labels() -> None:
    [one] = parse_posted([{"labels": {**LABELS, "empty": ""}}], START).observations
    [same] = parse_posted([{"labels": LABELS}], START).observations
    assert one == same


async def test_what_is_not_posted_again_ends_and_what_is_goes_on(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:

        def post(name: str) -> Any:
            return parse_posted([{"labels": {"alertname": name}}], one.clock.now()).observations

        [gone] = await one.pipeline.observe(post("Gone"), source="posted")
        [stays] = await one.pipeline.observe(post("Stays"), source="posted")
        await one.pipeline.explained(stays.id)
        told = len(one.published)
        for _ in range(90):
            one.clock.advance(5)
            await one.pipeline.expire()
            await one.pipeline.observe(post("Stays"), source="posted")
        assert (await one.pipeline.get(gone.id)).resolved_at == START + timedelta(minutes=5)
        assert (await one.pipeline.get(stays.id)).status is Status.FIRING
        assert [alert.name for _, alert in one.published[told:]] == ["Gone"]


async def test_nothing_that_is_posted_ends_because_the_bridge_itself_was_away(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        [alert] = await one.pipeline.observe(parse_posted([{"labels": LABELS}], START).observations, source="posted")
        await one.pipeline.expire()
        one.clock.advance(2700)
        await one.pipeline.expire()
        assert (await one.pipeline.get(alert.id)).open


async def test_a_late_word_changes_nothing_unless_it_is_said_again_for_two_minutes(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        [first] = await one.observe(seen())
        one.clock.advance(30)
        await one.observe(seen(ends=30))
        assert await one.observe(seen()) == []
        one.clock.advance(119)
        assert await one.observe(seen()) == []
        one.clock.advance(1)
        [again] = await one.observe(seen())
        assert again.id != first.id
        assert again.status is Status.FIRING


async def test_an_end_that_comes_before_its_begin_is_an_episode_that_is_over_and_tells_nobody(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        one.clock.advance(60)
        [missed] = await one.observe(seen(ends=30))
        assert missed.status is Status.RESOLVED
        assert await one.observe(seen()) == []
        await one.deliver()
        assert one.channel.events == []


async def test_the_late_end_of_an_earlier_episode_does_not_end_the_next_one(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        one.clock.advance(100)
        await one.observe(seen(), seen(ends=30))
        [second] = await one.observe(seen(starts=60))
        assert await one.observe(seen(ends=30)) == []
        assert (await one.pipeline.get(second.id)).open


async def test_the_late_end_of_an_earlier_firing_does_not_end_an_alert_that_fires_again(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        one.clock.advance(100)
        [opened] = await one.observe(seen())
        assert await one.observe(seen(starts=60)) == []
        assert await one.observe(seen(ends=30)) == []
        [ended] = await one.observe(seen(starts=60, ends=90))
        assert (ended.id, ended.resolved_at) == (opened.id, START + timedelta(seconds=90))


async def test_an_alert_has_its_newest_episode_however_many_there_were(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        one.clock.advance(1000)
        for number in range(5):
            await one.observe(seen(starts=number * 10), seen("Other", starts=number * 10))
            await one.observe(seen(starts=number * 10, ends=number * 10 + 5))
        place = [seen().fingerprint, seen("Other").fingerprint]
        found = await one.database.read(lambda connection: episode_rows.latest(connection, "", place))
        assert [(alert.name, alert.created_at) for alert in sorted(found.values(), key=lambda one: one.name)] == [
            ("ErrorRate", START + timedelta(seconds=40)), ("Other", START),
        ]  # fmt: skip


_AGAIN = map(str, itertools.count())


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[Observation], bool]:
    """What three peers say of one alert that fires up to three times, in any order; whether it fires in the end."""
    again = next(_AGAIN)
    firings, ends = draw(st.integers(1, 3)), draw(st.booleans())
    said = [seen(starts=60.0 * number, again=again) for number in range(firings)]
    said += [seen(starts=60.0 * number, ends=60.0 * number + 30, again=again) for number in range(firings - (not ends))]
    told = [one for one in said for _ in range(draw(st.integers(1, 3)))]
    return draw(st.permutations(told)), not ends


async def same_in_any_order(folder: Path, stream: tuple[list[Observation], bool]) -> None:
    told, fires = stream
    async with parts(folder) as one:
        one.clock.advance(600)
        for observation in told:
            await one.observe(observation)
        query = select(alerts).where(alerts.c.fingerprint == told[0].fingerprint)
        rows = await one.database.read(lambda connection: list(connection.execute(query).mappings()))
        assert [row["resolved_at"] for row in rows].count(None) == int(fires)
        if not fires:
            ends = {observation.ends_at for observation in told if observation.ends_at is not None}
            assert max(row["resolved_at"] for row in rows) == format_utc(max(ends))
        await one.deliver()
        assert one.channel.events.count("firing") <= len({observation.starts_at for observation in told})


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("many")


@settings(max_examples=60)
@given(streams())
async def test_three_peers_lead_to_the_same_state_in_any_order(
    many: Path, stream: tuple[list[Observation], bool]
) -> None:
    await same_in_any_order(many, stream)


@pytest.mark.slow
@settings(max_examples=2000)
@given(streams())
async def test_three_peers_lead_to_the_same_state_in_two_thousand_orders(
    many: Path, stream: tuple[list[Observation], bool]
) -> None:
    await same_in_any_order(many, stream)


@pytest.mark.parametrize("skew_hours", [-2, 2])
async def test_a_source_whose_clock_is_wrong_is_taken_in_and_ends(tmp_path: Path, skew_hours: float) -> None:
    async with parts(tmp_path) as one:
        skew = skew_hours * 3600
        [opened] = await one.observe(seen(starts=skew))
        assert opened.created_at <= one.clock.now()
        one.clock.advance(60)
        [ended] = await one.observe(seen(starts=skew, ends=skew + 60))
        assert ended.status is Status.RESOLVED
        assert opened.created_at <= (ended.resolved_at or START) <= one.clock.now()
        one.clock.advance(60)
        [again] = await one.observe(seen(starts=skew + 120))
        assert again.id != opened.id


def test_the_list_says_in_alertmanagers_words_why_an_alert_is_silent_and_leaves_out_what_is_not_wanted() -> None:
    def alert(name: str, suppressed_by: str | None) -> Alert:
        return Alert(name, name, name, Severity.HIGH, Status.FIRING, "", START, START, suppressed_by=suppressed_by)

    alerts = [alert("a", None), alert("b", "silence:s1, inhibited"), alert("c", "maintenance:nightly"),
              alert("d", "muted:weekend")]  # fmt: skip
    rows = {row["fingerprint"]: row["status"] for row in listed(alerts, START)}
    assert rows["a"] == {"state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": []}
    assert rows["b"] == {"state": "suppressed", "silencedBy": ["s1"], "inhibitedBy": ["inhibited"], "mutedBy": []}
    assert (rows["c"]["silencedBy"], rows["d"]["mutedBy"]) == (["maintenance:nightly"], ["weekend"])
    assert [row["fingerprint"] for row in listed(alerts, START, {"silenced", "inhibited"})] == ["a", "d"]
    assert [row["fingerprint"] for row in listed(alerts, START, {"active", "muted"})] == ["b", "c"]
