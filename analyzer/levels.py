"""How grave a line says it is, in English and Japanese, in words, letters and numbers."""

import re
from enum import StrEnum


class Level(StrEnum):
    """How grave a program says its message is; UNKNOWN where it says nothing."""

    CRITICAL = "CRITICAL"
    ERROR = "ERROR"
    WARNING = "WARNING"
    INFO = "INFO"
    DEBUG = "DEBUG"
    UNKNOWN = "UNKNOWN"

    @property
    def rank(self) -> int:
        """0 for UNKNOWN to 5 for CRITICAL."""
        return _RANKS[self]

    @classmethod
    def parse(cls, text: str) -> "Level":
        """Return the level that a word names, in English or Japanese. Raises ValueError for any other word."""
        level = LEVELS.get(text.strip().lower())
        if level is None:
            raise ValueError(f"level {text!r}: expected one of {', '.join(cls)}, or a Japanese word for one")
        return level


_RANKS = {level: rank for rank, level in enumerate(reversed(Level))}
_NAMES = {
    Level.CRITICAL: "critical crit crt fatal ftl emerg emergency alert panic severe fault f c 重大 致命的 致命 緊急",
    Level.ERROR: "error err eror failure fail e エラー 異常 障害",
    Level.WARNING: "warning warn wrn w 警告 注意",
    Level.INFO: "info inf information informational notice note success default log config i n 情報 通知",
    Level.DEBUG: "debug dbg dbug trace trc trce verbose vrb fine finer finest d v t デバッグ",
    Level.UNKNOWN: "unknown",
}
LEVELS = {name: level for level, names in _NAMES.items() for name in names.split()}
"""Lower-case words and letters -> level."""

SYSLOG_LEVELS = (Level.CRITICAL,) * 3 + (Level.ERROR, Level.WARNING, Level.INFO, Level.INFO, Level.DEBUG)
"""Levels by the severity of RFC 5424, 0 to 7."""

UPPER = (
    "CRITICAL|CRIT|FATAL|EMERG(?:ENCY)?|ALERT|PANIC|SEVERE|ERROR|ERR|WARNING|WARN|WRN|INFO(?:RMATION)?|INF|NOTICE"
    "|SUCCESS|CONFIG|DEBUG|DBG|TRACE|TRC|VERBOSE|VRB|FINE(?:R|ST)?|FTL"
)
"""Expression of the words that are a level by their capitals alone."""

ANY_CASE = (
    r"critical|crit|fatal|emerg(?:ency)?|alert|panic|severe|fault|error|eror|err|fail|warning|warn|wrn|information(?:al)?"
    r"|info|inf|notice|note|success|debug\d?|dbug|dbg|trace|trce|trc|verbose|vrb"
)
"""Expression of the words that are a level in a box or before a colon, in any case."""

JAPANESE = "重大|致命的|致命|緊急|エラー|異常|障害|警告|注意|情報|通知|デバッグ"

_SAID = re.compile(
    rf"\s*(?:[\[(<【［＜〔《]\s*(?P<boxed>(?i:{ANY_CASE})|{JAPANESE})\s*[\])>】］＞〕》]|(?P<upper>{UPPER})\b(?!=)"
    rf"|(?P<word>(?i:{ANY_CASE})|{JAPANESE})(?=\s?[:：])|(?:PHP )?(?P<spoken>[Ff]atal) error:"
    r"|PHP (?P<php>Warning|Notice):|%[A-Z][A-Z0-9_]+-(?P<cisco>[0-7])-(?=[A-Z0-9]))"
)


def level_said(message: str, start: int = 0) -> Level:
    """Return the level that a message itself begins with, UNKNOWN if it does not."""
    found = _SAID.match(message, start)
    if found is None:
        return Level.UNKNOWN
    name = found.lastgroup or ""
    return SYSLOG_LEVELS[int(found[name])] if name == "cisco" else level_named(found[name])


def level_named(value: object) -> Level:
    """Return the level that a word, letter or number stands for; UNKNOWN for any other.

    Numbers up to 7 are severities of syslog, larger ones the levels of bunyan and pino (10 to 60).
    """
    text = str(value).strip().lower()
    level = LEVELS.get(text) or LEVELS.get(text.rstrip("0123456789"))
    if level is not None or isinstance(value, bool) or not text.isascii() or not text.isdecimal() or len(text) > 4:
        return level or Level.UNKNOWN
    number = int(text)
    if number < len(SYSLOG_LEVELS):
        return SYSLOG_LEVELS[number]
    return next((level for least, level in _STEPS if number >= least), Level.DEBUG)


_STEPS = ((60, Level.CRITICAL), (50, Level.ERROR), (40, Level.WARNING), (30, Level.INFO))
