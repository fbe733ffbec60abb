"""The user's own regular expressions: RE2 runs them, in time that grows with the line alone."""

from typing import Any

LONGEST_EXPRESSION = 500
MOST_EXPRESSIONS = 50
MOST_STEPS = 2_000
"""Instructions that an expression may compile to; `[あ-ん]{1,500}` has 3,000 and takes 0.1 s on some lines."""

_MEMORY_BYTES = 1 << 20
_REMEDIES = (
    (
        ("(?=", "(?!", "(?<=", "(?<!"),
        "look-around is not supported: match what stands beside it too, or anchor with \\b",
    ),
    (("(?P=", "(?P", "(?(", "\\k"), "back-references are not supported: write out what may be repeated"),
    (("(?>", "++", "*+", "?+"), "atomic and possessive repetition is not needed and not supported: write + or *"),
    (("\\Z",), "\\Z is not supported: write \\z"),
    (("\\u", "\\U"), "\\u is not supported: write the character itself, or \\x{3042}"),
    (("(?x", "(?#"), "comments are not supported: write it on one line"),
)


class InvalidExpression(ValueError):
    """A user's expression that is not taken.

    Attributes: name, problem.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name, problem)
        self.name = name
        self.problem = problem

    def __str__(self) -> str:
        return f"expression {self.name!r}: {self.problem}"


class Expression:
    """One expression of the user's own, for a mask, a pattern or the format of a line.

    name: what it is called in errors. text: in RE2's syntax: no look-around, no back-references; case counts unless it
    begins with `(?i)`; `\\w`, `\\d` and `\\b` know ASCII alone; Japanese: `\\p{Han}`, `\\p{Hiragana}`, `\\p{Katakana}`.
    Raises InvalidExpression, which says what to write instead.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        if len(text) > LONGEST_EXPRESSION:
            raise InvalidExpression(name, f"has {len(text)} characters, at most {LONGEST_EXPRESSION} are taken")
        self._compiled = _compile(name, text)
        steps = self._compiled.programsize
        if steps > MOST_STEPS:
            problem = f"compiles to {steps} steps, at most {MOST_STEPS} are taken: shorten its counted repetitions"
            raise InvalidExpression(name, problem)

    def search(self, text: str) -> bool:
        """Return whether the text holds it."""
        return self._compiled.search(_bytes(text)) is not None

    def sub(self, by: str, text: str) -> tuple[str, int]:
        """Return the text with each match replaced, and how many there were; empty matches are none."""
        whole, pieces, end = _bytes(text), [], 0
        for match in self._compiled.finditer(whole):
            if match.end() > match.start():
                pieces.append(whole[end : match.start()])
                end = match.end()
        pieces.append(whole[end:])
        return by.join(_text(piece) for piece in pieces), len(pieces) - 1

    def fields(self, text: str) -> dict[str, str] | None:
        """Return what the named groups hold where the text begins with the expression; None where it does not."""
        match = self._compiled.match(_bytes(text))
        if match is None:
            return None
        return {_text(name): _text(value or b"") for name, value in match.groupdict().items()}

    @property
    def field_names(self) -> frozenset[str]:
        """The names of its groups."""
        return frozenset(_text(name) for name in self._compiled.groupindex)


def _compile(name: str, text: str) -> Any:
    import re2  # type: ignore[import-untyped]  # loaded only where there are expressions

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY_BYTES
    try:
        return re2.compile(_bytes(text), options)
    except re2.error as error:
        raise InvalidExpression(name, _said(error.args[0].decode("utf-8", "replace"))) from None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(part: bytes) -> str:
    return part.decode("utf-8", "surrogatepass")


def _said(error: str) -> str:
    """Return RE2's error with what to write instead, where that is known."""
    fragment = error.rpartition(": ")[2]
    for fragments, remedy in _REMEDIES:
        if fragment in fragments:
            return remedy
    if fragment[:1] == "\\" and fragment[1:].isdigit():
        return _REMEDIES[1][1]
    return f"not a regular expression: {error}"
