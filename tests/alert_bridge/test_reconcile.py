"""What the poll decides, without any network."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_bridge.alerts import Alert, Observation, Severity, Status, fingerprint
from alert_bridge.reconcile import ABSENT_POLLS, Decision, Firing, Listed, Memory, OpenEpisode, Peer, decide

NOW = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=1)


def listed(name: str, starts: datetime = LONG_AGO, **how: object) -> Listed:
    labels = {"alertname": name, "severity": "critical"}
    return Listed(Observation(fingerprint(labels), labels, {}, starts), **how)  # type: ignore[arg-type]


def print_of(name: str) -> str:
    return listed(name).seen.fingerprint


def peer(*alerts: Listed, up: float = 3600.0, **how: object) -> Peer:
    return Peer("http://a", None, up, {one.seen.fingerprint: one for one in alerts}, **how)  # type: ignore[arg-type]


DOWN = Peer("http://b", problem="refused")


def episode(name: str, *reasons: str) -> OpenEpisode:
    return OpenEpisode(f"id-{name}", print_of(name), reasons)


def ended(name: str, at: datetime, stored: datetime | None = None) -> Alert:
    return Alert(
        "old", print_of(name), name, Severity.HIGH, Status.RESOLVED, name, LONG_AGO, stored or at, resolved_at=at
    )


def poll(*peers: Peer, episodes: tuple[OpenEpisode, ...] = (), memory: Memory | None = None, **how: object) -> Decision:
    arguments = {"asked_at": NOW, "settle_seconds": 300.0, **how}
    known = arguments.pop("ended", {})
    return decide(peers, episodes, known, memory or Memory(), **arguments)  # type: ignore[arg-type]


def taken(decision: Decision) -> set[str]:
    return {seen.name for seen in decision.take_in}


def test_what_fires_there_for_long_and_is_unknown_here_is_taken_in_at_once() -> None:
    assert taken(poll(peer(listed("A"), listed("B")), episodes=(episode("A"),))) == {"B"}


def test_what_just_began_there_is_left_to_the_webhook_until_the_second_poll() -> None:
    source = peer(listed("A", NOW - timedelta(seconds=5)))
    first = poll(source)
    assert taken(first) == set()
    assert taken(poll(source, memory=first.memory)) == {"A"}


def test_the_watchdog_is_no_alert() -> None:
    assert taken(poll(peer(listed("Watchdog")))) == set()


def test_what_is_silent_there_was_not_missed() -> None:
    quiet = (listed("A", silences=("s1",)), listed("B", others=("inhibited",)))
    assert taken(poll(peer(*quiet))) == set()


def test_what_leads_to_other_receivers_is_somebody_elses() -> None:
    alerts = peer(listed("A", receivers=("team",)), listed("B", receivers=("team", "bridge")))
    assert taken(poll(alerts, receivers=("bridge",))) == {"B"}
    held = poll(alerts, episodes=(episode("A"),), receivers=("bridge",))
    assert held.memory.absent == {}


def test_what_ended_here_and_fires_on_there_is_taken_in_by_the_second_poll() -> None:
    old = {print_of("A"): ended("A", NOW - timedelta(minutes=10))}
    first = poll(peer(listed("A")), ended=old)
    assert taken(first) == set()
    assert taken(poll(peer(listed("A")), ended=old, memory=first.memory)) == {"A"}


def test_an_answer_from_before_the_end_was_stored_opens_nothing() -> None:
    old = {print_of("A"): ended("A", NOW - timedelta(seconds=1), stored=NOW + timedelta(seconds=1))}
    assert taken(poll(peer(listed("A")), ended=old, memory=Memory(unknown={print_of("A"): 7}))) == set()


def polls(count: int, *peers: Peer) -> Decision:
    decision = Decision()
    for _ in range(count):
        decision = poll(*peers, episodes=(episode("A"),), memory=decision.memory)
    return decision


def test_absent_three_times_from_a_peer_that_is_up_for_long_is_over() -> None:
    assert polls(2, peer()).over == ()
    assert polls(3, peer()).over == ("id-A",)
    assert polls(3, DOWN, peer()).over == ("id-A",)


@pytest.mark.parametrize(
    "peers",
    [
        (DOWN,),
        (peer(up=299.0),),
        (peer(), peer(listed("A"))),
        (peer(), replace(peer(), complete=False)),
        (peer(listed("A", silences=("s1",))),),
    ],
    ids=["nobody reachable", "restarted with an empty list", "one knows it", "a list with holes", "silenced"],
)
def test_what_may_still_fire_is_never_over(peers: tuple[Peer, ...]) -> None:
    assert polls(20, *peers).over == ()


def test_seen_once_more_the_count_begins_again() -> None:
    memory = polls(2, peer()).memory
    memory = poll(peer(listed("A")), episodes=(episode("A"),), memory=memory).memory
    assert poll(peer(), episodes=(episode("A"),), memory=memory).over == ()


def test_an_outage_of_all_peers_neither_counts_nor_forgets() -> None:
    memory = polls(2, peer()).memory
    memory = poll(DOWN, episodes=(episode("A"),), memory=memory).memory
    assert memory.absent == {"id-A": 2}


def test_a_silence_there_mutes_here_and_its_end_lets_it_fire() -> None:
    quiet = peer(listed("A", silences=("s1",)))
    assert poll(quiet, episodes=(episode("A"),)).mute == (("id-A", "silence:s1"),)
    assert poll(quiet, episodes=(episode("A", "silence:s1"),)) == Decision()
    assert poll(peer(listed("A")), episodes=(episode("A", "silence:s1"),)).unmute == (("id-A", "silence:s1"),)


def test_a_silence_that_follows_another_lets_nothing_fire_between() -> None:
    changed = poll(peer(listed("A", silences=("s2",))), episodes=(episode("A", "silence:s1"),))
    assert changed.mute == (("id-A", "silence:s2"),)
    assert changed.unmute == (("id-A", "silence:s1"),)


def test_reasons_of_our_own_are_left_alone() -> None:
    assert poll(peer(listed("A")), episodes=(episode("A", "maintenance:db"),)) == Decision()
    inhibited = poll(peer(listed("A", others=("inhibited",))), episodes=(episode("A", "maintenance:db"),))
    assert inhibited.mute == (("id-A", "inhibited"),)
    assert inhibited.unmute == ()


def test_our_own_silence_mutes_nothing() -> None:
    assert poll(peer(listed("A", silences=("own",))), episodes=(episode("A"),), own_silences={"own"}) == Decision()


def test_where_one_peer_tells_it_is_not_silent() -> None:
    assert poll(peer(listed("A", silences=("s1",))), peer(listed("A")), episodes=(episode("A"),)).mute == ()


@pytest.mark.parametrize(
    ("series", "may_be"),
    [
        ({"alertname": "A", "instance": "1"}, True),
        ({"alertname": "A", "instance": "2"}, False),
        ({"alertname": "B", "instance": "1"}, False),
        ({"alertname": "A", "instance": "1", "replica": "a"}, True),
        ({"alertname": "A"}, True),
        ({"__name__": "ALERTS", "alertstate": "firing", "alertname": "A", "instance": "1"}, True),
    ],
)
def test_prometheus_agrees_only_where_no_label_differs(series: dict[str, str], may_be: bool) -> None:
    assert Firing([series]).has({"alertname": "A", "instance": "1", "datacenter": "tokyo"}) is may_be


def test_an_episode_without_instance_may_be_that_of_any() -> None:
    assert Firing([{"alertname": "A", "instance": "1"}]).has({"alertname": "A"})


NAMES = "ABCDE"
states = st.sampled_from(["absent", "active", "silenced"])
answers = st.lists(
    st.fixed_dictionaries(
        {"reachable": st.booleans(), "up": st.sampled_from([10.0, 3600.0]), "complete": st.booleans()}
        | dict.fromkeys(NAMES, states)
    ),
    min_size=1,
    max_size=3,
)


def as_peer(answer: dict[str, object]) -> Peer:
    if not answer["reachable"]:
        return DOWN
    quiet = {"active": (), "silenced": ("s1",)}
    alerts = [listed(name, silences=quiet[str(answer[name])]) for name in NAMES if answer[name] != "absent"]
    return peer(*alerts, up=float(str(answer["up"])), complete=bool(answer["complete"]))


@given(st.lists(answers, min_size=1, max_size=8), st.sets(st.sampled_from(NAMES)))
def test_only_what_nobody_lists_three_polls_long_is_ever_over(
    history: list[list[dict[str, object]]], here: set[str]
) -> None:
    episodes = tuple(episode(name) for name in sorted(here))
    memory = Memory()
    missing = dict.fromkeys(NAMES, 0)
    for answer in history:
        peers = [as_peer(one) for one in answer]
        decision = decide(peers, episodes, {}, memory, asked_at=NOW, settle_seconds=300.0)
        memory = decision.memory
        reachable = [one for one in answer if one["reachable"]]
        whole = bool(reachable) and all(one["complete"] for one in reachable)
        for name in NAMES:
            if any(one[name] != "absent" for one in reachable):
                missing[name] = 0
            elif whole:
                missing[name] += 1
        settled = any(one["up"] == 3600.0 for one in reachable)
        over = {f"id-{name}" for name in here if missing[name] >= ABSENT_POLLS and settled}
        assert set(decision.over) == over
        listed_somewhere = {name for name in NAMES if any(one[name] == "active" for one in reachable)}
        silent = {name for name in NAMES if reachable and all(one[name] == "silenced" for one in reachable)}
        assert taken(decision) <= listed_somewhere - here
        assert {id for id, _ in decision.mute} >= {f"id-{name}" for name in silent & here}
