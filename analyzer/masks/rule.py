"""What a rule of masking is, and the text that rules look at."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

Span = tuple[int, int]
"""Where something begins and ends in a text."""

MASKED = re.compile(r"\[[a-z][a-z0-9_-]*\]")
"""What a masked item looks like."""

WORD_START = r"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))"

PREFECTURE = "(?:北海道|東京都|(?:京都|大阪)府|[一-龥]{2,3}県)"

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

    kind: what takes its place, in brackets. hints: a text with none of them, in lower case, cannot hold it (a cheap
    look before the search); none are for any text. expression: see `compiled`. taken: which parts of a match have to
    go; none if it only looks alike. digits: a text with fewer cannot hold it.
    """

    kind: str
    hints: tuple[str, ...]
    expression: re.Pattern[str]
    taken: Callable[[re.Match[str]], Iterable[Span]] = whole_or_last_group
    digits: int = 0

    def find(self, text: str) -> Iterator[Span]:
        """Yield what has to go from a folded text, in order."""
        for match in self.expression.finditer(text):
            yield from self.taken(match)


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
