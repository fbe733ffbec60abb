"""The patterns known beforehand, and which of them a line is: the predefined ones, and the user's own beside them."""

import functools
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from analyzer.look_alikes import without_look_alikes
from analyzer.pattern_table import PREDEFINED, Kind, Pattern

__all__ = ["PREDEFINED", "UNNAMED", "Kind", "Pattern", "PatternCatalogue"]

UNNAMED = "other"
"""What stands for the id of lines without a pattern, and of patterns that metrics do not name."""

_MEMORY_BYTES = 1 << 20
"""At most, for what RE2 remembers of one expression."""


class PatternCatalogue:
    """All patterns known beforehand; the first one that a text holds is its pattern.

    own: the user's, looked for before the predefined ones.
    """

    def __init__(self, own: Iterable[Pattern] = (), predefined: Sequence[Pattern] = PREDEFINED) -> None:
        self.own = tuple(own)
        self._by_id = {pattern.id: pattern for pattern in (*predefined, *self.own)}
        self._first = _scan(tuple(predefined)).first
        self._first_own = _scan(self.own).first

    def __iter__(self) -> Iterator[Pattern]:
        return iter(self._by_id.values())

    def get(self, pattern_id: str) -> Pattern | None:
        """Return a pattern by its id."""
        return self._by_id.get(pattern_id)

    def match_own(self, text: str) -> str | None:
        """Return the id of the user's first pattern that the text holds."""
        return self._first_own(text)

    def match(self, text: str) -> str | None:
        """Return the id of the first predefined pattern that the text holds, None if it holds none.

        One scan answers nearly all lines, which hold none; the others are scanned again without what is harmless.
        """
        if not text.isascii():
            text = unicodedata.normalize("NFKC", text)
        return self._first(without_look_alikes(text)) if self._first(text) else None


@functools.lru_cache(maxsize=4)
def _scan(patterns: tuple[Pattern, ...]) -> "_Scan":
    """Return what finds patterns; to make it of the table takes 50 ms."""
    return _Scan(patterns)


class _Scan:
    """Finds which of many patterns a text holds.

    One pass over the text looks for the words that their expressions cannot do without; then those that are left are
    searched. RE2 does both, in time that grows with the text alone.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        import re2  # type: ignore[import-untyped]  # loaded only where lines are read

        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MEMORY_BYTES
        self._filter = re2.Filter()
        wordings = [(pattern.id, text) for pattern in patterns for text in pattern.expressions]
        wordings += [(pattern.id, text) for pattern in patterns for text in pattern.vague]
        self._ids = [pattern_id for pattern_id, _ in wordings]
        for _, expression in wordings:
            self._filter.Add(expression.encode("utf-8", "surrogatepass"), options)
        self._filter.Compile()

    def first(self, text: str) -> str | None:
        """Return the id of the first pattern that the text holds, None if it holds none."""
        found = self._filter.Match(text.encode("utf-8", "replace")) if self._ids else None
        return self._ids[min(found)] if found else None
