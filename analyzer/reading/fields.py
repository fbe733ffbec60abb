"""What stands between a time stamp and the message: level, program, threads, numbers, separators."""

import re
from dataclasses import dataclass

from analyzer.levels import ANY_CASE, JAPANESE, UPPER, Level, level_named, level_said

_MOST_FIELDS = 8
OPEN, CLOSE = r"\[(<【［＜〔《", r"\])>】］＞〕》"
_SPACE = r"[\s|,;:]*(?:-{1,3}(?=\s)[\s|,:]*)?"
_AFTER = r"[\s|,;:]*(?:-(?:--)?(?=\s)[\s|,:]*)?"
_SOURCE_FILE = r"\.(?:go|py|java|cc|cpp|cxx|c|h|js|mjs|ts|rb|rs|php|kt|scala|cs|pl|erl|ex|lua|swift|mm|m)"

GAP = re.compile(rf"[{CLOSE}]*{_SPACE}")
"""What may follow a stamp before the next field."""

_LEVEL = re.compile(
    rf"""(?x)
    (?:
      # [error] <Warn> 【エラー】 [core:warn] [main thread/INFO]
      [{OPEN}]\s*(?:(?P<module>[\w.]+):|[\w\ \#-]{{1,60}}/)?
        (?P<boxed>(?i:{ANY_CASE})|{JAPANESE}|Default)\s*[{CLOSE}]
      # ERROR, INFO/MainProcess]
    | (?P<upper>{UPPER})(?:/[\w.-]{{1,60}}\])?(?=[\s:;|,\[\]】（(]|-\s|$)
      # error: | Info   CBS | info hostd[12]
    | (?P<word>(?!panic|fatal|fail|fault|success)(?:{ANY_CASE})(?=\s?:)
        |(?:(?i:{ANY_CASE})|Default)(?=\s?\||\s{{2,}}|\t|\s-\s|\s[\w.-]{{1,40}}\[\d+\]|\]))
      # information/ConfigItem: | LOG: | エラー
    | (?P<spoken>{ANY_CASE})/[A-Z]\w{{0,60}}(?=:)
    | (?P<log>LOG)(?=:|\s[A-Z]-)
    | (?P<japanese>{JAPANESE})(?=[\s:：|,、\])】］]|$)
      # I NETWORK | W: | production.ERROR: | util.py[DEBUG]:
    | (?P<letter>[DIWEFCTVA])(?=\s+(?:[A-Z]{{3,}}\b|-\s|\||[\w./-]+[:\]/]|\[)|\s?\|) | (?P<initial>[DIWEF])(?=[:!]\s)
    | (?P<channel>[\w-]{{1,40}})\.(?P<suffix>{UPPER})(?=:)
    | (?P<file>[\w.-]{{1,60}})\[(?P<inner>{UPPER})\](?=:)
    )
    [{CLOSE}!]*(?:[：、]|{_AFTER})\s*
    """
)
_BEFORE_LEVEL = re.compile(
    r"""(?x)
      # [anything] (thread) <id> {file:12} #12] - | NAME host-1 a.b k=v | main (in a column)
      \[(?:[^\[\]]++|\[[^\[\]]*+\])*+\][\s:]*
    | \([^()\s]{1,80}\)\s+ | <[\w.:-]{1,80}>\s+ | \{[\w./:-]{1,80}\}\s+
    | \#?\d+\]\s+ | -{1,3}\s+
    | (?P<word>[A-Z][A-Z0-9_]{1,30}(?=\s)|(?=[^\s\[\]|"]{0,80}[\d_./@:=\#$-])[^\s\[\]|"'(]{1,120}(?=[\s|\[]))
      (?:\s+(?:-{1,3}\s+)?|\s*\|\s*)?
    | (?P<plain>[a-z]{2,30})(?:\s+-\s+|\s{2,}|\t|\s*\|\s*|\s+(?=\[))
    """
)
_AFTER_LEVEL = re.compile(
    rf"""(?x)
      # [QuorumPeer[myid=1]/0:0:2181:Election@774] - | [pid 7:tid 9] | [main] [req-1 - -] [MSGID: 12]
      (?P<quoted>\[(?:[^\[\]]++|\[[^\[\]]*+\])++\]\s-\s+)
    | \[(?:pid|tid|thread)\b[^\[\]]{{0,60}}\][\s:]*
    | \[(?!["']|(?:client|remote)\s|\d+(?:\.\d+){{3}})(?P<box>(?:[^\[\]=:]++|:(?!\s)|:\ (?=\d+\])|\[[^\[\]]*+\])*+)\]
      (?=[\s:\[]|$)[\s:]*(?:-\s+)?
      # {{task.py:12}} | <0.123.0> | (qtp123-12) (MSC service thread 1-1)
    | \{{[\w./:-]{{1,80}}\}}\s+ | <\d+(?:\.\d+)+>\s+
    | \((?:main|\w{{0,40}}Thread\w{{0,40}}|[^()]{{0,40}}[A-Za-z][^()]{{0,40}}-\ ?\d+)\)\s+
      # Rails: -- program: | numbers of threads | nginx: 31#31: *7 | Squid: kid1|
    | (?P<rails>--\s(?P<ruby>[\w.:-]{{0,60}})\s?:\s)
    | (?P<weak>(?:\d{{1,20}}|0x[0-9a-fA-F]{{1,16}}|[0-9a-f]{{8,16}}|-{{1,3}})\s+|\d+\|\s?)
    | \d+\#\d+:\s(?:\*\d+\s)? | [a-z]\w{{0,20}}\|\s
      # main.go:23: | module:function:12 - | name[12]: App[12:34]
    | (?P<source>[\w./\\-]{{1,120}}{_SOURCE_FILE})(?::\d+){{1,2}}(?:[\]:]|(?=\s))[\s:⋮]*(?:-\s+)?
    | (?P<place>[\w.<>]{{1,80}}:[\w<>]{{1,80}}:\d+|\w{{1,80}}:\d+(?=\s:))\s[:-]\s+
    | (?P<tagged>[A-Za-z_][\w./-]{{0,80}})\[\d+(?::\w+)?\](?::\s*|\s+)
      # org.example.Class: | o.a.c.C.[.[/] : | org.example.Class.method | crate::module: | CamelCase:
    | (?P<dotted>[A-Za-z_][\w$-]*+(?:[./\#][\w$-]++)++)(?<!Error)(?<!Exception)(?::\d+(?=\s))?
      (?:\s(?:\*\d+\s)?-\s+|\s*:\s+|\](?:\s*:)?\s+|\s*\|\s*|\s{{2,}}|\t(?!\{{)|\s(?=\[|[\w/-]{{1,60}}{_SOURCE_FILE}:\d))
    | (?P<abbreviated>(?:\w{{1,40}}\.){{2,}}[\w.$/\[\]-]{{1,80}})\s+:\s+
    | (?P<method>(?:[a-z_]\w{{0,40}}\.){{2,10}}[A-Z][\w$]*(?:\.[\w$<>]+)?)(?<!Error)(?<!Exception)\s+
    | (?P<path>[A-Za-z_]\w*(?:::[A-Za-z_]\w*)+)(?::\s+|\]\s+|\s+-\s+)
    | (?P<camel>[A-Z][a-z0-9]++[A-Z][A-Za-z0-9]*+)
      (?<!Error)(?<!Exception)(?<!Failure)(?<!Timeout)(?<!Warning)(?<!Interrupt):\s+
      # default - | root: | CBS    (a column)
    | (?P<word>(?:[A-Za-z_]\w*)(?<!Error)(?<!Exception)(?=\s-\s)|(?:root|__main__)(?=:\s))(?:\s-|:)\s+
    | (?P<column>[A-Za-z][\w$-]{{0,40}})(?:\s{{2,}}+|\t)(?![\w.]+=|[{{(])
    """
)
_NUMBERED = re.compile(r"(?P<program>[A-Za-z_][\w$.-]{0,60})\s*:\s+")
_PIPED = re.compile(r"(?<=(?P<mark>[|;]))(?P<program>[^\s|;]{1,80})(?P=mark)(?=\S)")
_FINAL = ("quoted", "word", "source", "rails", "tagged", "path", "abbreviated", "camel", "place")
_ALSO_NOUNS = ("ALERT", "CONFIG", "SUCCESS", "FINE")
_SPOKEN = ("error", "warning", "alert", "critical", "emergency", "note", "notice")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.$/-]*")
_REMARK = re.compile(r"(?:\S+ )?(?=(?:DETAIL|HINT|STATEMENT|CONTEXT|QUERY|LOCATION):\s)")


@dataclass(frozen=True, slots=True)
class Fields:
    """What a header says. start: where the message begins."""

    level: Level
    program: str
    start: int


def read_fields(line: str, start: int, level: Level = Level.UNKNOWN) -> Fields:
    """Read the fields of a line from a place on, which is behind its stamp.

    level: what is known of it already; one that stands there is preferred.
    """
    found = _find_level(line, start)
    if found is None:
        return _read_program(line, start, level, "")
    return _read_program(line, found.start, found.level, found.program)


def read_level_first(line: str) -> Fields | None:
    """Read the fields of a line that has no stamp, but begins with its level; None if it does not."""
    found = _LEVEL.match(line)
    if found is None or found["letter"] or found.end() >= len(line) or found["word"] in _SPOKEN:
        return None
    if found["upper"] and line[found.end("upper") : found.end()] == " " and line[found.end()] not in "[(<":
        return None  # it may well be the first word of a sentence
    return _read_program(line, found.end(), level_named(_level_in(found)), found["module"] or found["channel"] or "")


def _level_in(found: re.Match[str]) -> str:
    names = ("boxed", "upper", "word", "spoken", "log", "japanese", "letter", "initial", "suffix", "inner")
    return next(found[name] for name in names if found[name])


def _find_level(line: str, start: int) -> Fields | None:
    """Look for a level behind words such as headers have; None if words of a sentence come first."""
    place, program, dashed = start, "", False
    for _ in range(_MOST_FIELDS):
        found = _LEVEL.match(line, place)
        if found is not None and found.end() < len(line):
            if not _is_level(found, line[start:place].rstrip()):
                return None
            own = found["module"] or found["channel"] or found["file"]
            return Fields(level_named(_level_in(found)), own or program, found.end())
        field = _BEFORE_LEVEL.match(line, place)
        if field is None or field.end() == place:
            return None
        ends_with_dash = field[0].rstrip().endswith("-")
        if dashed and field["word"] and not ends_with_dash:
            return None
        dashed = dashed or ends_with_dash
        named = _IDENTIFIER.match(field["word"] or field["plain"] or "")
        program = named[0] if named else program
        place = field.end()
    return None


def _is_level(found: re.Match[str], before: str) -> bool:
    """Return whether a word is the level and no part of a sentence, by what stands before it."""
    if found["upper"] in _ALSO_NOUNS:
        return not before.isupper()
    if found["word"] and found["word"].islower():
        return not before or before[-1] in ":])>|-" or before.replace(" ", "").isdecimal()
    return True


def _read_program(line: str, start: int, level: Level, program: str) -> Fields:
    place, own, counted = start, "", False
    for _ in range(_MOST_FIELDS):
        piped = _PIPED.match(line, place)
        field = piped or (_NUMBERED.match(line, place) if counted else None) or _AFTER_LEVEL.match(line, place)
        if field is None or field.end() >= len(line):
            break
        place = field.end()
        if field.lastgroup == "weak":
            counted = True
            continue
        start, counted = place, False
        own = own or _program_in(field)
        if field.lastgroup in _FINAL or field[0].rstrip()[-1] in ":-":
            break
    remark = _REMARK.match(line, start)
    start = remark.end() if remark else start
    return Fields(level_said(line, start) if level is Level.UNKNOWN else level, own or program, start)


def _program_in(field: re.Match[str]) -> str:
    name = field.lastgroup
    if name in (None, "quoted", "box"):
        return ""
    return field["ruby" if name == "rails" else name]
