"""Which words of templates are variables that do not look like it: places in which many different words were seen.

A place is given up late, and never where its words tell states apart: two templates that are one are noise, two that
were joined wrongly are an alarm that is missed.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from analyzer.marks import VARIABLE
from analyzer.states import is_state

_MANY_CODES = 32
"""So many codes or words in capitals in one place make it a variable; where they tell states they are fewer."""
_MANY_FIRST = 16
_FRAME = 32
_MOST_IN_FRAME = 3
_FEWEST_CONSTANT = 2
_NEARLY_ALL = 0.7
_WORDS_A_TEMPLATE = 10
_WORD = re.compile(
    r"(?:[A-Za-z_]|<\*>)(?:[\w$.\-]*(?:[\w$]|<\*>))*|[ァ-ヶー]+|[一-龥々]+|[ぁ-ん]+|[^\x00-\x7f\W]+|\s+|.",
    re.ASCII | re.DOTALL,
)
_NAMING = re.compile(r"[A-Za-zァ-ヶ一-龥]|\d")
_VERB_FOLLOWS = re.compile("し|す|さ|せ|でき|中|済")
_MOST_WORDS = 80
_FEWEST_NAMING = 3


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one shape, and keys of what stands around those that could be values.

    slots: for each such place a key of everything else. frame: a key of all that is sure to be no value.
    """

    parts: tuple[str, ...]
    slots: Mapping[int, int]
    frame: int

    @classmethod
    def of(cls, text: str, general: frozenset[int] = frozenset()) -> "Words":
        """Take a shape apart; general: its places that are known to be values."""
        parts = tuple(_WORD.findall(text))
        marks = [hash(pair) for pair in enumerate(parts)]
        whole = sum(marks)
        slots = {place: hash((place, whole - marks[place])) for place in _open_places(parts, general)}
        return cls(parts, slots, hash((len(parts), whole - sum(marks[place] for place in slots), *slots)))

    def generalised(self, places: Iterable[int]) -> str:
        """Return the shape with a variable in some places."""
        parts = list(self.parts)
        for place in places:
            parts[place] = VARIABLE
        return "".join(parts)

    def fits(self, general: "Words", places: frozenset[int]) -> bool:
        """Return whether a general shape, its variables in certain places, holds this one."""
        pairs = enumerate(zip(self.parts, general.parts, strict=False))
        return len(self.parts) == len(general.parts) and all(a == b or place in places for place, (a, b) in pairs)


@dataclass(frozen=True, slots=True)
class Found:
    """Places of a shape that turned out to be variables, and the ids of the templates that differ in nothing else."""

    places: frozenset[int]
    members: tuple[str, ...]


class VariableFinder:
    """Remembers templates by what stands around their words.

    text_of: the text of a template by its id, None if it is not known any more. many_values: so many different words in
    one place make it a variable. most: templates whose surroundings are kept.
    """

    def __init__(self, text_of: Callable[[str], str | None], many_values: int, most: int) -> None:
        self._text_of = text_of
        self._many_values = many_values
        self._most = most
        self._slots: dict[int, tuple[str, ...]] = {}
        self._frames: dict[int, tuple[str, ...]] = {}

    def sizes(self) -> dict[str, int]:
        """Return how many entries each of the look-ups has."""
        return {"slots": len(self._slots), "frames": len(self._frames)}

    def learn(self, template_id: str, shape: Words) -> Found | None:
        """Take up a new template; return its variables if it completes what is needed to know them."""
        for place, key in shape.slots.items():
            members = (*self._slots.pop(key, ()), template_id)
            if len(members) >= self._limit(shape, place):
                return Found(frozenset((place,)), members)
            self._slots[key] = members
        trim(self._slots, _WORDS_A_TEMPLATE * self._most)
        return self._learn_frame(template_id, shape) if len(shape.slots) > _FEWEST_CONSTANT else None

    def _learn_frame(self, template_id: str, shape: Words) -> Found | None:
        """Look for several variables in one text, which no two templates share."""
        members = (*self._frames.pop(shape.frame, ()), template_id)
        if len(members) < _FRAME:
            self._frames[shape.frame] = members
            trim(self._frames, self._most)
            return None
        shapes = [Words.of(text) for text in map(self._text_of, members) if text is not None]
        rows = [[each.parts[place] for place in shape.slots] for each in shapes if each.frame == shape.frame]
        variety = {place: len(set(column)) for place, column in zip(shape.slots, zip(*rows, strict=True), strict=True)}
        places = frozenset(place for place, count in variety.items() if count >= _NEARLY_ALL * len(rows))
        constant = sum(count == 1 for count in variety.values())
        found = 1 <= len(places) <= _MOST_IN_FRAME and constant >= max(_FEWEST_CONSTANT, len(variety) - len(places))
        return Found(places, members) if found and len(rows) > _FRAME // 2 else None

    def _limit(self, shape: Words, place: int) -> int:
        word = shape.parts[place]
        if word.isupper() or (not word.isalpha() and any(character.isdigit() for character in word)):
            return _MANY_CODES
        return _MANY_FIRST if place == 0 else self._many_values


def trim(index: dict[int, Any], most: int) -> None:
    """Forget the oldest eighth where there is too much; one by one would be slow, a dictionary keeps the gaps."""
    if len(index) > most:
        for key in list(islice(index, most // 8 + 1)):
            del index[key]


def _open_places(parts: tuple[str, ...], general: frozenset[int]) -> list[int]:
    """Return which words of a shape are, or could turn out to be, values: not those that tell states apart.

    general: the places that are known to be values.
    """
    if len(parts) > _MOST_WORDS:
        return []
    naming = [place for place, part in enumerate(parts) if _NAMING.search(part) or place in general]
    if len(naming) < _FEWEST_NAMING:
        return []
    first = 0 if len(naming) > _FEWEST_NAMING else 1
    return [place for place in naming[first:] if place in general or not _tells(parts, place)]


def _tells(parts: tuple[str, ...], place: int) -> bool:
    """Return whether a word says what happened: a state, or a verb."""
    word = parts[place]
    if is_state(word):
        return True
    if word.isascii():
        return len(word) > 4 and word.lower().endswith(("ed", "ing"))
    following = parts[place + 1] if place + 1 < len(parts) else ""
    return _VERB_FOLLOWS.match(following) is not None
