"""Headers with a layout of their own: syslog, Android, Redis, Java's and .NET's own loggers, containers, the kernel."""

import re
from collections.abc import Callable, Mapping, Sequence

from analyzer.levels import SYSLOG_LEVELS, Level, level_named, level_said
from analyzer.reading.fields import Fields, read_fields
from analyzer.reading.stamps import Stamp

_PRIORITY = re.compile(r"<(?P<priority>\d{1,3})>(?:1 (?=\S))?")
# <165>1 STAMP host program pid id [data] message
_RFC5424 = re.compile(
    r" (?P<host>\S+) (?P<program>\S+) \S+ \S+ (?:-|(?:\[(?:[^\]\\\"]|\\.|\"(?:[^\"\\]|\\.)*\")*\])+)(?:\s+|$)\ufeff?"
)
# STAMP host program[pid]: message; also: program(part)[pid] (unit): , Two Words[pid]: , syslogd 1.4.1:
_SYSLOG = re.compile(
    r"""(?x)[:\ ]\ *(?:(?P<host>[^\s\[\]:|]+)\ +)?(?:--\ +)?
    (?P<program>(?:[\w.@/-]+(?:\([^()\s]*\))?(?=\[|:)|[A-Za-z][\w./()\ -]{0,60}(?=\[\d+\]:?\ ))
      |[\w.-]+(?=\ \d+\.[\d.]+:))
    (?:\[(?P<pid>[\w.-]+)\](?:\ \([^)]*\))?|\ \d+\.[\d.]+)?:\ ?
    """
)
_HOST = re.compile(
    r" +(?:(?=\S*[\d.-])[\w.-]+ |\S+ (?=(?:last )?message repeated \d|-- MARK --|exiting on signal |%[A-Z]))"
)
# STAMP 1702 2395 D WindowManager: message
_ANDROID = re.compile(r" +(?:[\w-]+ +)?\d+ +\d+ (?P<level>[VDIWEFA]) (?P<program>[^:]{1,80}?)\s*: ?")
# D/WindowManager( 1702): message
_ANDROID_SHORT = re.compile(r" ?(?P<level>[VDIWEFA])/(?P<program>[^(:]{1,80}?)(?:\(\s*\d+\))?\s*: ")
# 12345:M STAMP * message
_REDIS = re.compile(r" (?P<level>[.*#-]) (?=\S)")
_REDIS_LEVELS = {".": Level.DEBUG, "-": Level.INFO, "*": Level.INFO, "#": Level.WARNING}
# STAMP org.example.Class method, and on the next line LEVEL: message
_JAVA_LOGGING = re.compile(r"\s+(?P<program>(?:[a-z_]\w*\.)+[A-Z][\w$]*)(?:\s[\w$<>]+)?\s*$")
# STAMP stdout F what the container wrote
_CONTAINER = re.compile(r" (?:stdout|stderr) [FP] ")
# [   12.345678] message
_UPTIME = re.compile(r"\[\s{0,6}\d{1,8}\.\d{3,6}\] (?:\((?:II|WW|EE|==|--|\*\*|!!)\) )?")
# fail: Name.Space[13], and on the next line the message
_DOTNET = re.compile(r"(?P<level>info|warn|fail|crit|dbug|trce): (?P<program>[\w.]+)\[\d+\]$")
# ERROR:logger:message
_PYTHON = re.compile(r"(?P<level>CRITICAL|ERROR|WARNING|INFO|DEBUG):(?P<program>[\w.]+):")


def priority(line: str) -> tuple[Level, int] | None:
    """Return the level that the `<11>` of syslog at the start of a line says, and where it ends."""
    found = _PRIORITY.match(line)
    return (SYSLOG_LEVELS[int(found["priority"]) % 8], found.end()) if found else None


def stamped(line: str, stamp: Stamp, level: Level) -> Fields | None:
    """Return what stands behind a stamp, if it is laid out in one of these ways. level: what is known of it."""
    for read in _BY_FORM.get(stamp.form, ()):
        fields = read(line, stamp, level)
        if fields is not None:
            return fields
    return None


def unstamped(line: str, start: int, level: Level) -> Fields | None:
    """Return what a line without a time begins with; start: behind its priority, if that says the level."""
    found = _UPTIME.match(line, start)
    if found:
        return Fields(_or_said(level, line, found.end()), "", found.end())
    found = _PYTHON.match(line) or _ANDROID_SHORT.match(line) or _DOTNET.match(line)
    if found:
        return Fields(level_named(found["level"]), found["program"], found.end())
    if not start:
        return None
    found = _SYSLOG.match(f" {line[start:]}")
    return Fields(level, found["program"], start + found.end() - 1) if found else Fields(level, "", start)


def _container(line: str, stamp: Stamp, _: Level) -> Fields | None:
    found = _CONTAINER.match(line, stamp.end)
    return Fields(level_said(line, found.end()), "", found.end()) if found else None


def _rfc5424(line: str, stamp: Stamp, level: Level) -> Fields | None:
    found = _RFC5424.match(line, stamp.end) if line.startswith("<") else None
    return Fields(level, found["program"].strip("-"), found.end()) if found else None


def _syslog(line: str, stamp: Stamp, level: Level) -> Fields | None:
    found = _SYSLOG.match(line, stamp.end)
    if found is not None and _is_syslog(line, stamp, found):
        return Fields(_or_said(level, line, found.end()), found["program"].strip(), found.end())
    host = _HOST.match(line, stamp.end) if stamp.form == "syslog" else None
    return read_fields(line, host.end(), level) if host else None


def _is_syslog(line: str, stamp: Stamp, found: re.Match[str]) -> bool:
    """Return whether words are host and program, and not a level or the beginning of a sentence."""
    host, program, pid = found["host"] or "", found["program"], found["pid"]
    if Level.UNKNOWN is not level_named(host) or Level.UNKNOWN is not level_named(program):
        return False
    if pid and not pid.isdecimal() and level_named(pid) is not Level.UNKNOWN:
        return False
    if stamp.form == "syslog":
        return bool(host or pid or program[0].islower())
    zoned = stamp.form == "iso" and "T" in line[stamp.start : stamp.end] and line[stamp.end - 1] in "Z0123456789"
    if not host:
        return zoned and pid is not None
    return pid is not None or (zoned and not host[0].isupper())


def _android(line: str, stamp: Stamp, _: Level) -> Fields | None:
    found = _ANDROID.match(line, stamp.end) or _ANDROID_SHORT.match(line, stamp.end)
    return Fields(level_named(found["level"]), found["program"], found.end()) if found else None


def _redis(line: str, stamp: Stamp, _: Level) -> Fields | None:
    found = _REDIS.match(line, stamp.end)
    return Fields(_REDIS_LEVELS[found["level"]], "", found.end()) if found else None


def _java_logging(line: str, stamp: Stamp, level: Level) -> Fields | None:
    found = _JAVA_LOGGING.match(line, stamp.end)
    return Fields(level, found["program"], len(line)) if found else None


def _or_said(level: Level, line: str, start: int) -> Level:
    return level_said(line, start) if level is Level.UNKNOWN else level


_BY_FORM: Mapping[str, Sequence[Callable[[str, Stamp, Level], Fields | None]]] = {
    "iso": (_container, _rfc5424, _syslog, _android),
    "syslog": (_syslog,),
    "ctime": (_syslog,),
    "epoch": (_syslog, _android),
    "japanese": (_syslog, _java_logging),
    "month_first": (_java_logging,),
    "month_day": (_android,),
    "day_first": (_redis,),
    "day_month": (_redis,),
}
