"""Which silences the bridge keeps in Alertmanager, without any network."""

from datetime import UTC, datetime, timedelta

import pytest

from alert_bridge.silences import CREATED_BY, KEPT_FOR, Acknowledged, Plan, Silence, Wanted, plan

NOW = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)
LABELS = {"alertname": "A", "instance": "news-1"}
ONE = Acknowledged("alert_1", LABELS, "yui", "looking")


def silence(id: str = "s1", minutes: float = 14, episode: str = "alert_1", **how: object) -> Silence:
    values = {
        "id": id,
        "matchers": (),
        "starts_at": NOW - timedelta(minutes=1),
        "ends_at": NOW + timedelta(minutes=minutes),
        "active": True,
        "created_by": CREATED_BY,
        "comment": f"Acknowledged by yui: looking [{episode}]",
        **how,
    }
    return Silence(**values)  # type: ignore[arg-type]


def test_an_acknowledged_alert_is_silenced_by_all_its_labels_with_who_has_it() -> None:
    wanted = Wanted(LABELS, NOW, NOW + KEPT_FOR, "Acknowledged by yui: looking [alert_1]")
    assert plan([ONE], [], [], NOW) == Plan(keep=(wanted,))


def test_a_silence_that_ends_soon_is_prolonged_and_no_other() -> None:
    assert plan([ONE], [], [silence(minutes=11)], NOW) == Plan()
    [kept] = plan([ONE], [], [silence(minutes=9)], NOW).keep
    assert (kept.id, kept.starts_at) == ("s1", silence().starts_at)


def test_it_ends_with_the_acknowledgement_or_the_alert() -> None:
    assert plan([], ["alert_1"], [silence()], NOW) == Plan(end=("s1",))


def test_of_two_for_one_alert_the_longer_one_stays() -> None:
    assert plan([ONE], [], [silence("s1", 12), silence("s2", 14)], NOW) == Plan(end=("s1",))


def test_silences_of_people_and_of_other_bridges_are_left_alone() -> None:
    others = [silence(created_by="yui"), silence(episode="alert_9"), silence(comment="by hand"), silence(active=False)]
    assert plan([], ["alert_1"], [*others[:1], *others[1:]], NOW) == Plan()


@pytest.mark.parametrize(
    ("matcher", "covers"),
    [
        (("instance", "news-1", False, True), True),
        (("instance", "news-2", False, True), False),
        (("instance", "news-2", False, False), True),
        (("instance", "news-.*", True, True), True),
        (("instance", "news", True, True), False),
        (("instance", "news-.*", True, False), False),
        (("team", "", False, True), True),
        (("instance", "(", True, True), False),
    ],
)
def test_a_silence_covers_what_its_matchers_match_whole(matcher: tuple[str, str, bool, bool], covers: bool) -> None:
    assert silence(matchers=(matcher,)).covers(LABELS, NOW) is covers


def test_a_silence_covers_its_time_alone() -> None:
    assert not silence().covers(LABELS, NOW - timedelta(minutes=2))
    assert not silence().covers(LABELS, NOW + timedelta(minutes=14))
