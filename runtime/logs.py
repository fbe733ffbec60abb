"""The program's own log: every logger is below `monitoring`, so that one line sets the level of all."""

import json
import logging
import logging.handlers
import sys
from pathlib import Path

from runtime.clock import format_utc

ROOT = "monitoring"
LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")
_FILE_BYTES = 10 * 1024 * 1024
_FILES_KEPT = 3


class JsonFormatter(logging.Formatter):
    """One JSON object a line: timestamp, level, logger, message and, where there is one, the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        entry = {
            "timestamp": format_utc(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def configure(level: str = "info", format: str = "text", file: Path | None = None) -> logging.Logger:
    """Send what is logged below `monitoring` to stderr, or to a rotated file, and return that logger.

    Calling it again replaces the earlier target. Raises OSError if the file cannot be opened.
    """
    handler: logging.Handler = logging.StreamHandler(sys.stderr) if file is None else file_handler(file)
    handler.setFormatter(JsonFormatter() if format == "json" else _text_formatter())
    handler.set_name(f"{ROOT}-configured")
    root = logging.getLogger(ROOT)
    for old in [one for one in root.handlers if one.get_name() == handler.get_name()]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level.upper())
    return root


def file_handler(file: Path) -> logging.Handler:
    """Return a handler that writes text to a rotated file, in a folder made where it is missing.

    Raises OSError if the file cannot be opened.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        file, maxBytes=_FILE_BYTES, backupCount=_FILES_KEPT, encoding="utf-8"
    )
    handler.setFormatter(_text_formatter())
    return handler


def _text_formatter() -> logging.Formatter:
    return logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")
