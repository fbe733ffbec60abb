"""`monitoring patterns`: which patterns log lines have; looked at once, nothing kept."""

import argparse
import csv
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from analyzer.settings import Configuration
from monitoring.text_tables import Progress, sparkline, table
from runtime.clock import SystemClock
from runtime.settings import load

if TYPE_CHECKING:
    from analyzer.settings import SourceSettings
    from monitoring.pattern_summary import Summary

Read = TypeVar("Read")

HELP = """\
Find the patterns in log lines, once, and keep nothing. Headers (time, level, program) are found by themselves;
personal data is masked in everything that is printed.

formats:
  text  a table for people: share of all records, their number, severity, predefined pattern, trend over the time of
        the log, and the template; `new` stands before one that began in the last tenth of that time
  json  the same as a list of objects, with first and last time, trend and a masked example
  csv   one row for each line, in the order of the lines: pattern_id, template, predefined, severity as they were when
        the line was seen (a template may become more general later)
"""
EPILOG = """\
examples:
  monitoring patterns /var/log/app.log /var/log/app.log.1.gz
  journalctl -u app | monitoring patterns
  monitoring patterns --format csv app.log | cut -d, -f1 | sort | uniq -c
exit codes: 0 done, 1 a file could not be read, 2 wrong use
"""
_TEXT_ROWS = 40
_GRAVE = ("HIGH", "CRITICAL")
_HEADS = {
    "en": ("SHARE", "COUNT", "SEVERITY", "KIND", "TREND", "TEMPLATE"),
    "ja": ("割合", "件数", "重大度", "種類", "推移", "テンプレート"),
}
_NEW = {"en": "new", "ja": "新規"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `patterns`."""
    add = parser.add_argument
    add(
        "files", metavar="FILE", nargs="*", default=["-"], help="plain or compressed; - is standard input (the default)"
    )
    add("--format", choices=("text", "json", "csv"), default="text", help="see above (default: %(default)s)")
    add(
        "--limit",
        metavar="N",
        type=_count,
        help=f"so many patterns; 0 is all (default: {_TEXT_ROWS} as text, all as json)",
    )
    add(
        "--sort", choices=("frequency", "severity"), default="frequency", help="what comes first (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print which patterns files have."""
    from analyzer.events import Severity
    from analyzer.stages import LogStages
    from monitoring.pattern_summary import Summary, classified

    settings = load(Configuration, arguments.config)
    clock = SystemClock()
    stages = LogStages(settings.analyzer)
    files = _Files(arguments.files)
    if arguments.format == "csv":
        written = csv.writer(sys.stdout, lineterminator="\n")
        written.writerow(("pattern_id", "template", "predefined", "severity"))
        for found in files.read(lambda path, source: classified(stages, path, source, clock)):
            files.progress.add(found.size)
            row = (found.pattern_id, found.template, found.known, found.severity.value)
            written.writerows((row,) * found.lines)
        return files.exit_code
    summary = Summary(stages, settings.analyzer, clock)
    try:
        for size in files.read(summary.read):
            files.progress.add(size)
    except KeyboardInterrupt:  # the end of `tail -f`: what came until now
        files.progress.end()
    limit = _TEXT_ROWS if arguments.limit is None and arguments.format == "text" else arguments.limit
    entries = summary.patterns()
    if arguments.sort == "severity":
        entries.sort(key=lambda entry: Severity(entry["severity"]).rank, reverse=True)
    shown = entries[: limit or None]
    if arguments.format == "json":
        sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write(_text(summary, shown, entries[len(shown) :], settings.web.language))
    return files.exit_code


class _Files:
    """The files to read. exit_code: 1 once one could not be read; what is wrong with it is said."""

    def __init__(self, files: list[str]) -> None:
        self._files = files
        self.exit_code = 0
        self.progress = Progress(_total_bytes(files))

    def read(self, reader: "Callable[[Path, SourceSettings], Iterator[Read]]") -> "Iterator[Read]":
        """Yield what a reader makes of all files; a file that cannot be read is named, and the others go on."""
        from analyzer.settings import SourceSettings
        from analyzer.sources.archives import UNREADABLE
        from monitoring.pattern_summary import SOURCE

        for file in self._files:
            path = Path("/dev/stdin" if file == "-" else file)
            if file == "-" and sys.stdin.isatty():
                _talk("monitoring: reading standard input; Ctrl-D ends it")
            try:
                yield from reader(path, SourceSettings(name=SOURCE, path=file))
            except UNREADABLE as error:
                self.progress.end()
                self.exit_code = 1
                _talk(f"monitoring: {file}: {_remedy(path, error)}")
        self.progress.end()


def _text(summary: "Summary", shown: list[dict[str, Any]], rest: list[dict[str, Any]], language: str) -> str:
    span = f", {summary.first:%Y-%m-%d %H:%M:%S} to {summary.last:%Y-%m-%d %H:%M:%S} UTC" if summary.first else ""
    counts = (summary.lines, "line"), (summary.records, "record"), (len(shown) + len(rest), "pattern")
    head = ", ".join(f"{count:,} {name}" if count == 1 else f"{count:,} {name}s" for count, name in counts)
    head += f"{span}\n"
    if not shown:
        return head
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    rows = [_row(entry, language) for entry in shown]
    return f"{head}\n{table(_HEADS[language], rows, right=(0, 1), columns=columns)}\n{_rest(shown, rest)}"


def _rest(shown: list[dict[str, Any]], rest: list[dict[str, Any]]) -> str:
    """Return what is said of the patterns that are not shown: above all that grave ones stand below harmless ones."""
    if not rest:
        return ""
    grave = sum(entry["severity"] in _GRAVE for entry in rest)
    hidden = grave and any(entry["severity"] not in _GRAVE for entry in shown)
    first = f", {grave:,} of them HIGH or CRITICAL (--sort severity shows these first)" if hidden else ""
    return f"... {len(rest):,} more{first}: --limit 0 shows all\n"


def _row(entry: dict[str, Any], language: str) -> tuple[str, ...]:
    mark = f"{_NEW[language]}: " if entry["new"] else ""
    return (
        f"{100 * entry['share']:.1f} %",
        f"{entry['frequency']:,}",
        entry["severity"],
        entry["predefined"] or "-",
        sparkline(entry["trend"]),
        mark + entry["template"],
    )


def _total_bytes(files: list[str]) -> int | None:
    """Return how many bytes plain files have; None where that cannot be known."""
    from analyzer.sources.archives import is_compressed

    paths = [Path(file) for file in files]
    plain = all(path.is_file() and not is_compressed(path) for path in paths)
    return sum(path.stat().st_size for path in paths) if plain else None


def _remedy(path: Path, error: Exception) -> str:
    """Return what is wrong with a file, and what to do."""
    if path.is_dir():
        return f"is a folder: name its files, for example {path}/*.log"
    if isinstance(error, FileNotFoundError):
        return "there is no such file: name one that is there, or - for standard input"
    if isinstance(error, PermissionError):
        return "permission denied: read it as a user who may, or pipe it in"
    return f"cannot be read to its end ({getattr(error, 'strerror', None) or error}): what came before is counted"


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("expected 0 or more")
    return number


def _talk(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
