"""Every way in: what is taken from each dialect, and what becomes of the rest."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alert_bridge.alerts import Status
from alert_bridge.inputs.alertmanager import parse_alertmanager
from alert_bridge.inputs.grafana import parse_grafana
from alert_bridge.inputs.parsing import Unusable
from alert_bridge.inputs.posted import parse_posted
from runtime.clock import format_utc
from tests.alert_bridge.parts import START, parts, seen

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
