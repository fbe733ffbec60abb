"""What a rule of masking is, and the text that rules look at."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Span = tuple[int, int]
"""Where something begins and ends in a text."""

MASKED = re.compile(r"\[[a-z][a-z0-9_-]*\]")
"""What a masked item looks like."""

WORD_START = r"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))"

PREFECTURE = "(?:北海道|東京都|(?:京都|大阪)府|[一-龥]{2,3}県)"

_GATE_BYTES = 16 << 20  # with half of it, each line costs five times as much
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {ord(dash): "-" for dash in "‐‑‒–—―−"} | {0x3000: " "}


def folded(text: str) -> str:
    """Return a text with wide letters, digits and signs made narrow; every character stays in its place."""
    return text if text.isascii() else text.translate(_WIDE)


def whole_or_last_group(match: re.Match[str]) -> Iterable[Span]:
    """Give what the last group that took part holds, or the whole match if there is none."""
    return (match.span(match.lastindex or 0),)


@dataclass(frozen=True, slots=True)
class Rule:
    """One form of one kind of data.

    kind: what takes its place, in brackets. gate: in RE2's syntax, in any case; a text without a match cannot hold it
    (all gates are tried at once, so that few expressions are searched for). expression: see `compiled`. taken: which
    parts of a match have to go; none if it only looks alike.
    """

    kind: str
    gate: str
    expression: re.Pattern[str]
    taken: Callable[[re.Match[str]], Iterable[Span]] = whole_or_last_group

    def find(self, text: str) -> Iterator[Span]:
        """Yield what has to go from a folded text, in order."""
        for match in self.expression.finditer(text):
            yield from self.taken(match)


class Gates:
    """Tells which rules a text may need, by two scans: one for words, one for forms such as so many digits in a row.

    In one scan both would multiply the states of the automaton.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        forms = ["{" in rule.gate for rule in rules]
        words = [rule for rule, form in zip(rules, forms, strict=True) if not form]
        self._scans = (_scan(words), _scan([rule for rule, form in zip(rules, forms, strict=True) if form]))
        self._places = {id(rule): place for place, rule in enumerate(rules)}

    def open(self, text: str) -> list[Rule]:
        """Return the rules whose gate a folded text has, in their order."""
        raw = text.encode("utf-8", "surrogatepass")
        found = [rules[place] for gates, rules in self._scans for place in gates.Match(raw) or ()]
        return sorted(found, key=lambda rule: self._places[id(rule)])


def _scan(rules: Sequence[Rule]) -> tuple[Any, Sequence[Rule]]:
    import re2  # type: ignore[import-untyped]  # loaded with the first text

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _GATE_BYTES
    gates = re2.Set.SearchSet(options)
    for rule in rules:
        gates.Add(rule.gate)
    gates.Compile()
    return gates, rules


def compiled(expression: str, flags: int = 0) -> re.Pattern[str]:
    """Compile an expression: white space in it is for the reader; letters are ASCII, so that Japanese ends a word."""
    return re.compile(expression, re.VERBOSE | re.ASCII | flags)


def key(japanese: str, english: str) -> str:
    """Return the expression of a key before its value.

    japanese: alternatives. english: alternatives, as a whole word in any case, or as a part of `snake_case` and
    `camelCase`; `~` is nothing, a space, `_` or `-`.
    """
    words = "|".join(english.replace("~", "[ _-]?").split())
    return rf"(?:{'|'.join(japanese.split())}|{WORD_START}(?i:{words})(?![A-Za-z]))"
