"""Made log lines with labels: a statement with {fields} becomes a message and its template."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from re import compile as regex
from typing import Literal, TypeVar

Half = Literal["development", "held_out"]
Fields = Mapping[str, Callable[[random.Random], str]]
T = TypeVar("T")

FIELD = regex(r"\{(\.?\w+)\}")
JOINED = regex(r"<\*>(?:[:/@+_-]?<\*>)+")


@dataclass(frozen=True, slots=True)
class LabelledLine:
    """One line of a log with what a perfect reader would make of it. Without a level of its own: an empty one."""

    raw: str
    message: str
    template: str
    level: str


def filled(text: str, fields: Fields, chance: random.Random) -> str:
    """The text with a value in place of each {field}.

    {404}: a field that begins with a digit is its own value. {.name}: the value that {name} had last.
    """
    last: dict[str, str] = {}

    def value(name: str) -> str:
        if name[0].isdigit():
            return name
        if name[0] == ".":
            return last[name[1:]]
        last[name] = fields[name](chance)
        return last[name]

    return FIELD.sub(lambda field: value(field[1]), text)


def template(text: str) -> str:
    """The text with `<*>` in place of each {field}; values that touch, as in host:port, are one."""
    return JOINED.sub("<*>", FIELD.sub("<*>", text))


def occurrences(statements: Sequence[T], weights: Sequence[float], count: int, chance: random.Random) -> list[T]:
    """`count` statements in the order written: each at least twice, a few very often, as programs write them."""
    drawn = [*statements, *statements, *chance.choices(statements, weights, k=count - 2 * len(statements))]
    chance.shuffle(drawn)
    return drawn
