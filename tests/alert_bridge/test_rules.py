import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alert_bridge.alerts import Severity
from alert_bridge.rules import (
    HELD_UNKNOWN_SECONDS,
    AlertRule,
    Condition,
    ConditionError,
    NotificationChannel,
    RuleState,
    Verdict,
    judge,
)

A, B = (("instance", "a"), ("job", "app")), (("instance", "b"), ("job", "app"))


def rule(condition: str = "load > 5", for_seconds: float = 0.0) -> AlertRule:
    return AlertRule("r1", "Load", "load is high", condition, Severity.HIGH, for_seconds=for_seconds)


def verdict(holds: bool | None) -> Verdict:
    return Verdict(A, holds, {"load": None if holds is None else 9.0})


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ("article_processing_rate < 100 and error_rate > 2.0", {"article_processing_rate": 50, "error_rate": 3}, True),
        ("article_processing_rate < 100 and error_rate > 2.0", {"article_processing_rate": 50, "error_rate": 1}, False),
        ("a < 1 and b > 2", {"a": 5}, False),
        ("a < 1 and b > 2", {"a": 0}, None),
        ("a < 1 or b > 2", {"a": 0}, True),
        ("a < 1 or b > 2", {"a": 5}, None),
        ("not a < 1", {"a": 5}, True),
        ("not a < 1", {}, None),
        ("1 < a <= 5", {"a": 5}, True),
        ("1 < a <= 5", {"a": 6}, False),
        ("a / b > 1", {"a": 1, "b": 0}, None),
        ("a / b > 1", {"a": 4, "b": 2}, True),
        ("a > 1", {"a": float("nan")}, None),
        ("a > 1", {"a": float("inf")}, None),
        ("a * a > 1", {"a": 1e200}, None),
        ("max(a, b, 3) - min(a, b) >= abs(-2)", {"a": 1, "b": 1}, True),
        ("-a + 2 * b == 3", {"a": 1, "b": 2}, True),
        ("\n  (a > 1\n or b > 1)  ", {"a": 2, "b": 0}, True),
    ],
)
def test_conditions_have_three_values(condition: str, values: dict[str, float], expected: bool | None) -> None:
    assert Condition(condition).evaluate(values) is expected


@pytest.mark.parametrize(
    ("condition", "position", "problem"),
    [
        ("", 1, "something is missing"),
        ("a > > 1", 5, "invalid syntax"),
        ("a >", 4, "something is missing"),
        ("a > 1 and", 10, "something is missing"),
        ("cpu_percent", 1, "expected a comparison"),
        ("a > 1 and b", 11, "expected a comparison"),
        ("a > (b > 1)", 6, "expected a number"),
        ("1 > 0", 1, "no metric"),
        ("  a > foo(1)", 7, "expected a number"),
        ("a > abs(1, 2)", 5, "abs takes one argument"),
        ("a > min(1)", 5, "min takes two"),
        ("a > max", 5, "max needs its arguments"),
        ("a > 1e300", 5, "number beyond"),
        ("a > 1j", 5, "expected a number"),
        ("a ** 2 > 1", 1, "expected a number"),
        ("a % 2 > 1", 3, "'%' has no meaning"),
        ("a > 1; b", 6, "';' has no meaning"),
        ("a > '1'", 5, '"\'" has no meaning'),
        ("a is b", 1, "expected one of <"),
        ("a in (b, c)", 6, "expected a number"),
        ("a > True", 5, "expected a number"),
        ("a.b > 1", 1, "expected a number"),
        ("(lambda: 1)() > a", 8, "':' has no meaning"),
        ("a > 1 if b else c", 1, "expected a comparison"),
        ("(a := 1) > 0", 4, "':' has no meaning"),
        ("ａ > 1", 1, "has no meaning"),
        ("not " * 30 + "a > 1", 85, "nested deeper than 20"),
        ("(" * 250 + "a" + ")" * 249, 201, "too many nested parentheses"),
        ("a > 1 or " * 100, 501, "longer than 500"),
        ("a >> 1 > 0", 1, "expected a number"),
        ("min(*a, b) > 1", 5, "expected a number"),
        ("min(a, b, key=c) > 1", 1, "expected a number"),
        ("__import__('os').system('x') > a", 12, "has no meaning"),
        ("a.__class__ > 1", 1, "expected a number"),
        ("().__class__.__bases__ > a", 1, "expected a number"),
        ("open(a) > 1", 1, "expected a number"),
        ("eval(a) > 1", 1, "expected a number"),
        ("exec(a) > 1", 1, "expected a number"),
        ("a() > 1", 1, "expected a number"),
        ("(a)(b) > 1", 1, "expected a num"),
        ("a[0] > 1", 2, "'[' has no meaning"),
        ("[a for a in b] > 1", 1, "'[' has no meaning"),
        ("{a} > 1", 1, "'{' has no meaning"),
        ("a > 9 ** 9 ** 9", 5, "expected a number"),
        ("a << 1000000 > 1", 1, "expected a number"),
        ("a // 1 > 1", 1, "expected a number"),
        ("a @ b > 1", 3, "'@' has no meaning"),
        ("a & b > 1", 3, "'&' has no meaning"),
        ("a | b > 1", 3, "'|' has no meaning"),
        ("a ^ b > 1", 3, "'^' has no meaning"),
        ("~a > 1", 1, "'~' has no meaning"),
        ("a > 1 && b > 1", 7, "'&' has no meaning"),
        ("a = 1", 3, "invalid syntax"),
        ("a > 1, b > 1", 1, "expected a comparison"),
        ("await a > 1", 1, ""),
        ("yield a", 1, ""),
        ("import os", 1, "invalid syntax"),
        ("a > 1\x00", 6, "has no meaning"),
        ("a > 1 # comment", 7, "'#' has no meaning"),
        ("a > \\\n1", 5, "has no meaning"),
        ("a > 0x1z", 7, "invalid hexade"),
        ("a > 1_000_000_000_000_000_0", 5, "number beyond"),
        ("a > " + "9" * 400, 5, ""),
        ("abs(" * 60 + "a" + ")" * 60 + " > 1", 81, "nested deeper"),
        ("+" * 300 + "a > 1", 21, "nested deeper"),
        ("max() > a", 1, "max takes two"),
        ("None > a", 1, "expected a number"),
        ("a > ...", 5, "expected a number"),
        ("a not in b", 1, "expected one of <"),
        ("\u200ba > 1", 1, "has no meaning"),
        ("rm -rf / > a", 10, "invalid syntax"),
    ],
)
def test_hostile_conditions_are_refused_with_a_position(condition: str, position: int, problem: str) -> None:
    with pytest.raises(ConditionError) as caught:
        Condition(condition)
    assert caught.value.position + 1 == position, str(caught.value)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "condition",
    [
        " or ".join(f"m{i} * {i} > n{i} / {i}" for i in range(20)),
        "a" + " + a" * 19 + " > 1",
        "a" + " < a" * 100,
        "max(" + ", ".join(f"a{i}" for i in range(80)) + ") > 1",
        "abs(" * 18 + "a" + ")" * 18 + " > 1",
        "not " * 18 + "a > 1",
        "a * a * a * a * a * a > 1e15",
    ],
)
def test_large_conditions_are_evaluated_and_end(condition: str) -> None:
    made = Condition(condition)
    for value in (2.0, 1e300, -1e-300, None):
        assert made.evaluate(dict.fromkeys(made.names, value)) in (True, False, None)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab1.()<>=!+-*/ ,_andort", max_size=60) | st.text(max_size=60))
def test_any_text_is_a_condition_or_an_error_with_a_position(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            condition = Condition(text)
        except ConditionError as error:
            assert 0 <= error.position <= len(text) + 1
        else:
            assert condition.evaluate(dict.fromkeys(condition.names, 2.0)) in (True, False, None)


def test_guide_rule_keeps_its_fields() -> None:
    made = AlertRule(
        rule_id="custom_business_rule",
        name="ビジネスロジックアラート",
        description="重要なビジネス条件の監視",
        condition="article_processing_rate < 100 and error_rate > 2.0",
        severity=Severity.HIGH,
        notification_channels=[NotificationChannel.EMAIL, "custom"],
    )
    assert made.notification_channels == ("email", "custom")
    assert made.parsed.names == ("article_processing_rate", "error_rate")
    with pytest.raises(ConditionError, match="position 1: expected a comparison"):
        rule("load")


def test_single_series_goes_with_every_instance() -> None:
    condition = Condition("cpu > 80 and error_rate > 2")
    verdicts = judge(condition, {"cpu": {A: 90.0, B: 10.0}, "error_rate": {(): 5.0}})
    assert [(one.labels, one.holds) for one in verdicts] == [(A, True), (B, False)]


def test_missing_metric_is_reported_and_not_false() -> None:
    (one,) = judge(Condition("cpu > 80 and error_rate > 2"), {"cpu": {A: 90.0}})
    assert (one.labels, one.holds, one.missing) == (A, None, ("error_rate",))
    (nothing,) = judge(Condition("cpu > 80"), {})
    assert (nothing.labels, nothing.holds) == ((), None)


def test_instances_that_do_not_match_are_unknown() -> None:
    c = (("instance", "c"), ("job", "app"))
    verdicts = judge(Condition("x > y"), {"x": {A: 2.0, B: 0.0}, "y": {B: 1.0, c: 1.0}})
    assert [one.holds for one in verdicts] == [None, False, None]


def test_rule_fires_after_its_time_and_resolves_at_once() -> None:
    state = RuleState(rule(for_seconds=60))
    assert state.update(0, [verdict(True)]) == []
    assert state.update(59, [verdict(True)]) == []
    (fired,) = state.update(60, [verdict(True)])
    assert (fired.firing, fired.since, fired.labels) == (True, 0, A)
    assert state.update(70, [verdict(True)]) == []
    assert state.firing == {A: 0}
    (resolved,) = state.update(80, [verdict(False)])
    assert (resolved.firing, resolved.since) == (False, 0)
    assert state.firing == {}


def test_condition_that_stops_in_between_starts_again() -> None:
    state = RuleState(rule(for_seconds=60))
    state.update(0, [verdict(True)])
    state.update(30, [verdict(False)])
    state.update(40, [verdict(True)])
    assert state.update(70, [verdict(True)]) == []


def test_rule_that_keeps_firing_does_not_flap_and_ends_after_its_time() -> None:
    state = RuleState(AlertRule("r1", "Load", "", "load > 5", keep_firing_seconds=60))
    (fired,) = state.update(0, [verdict(True)])
    assert fired.firing
    assert state.update(30, [verdict(False)]) == []
    assert state.update(40, [verdict(True)]) == []
    assert state.update(99, [verdict(False)]) == []
    assert state.firing == {A: 0}
    (resolved,) = state.update(100, [verdict(False)])
    assert (resolved.firing, resolved.since) == (False, 0)
    with pytest.raises(ValueError, match="rule 'r1': keep_firing_seconds is -1"):
        AlertRule("r1", "Load", "", "load > 5", keep_firing_seconds=-1)


def test_unknown_neither_starts_nor_ends_an_alert() -> None:
    state = RuleState(rule())
    assert state.update(0, [verdict(None)]) == []
    state.update(10, [verdict(True)])
    assert state.update(20, [verdict(None)]) == []
    assert state.update(30, []) == []
    assert state.firing == {A: 10}
    (given_up,) = state.update(11 + HELD_UNKNOWN_SECONDS, [verdict(None)])
    assert given_up.firing is False
