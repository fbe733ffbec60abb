"""`monitoring patterns` and `monitoring mask`: log lines looked at once, nothing kept."""

import argparse
import csv
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from monitoring.settings import Configuration
from monitoring.text_tables import Progress, sparkline, table
from runtime.clock import SystemClock
from runtime.settings import load

if TYPE_CHECKING:
    from analyzer.masking import Masker
    from analyzer.settings import SourceSettings
    from monitoring.pattern_summary import Summary

Read = TypeVar("Read")

PATTERNS_HELP = """\
Find the patterns in log lines, once, and keep nothing. Headers (time, level, program) are found by themselves;
personal data is masked in everything that is printed.

formats:
  text  a table for people: share of all records, their number, severity, predefined pattern, trend over the time of
        the log, and the template; `new` stands before one that began in the last tenth of that time
  json  the same as a list of objects, with first and last time, trend and a masked example
  csv   one row for each line, in the order of the lines: pattern_id, template, predefined, severity as they were when
        the line was seen (a template may become more general later)
"""
PATTERNS_EPILOG = """\
examples:
  monitoring patterns /var/log/app.log /var/log/app.log.1.gz
  journalctl -u app | monitoring patterns
  monitoring patterns --format csv app.log | cut -d, -f1 | sort | uniq -c
exit codes: 0 done, 1 a file could not be read, 2 wrong use
"""
MASK_HELP = """\
Copy standard input to standard output line for line, without personal data and secrets: e-mail, telephone,
My Number, postal code, cards, tokens, keys, passwords, cookies; names, birthdays and addresses where a key names them.
Each becomes its kind in brackets, such as [email]. Kinds of your own: `analyzer.masks` of the settings. Bytes that are
no UTF-8 are copied as they are.
"""
MASK_EPILOG = """\
examples:
  tail -f app.log | monitoring mask
  monitoring mask --mask-ip --config newswatch.yml <app.log >shareable.log
exit codes: 0 done, 1 failed, 2 wrong use
"""
_TEXT_ROWS = 40
_LONGEST_PIECE = 1 << 20
_HEADS = {
    "en": ("SHARE", "COUNT", "SEVERITY", "KIND", "TREND", "TEMPLATE"),
    "ja": ("割合", "件数", "重大度", "種類", "推移", "テンプレート"),
}
_NEW = {"en": "new", "ja": "新規"}


def add_patterns_arguments(parser: argparse.ArgumentParser) -> None:
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
        help=f"so many patterns, the most frequent first; 0 is all (default: {_TEXT_ROWS} as text, all as json)",
    )


def add_mask_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mask`."""
    parser.add_argument("--mask-ip", action="store_true", help="mask the addresses of machines too")


def patterns(arguments: argparse.Namespace) -> int:
    """Print which patterns files have."""
    from analyzer.stages import LogStages
    from monitoring.pattern_summary import Summary, classified

    settings = load(Configuration, arguments.config)
    clock = SystemClock()
    stages = LogStages(settings.analyzer, clock)
    files = _Files(arguments.files)
    if arguments.format == "csv":
        table = csv.writer(sys.stdout, lineterminator="\n")
        table.writerow(("pattern_id", "template", "predefined", "severity"))
        for found in files.read(lambda path, source: classified(stages, path, source, clock)):
            files.progress.add(found.size)
            row = (found.pattern_id, found.template, found.known, found.severity.value)
            table.writerows((row,) * found.lines)
        return files.exit_code
    summary = Summary(stages, settings.analyzer, clock)
    try:
        for size in files.read(summary.read):
            files.progress.add(size)
    except KeyboardInterrupt:  # the end of `tail -f`: what came until now
        files.progress.end()
    limit = _TEXT_ROWS if arguments.limit is None and arguments.format == "text" else arguments.limit
    entries = summary.patterns()
    shown = entries[: limit or None]
    if arguments.format == "json":
        sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write(_text(summary, shown, len(entries), settings.web.language))
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


def _text(summary: "Summary", shown: list[dict[str, Any]], total: int, language: str) -> str:
    span = f", {summary.first:%Y-%m-%d %H:%M:%S} to {summary.last:%Y-%m-%d %H:%M:%S} UTC" if summary.first else ""
    head = f"{summary.lines:,} lines, {summary.records:,} records, {total:,} patterns{span}\n"
    if not shown:
        return head
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    rows = [_row(entry, language) for entry in shown]
    rest = f"... {total - len(shown):,} more: --limit 0 shows all\n" if len(shown) < total else ""
    return f"{head}\n{table(_HEADS[language], rows, right=(0, 1), columns=columns)}\n{rest}"


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


def mask(arguments: argparse.Namespace) -> int:
    """Copy standard input without personal data; each line goes out as soon as it came."""
    from analyzer.masking import masker

    settings = load(Configuration, arguments.config).analyzer
    lines = MaskedLines(masker(settings.masks, mask_ip=settings.mask_ip or arguments.mask_ip))
    out = sys.stdout.buffer
    for line in pieces(sys.stdin.buffer):
        out.write(lines.mask(line))
        out.flush()
    return 0


class MaskedLines:
    """Masks lines one after the other; a private key over several lines is masked to its end."""

    def __init__(self, masker: "Masker") -> None:
        self._masker = masker
        self._in_key = False

    def mask(self, line: bytes) -> bytes:
        """Return a line, its end included, without personal data; bytes that are no UTF-8 stay."""
        body = line.rstrip(b"\r\n")
        text = body.decode("utf-8", "surrogateescape")
        if self._in_key:
            text, ended = _without_key_body(text)
            self._in_key = not ended
        self._in_key = self._in_key or (_KEY_BEGINS.search(text) is not None and _KEY_ENDS.search(text) is None)
        return self._masker.mask(text).encode("utf-8", "surrogateescape") + line[len(body) :]


_KEY_BEGINS = re.compile("-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY")
_KEY_ENDS = re.compile("-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY = re.compile(
    r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{2,100}={0,2}\s*$|^\s*$|^(?:Proc-Type|DEK-Info|Version|Comment):.*"
)


def _without_key_body(text: str) -> tuple[str, bool]:
    """Return a line from within a private key without what is key, and whether the key ends there."""
    end = _KEY_ENDS.search(text)
    if end is not None:
        return f"{text[: end.start()]}[key]{text[end.end() :]}", True
    body = _KEY_BODY.search(text)
    if body is None:
        return text, True
    return f"{text[: body.start()]}[key]" if body[0].strip() else text, False


def pieces(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a stream; very long ones in pieces that end between two words."""
    rest = b""
    while piece := stream.readline(_LONGEST_PIECE):
        piece = rest + piece
        rest = b""
        if not piece.endswith(b"\n") and len(piece) >= _LONGEST_PIECE:
            head, space, tail = piece.rpartition(b" ")
            if space and len(tail) < _LONGEST_PIECE:
                piece, rest = head + space, tail
        yield piece
    if rest:
        yield rest


def _total_bytes(files: list[str]) -> int | None:
    """Return how many bytes plain files have; None where that cannot be known."""
    paths = [Path(file) for file in files]
    plain = all(path.is_file() and path.suffix not in (".gz", ".bz2", ".xz") for path in paths)
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
