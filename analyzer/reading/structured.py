"""Lines that name their fields themselves: JSON objects and logfmt (`level=info msg="..."`)."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from analyzer.levels import Level, level_named

_KEYS = {
    "time": """@timestamp timestamp time ts asctime datetime date t t.$date @t eventTime instant.epochSecond time_local
        __REALTIME_TIMESTAMP""",
    "level": "level severity levelname log.level lvl loglevel log_level levelName severity_text s @l PRIORITY",
    "program": """logger name service service.name log.logger logger_name loggerName program app component c
        SYSLOG_IDENTIFIER _COMM""",
    "message": """message msg event log text short_message textPayload body @m @mt MESSAGE jsonPayload.message
        fields.message""",
    "error": """err error err.message error.message exception.message exc reason cause exception_message err.msg
        error.reason exception""",
    "status": "status status_code statusCode res.statusCode http.response.status_code response.status code",
    "stack": """exc_info exception stack_trace stacktrace stack error.stack_trace err.stack error.stack
        exception.stacktrace exc_text @x""",
}
_NAMES = {what: tuple(names.split()) for what, names in _KEYS.items()}
_DEEPEST = 3
_MOST_FIELDS = 200
_PAIR = re.compile(r'(?<!\S)([A-Za-z_@][\w.@-]{0,60}+)=(?:"((?:[^"\\]|\\.)*+)"|([^\s"]*+))(?!\S)')
_CONTAINER = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d) (?:stdout|stderr) [FP] ")
_ESCAPE = re.compile(r"\\(.)")
_HALF = "\\ud"  # begins the escape of half a character; one without its other half is no text
_ESCAPED = {"n": "\n", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Named:
    """What the fields of one line say.

    time: as it stands there, text or number. message: None if no field is one. cause: the error and the failed status
    that stand beside the message. stack: lines of a traceback.
    """

    time: object
    level: Level
    program: str
    message: str | None
    cause: str
    stack: str


def read_json(text: str) -> dict[str, Any] | None:
    """Return the JSON object that a text is, None if it is none."""
    try:
        data = json.loads(text)
        if _HALF in text.lower():
            data = json.loads(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def unwrapped(line: str) -> str:
    """Return what a program wrote itself, out of a line that Kubernetes made of it; other lines as they are."""
    container = _CONTAINER.match(line)
    return line[container.end() :] if container else line


def read_logfmt(line: str, start: int = 0) -> dict[str, Any] | None:
    """Return the pairs that a line consists of from a place on; None if it does not begin with one."""
    if not _PAIR.match(line, start):
        return None
    return {
        found[1]: _unescaped(found[2]) if found[2] is not None else found[3] for found in _PAIR.finditer(line, start)
    }


def read_named(data: Mapping[str, Any]) -> Named:
    """Find out which of the fields is what, by the names that ECS, logstash, structlog, bunyan, pino and zap use."""
    flat = {}
    for name, value in _flat(data, "", 0):
        flat[name] = value
        if len(flat) >= _MOST_FIELDS:
            break
    message = _first(flat, "message")
    stack = _first(flat, "stack")
    return Named(
        _first(flat, "time"),
        level_named(_first(flat, "level")),
        _text(_first(flat, "program")),
        None if message is None else _text(message),
        _cause(flat),
        stack if isinstance(stack, str) and "\n" in stack else "",
    )


def _cause(flat: Mapping[str, Any]) -> str:
    error, status = _first(flat, "error"), str(_first(flat, "status"))
    said = error.partition("\n")[0].strip() if isinstance(error, str) else ""
    failed = f"status={status}" if len(status) == 3 and status.isdecimal() and status[0] in "45" else ""
    return ", ".join(part for part in (said, failed) if part)


def _first(flat: Mapping[str, Any], what: str) -> Any:
    return next((flat[name] for name in _NAMES[what] if flat.get(name) not in (None, "", [], {})), None)


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _flat(data: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, dict) and value and depth < _DEEPEST:
            yield from _flat(value, f"{prefix}{key}.", depth + 1)
        else:
            yield f"{prefix}{key}", value


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text) if "\\" in text else text
