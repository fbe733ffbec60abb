"""Tables, small charts and progress for a terminal; Japanese characters are two columns wide."""

import sys
import time
import unicodedata
from collections.abc import Callable, Sequence
from typing import TextIO

_BARS = "▁▂▃▄▅▆▇█"
_BAR_COLUMNS = 24
_COMMANDS = ("Cc", "Cf", "Cs", "Zl", "Zp")
_FIRST_SECONDS = 0.5  # quick work needs no bar


def width(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(_columns(sign) for sign in text)


def _columns(sign: str) -> int:
    if unicodedata.combining(sign) or unicodedata.category(sign) in ("Cf", "Me", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def visible(text: str) -> str:
    """Return a text in which nothing commands the terminal or turns the direction of writing."""
    if text.isprintable():
        return text
    return "".join("\ufffd" if unicodedata.category(sign) in _COMMANDS else sign for sign in text)


def shortened(text: str, columns: int) -> str:
    """Return a text that takes at most so many columns; what is cut off becomes `…`."""
    if width(text) <= columns:
        return text
    kept, left = [], columns - 1
    for sign in text:
        left -= _columns(sign)
        if left < 0:
            break
        kept.append(sign)
    return f"{''.join(kept)}…"


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """Return a text filled with spaces to so many columns."""
    spaces = " " * max(0, columns - width(text))
    return spaces + text if right else text + spaces


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int], columns: int | None) -> str:
    """Return lines of a table; the last column takes what is left of the columns, all it needs if they are None.

    right: the columns, counted from 0, that hold numbers.
    """
    head, rows = [visible(cell) for cell in head], [[visible(cell) for cell in row] for row in rows]
    widths = [max(width(row[place]) for row in (head, *rows)) for place in range(len(head) - 1)]
    rest = None if columns is None else max(20, columns - sum(widths) - 2 * len(widths))
    return "\n".join(
        "  ".join(
            (
                *(padded(cell, widths[place], right=place in right) for place, cell in enumerate(row[:-1])),
                row[-1] if rest is None else shortened(row[-1], rest),
            )
        ).rstrip()
        for row in (head, *rows)
    )


def sparkline(counts: Sequence[int]) -> str:
    """Return a row of bars, the highest for the largest count; zero is a blank."""
    most = max(counts, default=0)
    return "".join(_BARS[-(-count * len(_BARS) // most) - 1] if count else " " for count in counts)


class Progress:
    """Shows on a terminal how much of the work is done; says nothing where its output is no terminal.

    total: bytes of all the work; None if nobody knows. monotonic: a clock in seconds. Attributes: total, done.
    """

    def __init__(
        self, total: int | None, out: TextIO | None = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._out = out or sys.stderr
        self.total = total
        self._monotonic = monotonic
        self._began = monotonic()
        self._shown = self._began + _FIRST_SECONDS
        self._seen = self._out.isatty()
        self._drawn = False
        self.done = 0

    def add(self, done: int) -> None:
        """Note that so much more is done; shown at most five times a second, and not at once."""
        if not self._seen:
            return
        self.done += done
        now = self._monotonic()
        if now - self._shown >= 0.2:
            self._shown = now
            self._draw(now)

    def end(self) -> None:
        """Take it off the terminal."""
        if self._drawn:
            self._out.write("\r\x1b[K")
            self._out.flush()

    def _draw(self, now: float) -> None:
        rate = self.done / max(now - self._began, 0.001)
        text = f"{self.done / 1e6:,.0f} MB, {rate / 1e6:,.1f} MB/s"
        if self.total:
            share = min(1.0, self.done / self.total)
            left = max(0.0, self.total - self.done) / max(rate, 1.0)
            bar = padded("█" * round(share * _BAR_COLUMNS), _BAR_COLUMNS).replace(" ", "░")
            text = f"{bar} {share:4.0%}  {text}, {left:,.0f} s left"
        self._out.write(f"\r{text}\x1b[K")
        self._out.flush()
        self._drawn = True
