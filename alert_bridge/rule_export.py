"""The user's rules as Prometheus rules, for those who want them evaluated there.

PromQL drops a comparison that does not hold, and one whose values are missing: `and` and `or` of such filters keep the
meaning that they have here, where a metric without a value makes what depends on it unknown. `not` is carried to the
comparisons, which it turns round.
"""

import ast
from collections.abc import Sequence
from functools import reduce
from typing import Any

import yaml

from alert_bridge.figures import BY_NAME
from alert_bridge.rules import AlertRule, Condition, ConditionError

_COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", ">="),
    ast.LtE: ("<=", ">"),
    ast.Gt: (">", "<="),
    ast.GtE: (">=", "<"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
}
"""How PromQL writes a comparison, and its negation."""
_ARITHMETIC: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_BEYOND = {"min": "<", "max": ">"}
_CLAMP = {"min": "clamp_max", "max": "clamp_min"}


def render_rules(rules: Sequence[AlertRule], on: Sequence[str] = ("job", "instance")) -> str:
    """Return the text of a rule file. on: the labels by which values of different metrics belong together.

    Raises ConditionError for a comparison, or a min, max or abs, without a metric, and for a divisor that is 0.
    """
    group = {"name": "newswatch_rules", "rules": [_rule(one, on) for one in rules]}
    return str(yaml.safe_dump({"groups": [group]}, sort_keys=False, allow_unicode=True, width=1000))


def promql(condition: Condition, on: Sequence[str] = ("job", "instance")) -> str:
    """Return the condition as PromQL that has a value where it holds. Raises ConditionError as `render_rules`."""
    return _Writer(condition, on).truth(condition.tree)


def _rule(rule: AlertRule, on: Sequence[str]) -> dict[str, Any]:
    texts = {"summary": rule.name, "description": rule.description, "reason": rule.condition, **rule.annotations}
    held = {"for": f"{rule.for_seconds:g}s"} if rule.for_seconds else {}
    held |= {"keep_firing_for": f"{rule.keep_firing_seconds:g}s"} if rule.keep_firing_seconds else {}
    return {
        "alert": rule.rule_id,
        "expr": promql(rule.parsed, on),
        **held,
        "labels": {**rule.labels, "severity": rule.severity.prometheus},
        "annotations": {name: text for name, text in texts.items() if text},
    }


class _Writer:
    """Writes a checked syntax tree as PromQL; every part stands in parentheses or is a call."""

    def __init__(self, condition: Condition, on: Sequence[str]) -> None:
        self._condition = condition
        self._labels = ", ".join(on)
        self._on = f"on ({self._labels})"

    def truth(self, node: ast.expr, *, negated: bool = False) -> str:
        match node:
            case ast.BoolOp(op=op, values=values):
                word = "and" if isinstance(op, ast.And) is not negated else "or"
                return self._joined(word, [self.truth(value, negated=negated) for value in values])
            case ast.UnaryOp(operand=operand):
                return self.truth(operand, negated=not negated)
            case ast.Compare(left=left, ops=ops, comparators=sides):
                pairs = zip([left, *sides], ops, sides, strict=False)
                parts = [self._comparison(one, _COMPARISONS[type(op)][negated], other) for one, op, other in pairs]
                return self._joined("or" if negated else "and", parts)
        raise AssertionError(ast.dump(node))  # the condition's own parser let it through

    def _joined(self, word: str, parts: list[str]) -> str:
        return parts[0] if len(parts) == 1 else f"({f' {word} {self._on} '.join(parts)})"

    def _comparison(self, left: ast.expr, word: str, right: ast.expr) -> str:
        if not (_has_metric(left) or _has_metric(right)):
            raise self._without_metric(left, "each comparison")
        return f"({self.number(left)} {word}{self._matching(left, right)} {self.number(right)})"

    def _matching(self, left: ast.expr, right: ast.expr) -> str:
        return f" {self._on}" if _has_metric(left) and _has_metric(right) else ""

    def _without_metric(self, node: ast.expr, where: str) -> ConditionError:
        return ConditionError(self._condition.text, node.col_offset, f"Prometheus needs a metric in {where}")

    def number(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=value):
                return repr(float(value))  # type: ignore[arg-type] # the parser took numbers alone
            case ast.Name(id=name):
                read = name if name in BY_NAME else f"app_{name} or {name}"
                return f"max by ({self._labels}) ({read})"
            case ast.UnaryOp(op=op, operand=operand):
                return f"(-{self.number(operand)})" if isinstance(op, ast.USub) else self.number(operand)
            case ast.BinOp(left=left, op=op, right=right):
                return self._arithmetic(left, op, right)
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._call(node, name, args)
        raise AssertionError(ast.dump(node))  # the condition's own parser let it through

    def _arithmetic(self, left: ast.expr, op: ast.operator, right: ast.expr) -> str:
        second = self.number(right)
        if isinstance(op, ast.Div):
            if _has_metric(right):
                second = f"({second} != 0)"
            elif not _literal(right):
                problem = "Prometheus needs a divisor that is a metric or a number other than 0"
                raise ConditionError(self._condition.text, right.col_offset, problem)
        return f"({self.number(left)} {_ARITHMETIC[type(op)]}{self._matching(left, right)} {second})"

    def _call(self, node: ast.expr, name: str, args: list[ast.expr]) -> str:
        vectors = [self.number(one) for one in args if _has_metric(one)]
        bounds = [self.number(one) for one in args if not _has_metric(one)]
        if not vectors:
            raise self._without_metric(node, name)
        if name == "abs":
            return f"abs({vectors[0]})"
        beyond = _BEYOND[name]

        def furthest(one: str, other: str) -> str:
            return f"(({one} {beyond} {self._on} {other}) or {self._on} ({other} {beyond}= {self._on} {one}))"

        return reduce(lambda one, bound: f"{_CLAMP[name]}({one}, {bound})", bounds, reduce(furthest, vectors))


def _has_metric(node: ast.expr) -> bool:
    called = {id(one.func) for one in ast.walk(node) if isinstance(one, ast.Call)}
    return any(isinstance(one, ast.Name) and id(one) not in called for one in ast.walk(node))


def _literal(node: ast.expr) -> float:
    """Return the value of a number with or without a sign; 0 for anything else."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return float(node.value) if isinstance(node, ast.Constant) else 0.0  # type: ignore[arg-type] # numbers alone
