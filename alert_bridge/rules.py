"""When a rule of the user's own fires: its condition over the present values, and how long it has held.

A condition compares metrics: `article_processing_rate < 100 and error_rate > 2.0`. It knows `and`, `or`, `not`,
comparisons (also chained), `+ - * /`, numbers, metric names and `min`, `max`, `abs`. A metric without a value makes
what depends on it unknown, never false; so does a division by zero.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from alert_bridge.alerts import Severity

MAX_LENGTH = 500
MAX_DEPTH = 20
LARGEST_NUMBER = 1e15
HELD_UNKNOWN_SECONDS = 86400.0  # a firing alert whose values are gone is held this long

Labels = tuple[tuple[str, str], ...]
Values = Mapping[str, float | None]

_FOREIGN = re.compile(r"[^A-Za-z0-9_\s.,()<>=!+*/-]", re.ASCII)
_SPACE = re.compile(r"\s")
_FUNCTIONS: Mapping[str, Callable[..., float]] = {"min": min, "max": max, "abs": abs}
_ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}

_Number = Callable[[Values], float | None]
_Truth = Callable[[Values], bool | None]


class NotificationChannel(StrEnum):
    """The channels that the product has; others are addressed by the name they were added under."""

    EMAIL = "email"
    SLACK = "slack"
    WEBHOOK = "webhook"
    DESKTOP = "desktop"


class ConditionError(ValueError):
    """A condition that cannot be understood.

    Attributes: condition, position (0-based, in characters), problem.
    """

    def __init__(self, condition: str, position: int, problem: str) -> None:
        super().__init__(condition, position, problem)
        self.condition = condition
        self.position = position
        self.problem = problem

    def __str__(self) -> str:
        shown = self.condition if len(self.condition) <= MAX_LENGTH else self.condition[:60] + "..."
        return f"condition {shown!r}, position {self.position + 1}: {self.problem}"


class Condition:
    """A parsed condition. Raises ConditionError, with the position, for what is not in the language.

    Attributes: text; names, the metrics it reads, in the order they appear; tree, its checked syntax tree.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        parser = _Parser(text)
        self.tree, self._truth = parser.parse()
        self.names: tuple[str, ...] = tuple(dict.fromkeys(parser.names))

    def evaluate(self, values: Values) -> bool | None:
        """Return whether it holds; None where that is unknown. Missing and not finite values are unknown."""
        return self._truth(values)

    def __repr__(self) -> str:
        return f"Condition({self.text!r})"


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A rule of the user's own.

    condition: see the module. for_seconds: how long it has to hold. keep_firing_seconds: how long an alert goes on
    after the condition ceased to hold, so that it does not flap. notification_channels: names of channels; with none
    all that are enabled are told. labels, annotations: of the alert, beside those it has anyway.

    Raises ConditionError (a ValueError) for a condition that cannot be understood, ValueError for other fields.
    """

    rule_id: str
    name: str
    description: str
    condition: str
    severity: Severity = Severity.HIGH
    notification_channels: Sequence[NotificationChannel | str] = ()
    for_seconds: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    keep_firing_seconds: float = 0.0
    parsed: Condition = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.rule_id:
            raise ValueError(f"rule {self.name!r}: rule_id is empty")
        for name in ("for_seconds", "keep_firing_seconds"):
            if not 0 <= getattr(self, name) <= 7 * 86400:
                raise ValueError(f"rule {self.rule_id!r}: {name} is {getattr(self, name)!r}, expected 0 to 604800")
        object.__setattr__(self, "severity", Severity.parse(self.severity))
        object.__setattr__(self, "notification_channels", tuple(str(name) for name in self.notification_channels))
        object.__setattr__(self, "parsed", Condition(self.condition))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition holds for one (job, instance); holds is None where that is unknown."""

    labels: Labels
    holds: bool | None
    values: Values

    @property
    def missing(self) -> tuple[str, ...]:
        """The metrics that have no value here."""
        return tuple(name for name, value in self.values.items() if value is None)


@dataclass(frozen=True, slots=True)
class Transition:
    """A rule that begins to fire or resolves. since: epoch seconds from which the condition held."""

    rule: AlertRule
    labels: Labels
    firing: bool
    since: float
    values: Values


@dataclass(slots=True)
class _Held:
    since: float
    seen: float
    held: float
    firing: bool = False


def judge(condition: Condition, series: Mapping[str, Mapping[Labels, float]]) -> list[Verdict]:
    """Evaluate a condition for every label set of its metrics.

    series: values by metric name and by labels (job, instance). A metric with a single series goes with every label
    set; one without any makes its part unknown.
    """
    found = {name: series.get(name, {}) for name in condition.names}
    several = {labels for by_labels in found.values() if len(by_labels) > 1 for labels in by_labels}
    first = next((next(iter(by_labels)) for by_labels in found.values() if by_labels), ())
    verdicts = []
    for labels in sorted(several) or [first]:
        values = {name: _value_for(labels, by_labels) for name, by_labels in found.items()}
        verdicts.append(Verdict(labels, condition.evaluate(values), values))
    return verdicts


def _value_for(labels: Labels, by_labels: Mapping[Labels, float]) -> float | None:
    if len(by_labels) == 1:
        return next(iter(by_labels.values()))
    return by_labels.get(labels)


class RuleState:
    """Since when a rule's condition holds for each label set, and whether that makes an alert."""

    def __init__(self, rule: AlertRule) -> None:
        self.rule = rule
        self._held: dict[Labels, _Held] = {}

    @property
    def firing(self) -> dict[Labels, float]:
        """The label sets that fire, with the time (epoch seconds) since when the condition holds."""
        return {labels: held.since for labels, held in self._held.items() if held.firing}

    def update(self, now: float, verdicts: Iterable[Verdict]) -> list[Transition]:
        """Take the verdicts of a moment; return what began to fire and what resolved.

        Unknown holds the state, also where a label set is gone; after a day of that it is given up.
        """
        transitions = []
        for verdict in verdicts:
            if verdict.holds is None:
                continue
            if verdict.holds:
                transitions += self._holds(now, verdict)
            elif not self._goes_on(now, verdict.labels):
                transitions += self._ends(verdict.labels, verdict.values)
        for labels in [one for one, held in self._held.items() if now - held.seen > HELD_UNKNOWN_SECONDS]:
            transitions += self._ends(labels, dict.fromkeys(self.rule.parsed.names))
        return transitions

    def _holds(self, now: float, verdict: Verdict) -> list[Transition]:
        held = self._held.setdefault(verdict.labels, _Held(since=now, seen=now, held=now))
        held.seen = held.held = now
        held.since = min(held.since, now)
        if held.firing or now - held.since < self.rule.for_seconds:
            return []
        held.firing = True
        return [Transition(self.rule, verdict.labels, True, held.since, verdict.values)]

    def _goes_on(self, now: float, labels: Labels) -> bool:
        held = self._held.get(labels)
        if held is None or not held.firing:
            return False
        held.seen = now
        return 0 <= now - held.held < self.rule.keep_firing_seconds

    def _ends(self, labels: Labels, values: Values) -> list[Transition]:
        held = self._held.pop(labels, None)
        if held is None or not held.firing:
            return []
        return [Transition(self.rule, labels, False, held.since, values)]


class _Parser:
    """Turns the text into a function, one small function for each node; anything not listed is refused."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.names: list[str] = []

    def parse(self) -> tuple[ast.expr, _Truth]:
        if len(self.text) > MAX_LENGTH:
            raise ConditionError(self.text, MAX_LENGTH, f"longer than {MAX_LENGTH} characters")
        foreign = _FOREIGN.search(self.text)
        if foreign is not None:
            raise ConditionError(self.text, foreign.start(), f"{foreign.group()!r} has no meaning here")
        self._shift = len(self.text) - len(self.text.lstrip())
        line = _SPACE.sub(" ", self.text.strip())
        try:
            tree = ast.parse(line, mode="eval")
        except SyntaxError as error:
            if not error.offset:
                raise ConditionError(self.text, len(self.text), "something is missing here") from None
            raise ConditionError(self.text, self._shift + error.offset - 1, error.msg) from None
        except (MemoryError, RecursionError):
            raise ConditionError(self.text, self._shift, f"nested deeper than {MAX_DEPTH}") from None
        truth = self._truth(tree.body, 0)
        if not self.names:
            raise ConditionError(self.text, 0, "no metric in it")
        return tree.body, truth

    def _truth(self, node: ast.expr, depth: int) -> _Truth:
        self._check_depth(node, depth)
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = [self._truth(value, depth + 1) for value in values]
                return _all(parts) if isinstance(op, ast.And) else _any(parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return _not(self._truth(operand, depth + 1))
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                return self._comparison(node, [left, *comparators], ops, depth)
        raise self._error(node, "expected a comparison such as error_rate > 2")

    def _comparison(self, node: ast.expr, sides: list[ast.expr], ops: list[ast.cmpop], depth: int) -> _Truth:
        numbers = [self._number(side, depth + 1) for side in sides]
        pairs = []
        for op, left, right in zip(ops, numbers, numbers[1:], strict=False):
            if type(op) not in _COMPARISONS:
                raise self._error(node, "expected one of < <= > >= == !=")
            pairs.append(_compare(_COMPARISONS[type(op)], left, right))
        return pairs[0] if len(pairs) == 1 else _all(pairs)

    def _number(self, node: ast.expr, depth: int) -> _Number:
        self._check_depth(node, depth)
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                if not abs(value) <= LARGEST_NUMBER:
                    raise self._error(node, f"number beyond {LARGEST_NUMBER:g}")
                return _constant(float(value))
            case ast.Name(id=name):
                return self._metric(node, name)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as op, operand=operand):
                number = self._number(operand, depth + 1)
                return _apply(operator.neg, [number]) if isinstance(op, ast.USub) else number
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return _apply(_ARITHMETIC[type(op)], [self._number(left, depth + 1), self._number(right, depth + 1)])
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
                return self._call(node, name, args, depth)
        raise self._error(node, "expected a number, a metric name, + - * /, min, max or abs")

    def _metric(self, node: ast.expr, name: str) -> _Number:
        if name in _FUNCTIONS:
            raise self._error(node, f"{name} needs its arguments in parentheses")
        self.names.append(name)
        return _metric(name)

    def _call(self, node: ast.expr, name: str, args: list[ast.expr], depth: int) -> _Number:
        enough = len(args) == 1 if name == "abs" else len(args) >= 2
        if not enough:
            raise self._error(node, f"{name} takes {'one argument' if name == 'abs' else 'two arguments or more'}")
        return _apply(_FUNCTIONS[name], [self._number(arg, depth + 1) for arg in args])

    def _check_depth(self, node: ast.expr, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise self._error(node, f"nested deeper than {MAX_DEPTH}")

    def _error(self, node: ast.expr, problem: str) -> ConditionError:
        return ConditionError(self.text, self._shift + node.col_offset, problem)


def _constant(number: float) -> _Number:
    return lambda _values: number


def _metric(name: str) -> _Number:
    return lambda values: _finite(values.get(name))


def _apply(function: Callable[..., float], arguments: Sequence[_Number]) -> _Number:
    def result(values: Values) -> float | None:
        numbers = [argument(values) for argument in arguments]
        if None in numbers:
            return None
        try:
            return _finite(function(*numbers))
        except ZeroDivisionError:
            return None

    return result


def _compare(function: Callable[[float, float], bool], left: _Number, right: _Number) -> _Truth:
    def result(values: Values) -> bool | None:
        one, other = left(values), right(values)
        return None if one is None or other is None else function(one, other)

    return result


def _all(parts: Sequence[_Truth]) -> _Truth:
    def result(values: Values) -> bool | None:
        truths = [part(values) for part in parts]
        return False if False in truths else None if None in truths else True

    return result


def _any(parts: Sequence[_Truth]) -> _Truth:
    def result(values: Values) -> bool | None:
        truths = [part(values) for part in parts]
        return True if True in truths else None if None in truths else False

    return result


def _not(part: _Truth) -> _Truth:
    def result(values: Values) -> bool | None:
        truth = part(values)
        return None if truth is None else not truth

    return result


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
