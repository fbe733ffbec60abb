"""Where the time stamp of a line is: at its start, or behind words such as stand before one."""

import re
from dataclasses import dataclass

from analyzer.levels import Level, level_named
from analyzer.reading.stamps import Stamp, StampReader

_MOST_WORDS = 5
_FEWER_WORDS = 3

_OPENING = re.compile(r"(?:\s{0,8}\d{1,8}:(?=\d{8}:))?(?:[\[(<【]+|#+<)?")
_LETTER = re.compile(r"[IWEFCD](?=(?:\d{4}|\d{6}|\d{8}) \d\d:\d\d:\d\d)")  # klog, glog: E0228 10:20:30.123456
_WORD = re.compile(
    r"""(?x)
    (?: \[[^\[\]]{0,100}\] | <[^<>]{1,60}> | [A-Z],(?=\ \[) | [A-Z][A-Z0-9_]*(?=\s) | [\w.-]{1,60}(?=\s+\|\s) | -
      | [A-Za-z_][\w.@/-]*(?:\[\w+\])?:(?=\s) | (?=[^\s\[\]"]{0,80}[\d_./@:\#=$-])[^\s\[\]"]{1,120}(?=\s)
    ) [\s|]+
    """
)
_LEVEL = re.compile(r"\s{0,8}[\[<(]?\s{0,8}(?P<level>[A-Za-z]+)\s*[\])>]?,?[\s|]*")
# 134681 node-246 unix.hw state 1077804742 1 message: numbered records in columns, with a flag behind the time
_COLUMNS = re.compile(r"\d+ (?=[A-Za-z]\S*\d)(?=(?:\S+ ){1,4}1\d{9} )")
_COLUMN = re.compile(r"[a-z]+ ")
_FLAG = re.compile(r" \d+(?= )")
_WEAK_FORMS = frozenset(("clock", "kitchen", "epoch", "packed"))
_SUPPORT = re.compile(r"\s+(?:[\[(<]|[A-Z]{3,8}\b|\d|-\s|\S+\[\d+\]: )|[\])>|,]|\s*$")


@dataclass(frozen=True, slots=True)
class Lead:
    """A stamp and what stands before it. level: what that says. end: where the fields behind the stamp begin."""

    stamp: Stamp
    level: Level
    end: int


def find_stamp(line: str, start: int, stamps: StampReader) -> Lead | None:
    """Look for the stamp of a line from a place on; None if words of a sentence come first, or none comes.

    Where epoch seconds are followed by another stamp, as on supercomputers, it is that.
    """
    found = _find(line, start, stamps, _MOST_WORDS)
    if found is None:
        return None
    stamp, lead = found
    said = _LEVEL.match(lead) if lead else None
    level = level_named(said["level"]) if said else Level.UNKNOWN
    if stamp.form == "epoch" and line.startswith(" ", stamp.end):
        later = _find(line, stamp.end + 1, stamps, _FEWER_WORDS)
        if later is not None and later[0].form not in _WEAK_FORMS:
            return Lead(later[0], level, later[0].end)
        flag = _FLAG.match(line, stamp.end) if _COLUMNS.match(line, start) else None
        return Lead(stamp, level, flag.end() if flag else stamp.end)
    return Lead(stamp, level, stamp.end)


def _find(line: str, start: int, stamps: StampReader, most: int) -> tuple[Stamp, str] | None:
    """Return the stamp behind at most so many words, and these words."""
    columns = _COLUMNS.match(line, start) if line[start : start + 1].isdigit() else None
    place = start
    for _ in range(most + 1):
        opening = _LETTER.match(line, place) or _OPENING.match(line, place)
        stamp = stamps.match(line, opening.end()) if opening else None
        if stamp is not None and _is_likely(line, stamp):
            return stamp, line[start : stamp.start]
        word = _WORD.match(line, place) or (_level_word(line, place) if place == start else None)
        word = word or (_COLUMN.match(line, place) if columns else None)
        if word is None:
            return None
        place = word.end()
    return None


def _level_word(line: str, start: int) -> re.Match[str] | None:
    found = _LEVEL.match(line, start)
    return found if found and level_named(found["level"]) is not Level.UNKNOWN else None


def _is_likely(line: str, stamp: Stamp) -> bool:
    """Return whether what looks like a stamp is one and not some number: hours and whole seconds alone need support."""
    if stamp.form not in _WEAK_FORMS:
        return True
    text = line[stamp.start : stamp.end]
    boxed = stamp.start > 0 and line[stamp.start - 1] in "[(<"
    return boxed or "." in text or "," in text or text[-1] in "mM" or _SUPPORT.match(line, stamp.end) is not None
