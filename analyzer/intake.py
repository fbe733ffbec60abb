"""The lines of one source, file by file -> runs of records that belong together.

A line like one seen before is looked up (`known_lines`). Any other one is read the long way: assembled with the lines
that follow it, its header found, its message masked and mined. Both give the same runs.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import repeat
from traceback import format_tb

from analyzer.known_lines import KnownLine, LineMemory, OpenRun, is_headless
from analyzer.patterns import UNNAMED
from analyzer.places import DIGITS, StampPlace
from analyzer.rates import BUCKET_SECONDS
from analyzer.reading.records import LogRecord, RecordAssembler
from analyzer.settings import SourceSettings
from analyzer.sources.lines import Lines, decode
from analyzer.stages import LogStages, Run, Sorted, parser
from analyzer.templates import Template
from runtime.clock import Clock

logger = logging.getLogger(f"monitoring.{__name__}")

Between = tuple[datetime, datetime]
Extra = tuple[int, datetime | None]
"""Of one line: the bytes that it took in its file, and when it was said, where the source knows."""

_FUTURE = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_MOST_RUNS = 20_000
_UNWANTED = -1
_UNSORTED = Template("", "")


@dataclass(slots=True)
class _File:
    """What is in hand of one file.

    moment: when the record before was said; of `last`, if that is set: a known line and its text. first: the only line
    of the record in hand, None if it has several. extra: of its first line.
    """

    records: RecordAssembler
    moment: datetime
    last: tuple[StampPlace, bytes] | None = None
    first: bytes | None = None
    extra: Extra | None = None

    def said(self) -> datetime:
        """Return when the record before was said."""
        if self.last is not None:
            stamp, line = self.last
            self.moment, self.last = stamp.moment(line) or self.moment, None
        return self.moment


class Intake:
    """Takes the lines of one source.

    count: told each run of records, in order of time (by such steps) and of their first lines.
    step_seconds: runs do not go beyond so many, 300 or a part of it. carry: whether a record without time has that of
    the record before it; otherwise it is taken to be said now, and none an hour later than that. between: records of
    another time are left out. known_after: so many lines that are alike are read the long way: they are the examples.
    on_failure: told of each line on which a stage failed; it costs only itself, and is counted without a pattern.
    """

    def __init__(
        self,
        stages: LogStages,
        source: SourceSettings,
        clock: Clock,
        count: Callable[[Run], None],
        *,
        step_seconds: int = BUCKET_SECONDS,
        carry: bool = False,
        between: Between | None = None,
        known_after: int = 3,
        on_failure: Callable[[], None] = lambda: None,
    ) -> None:
        self._stages = stages
        self._clock = clock
        self._count = count
        self._step_seconds = step_seconds
        self._carry = carry
        self._between = between
        self._on_failure = on_failure
        self._failing = False
        self._parser = parser(source, clock)
        self._memory = LineMemory(
            None if source.format == "plain" else self._parser,
            stages.catalogue.match_own if stages.catalogue.own else None,
            fewest_seen=max(known_after, stages.min_frequency),
        )
        self._files: dict[str, _File] = {}
        self._runs: list[Run | OpenRun] = []
        self._open_runs: dict[tuple[KnownLine, int], OpenRun] = {}
        self._now: datetime | None = None  # the time of what was taken since the last flush

    def begin(self, name: str, moment: datetime) -> None:
        """Begin a file; moment: of records before any that has a time, where times are carried on."""
        self._files[name] = _File(RecordAssembler(self._parser), moment)

    def take(self, name: str, taken: Lines) -> None:
        """Take lines of a file; the last record stays in hand, as its end is not seen yet."""
        lines, extras = taken.lines, _extras(taken)
        if not lines:
            return
        file = self._file(name)
        if len(self._runs) > _MOST_RUNS:
            self.flush()
        self._stages.before_merge = self.flush
        carry = self._carry
        by_key, find = self._memory.by_key, self._find
        keys = map(hash, b"\n".join(lines).translate(None, DIGITS).split(b"\n"))
        held: KnownLine | None = None  # begins a record, which is complete when the next line begins one too
        held_line, held_extra, blank = b"", None, 0
        for line, key, extra in zip(lines, keys, extras, strict=False):
            known = by_key.get(key) or find(line, key)
            if known is None:
                if held is not None and (not line or line.isspace()):
                    blank += _size(line, extra)
                    continue
                if held is not None:
                    self._feed(file, held_line, _size(held_line, held_extra) + blank, held_extra)
                    held = None
                self._feed(file, line, _size(line, extra), extra)
                continue
            if held is None:
                self._complete(file)
            else:
                run = held.run
                if run is not None and held.buckets.get(held_line[: held.minute]) == run.step:
                    run.count += 1
                    run.last = held_line
                else:
                    self._go_on(file, held, held_line, held_extra)
                if carry and held.stamp is not None:
                    file.last = held.stamp, held_line
            held, held_line = known, line
            held_extra, blank = extra, 0
        if held is not None:
            self._feed(file, held_line, _size(held_line, held_extra) + blank, held_extra)

    def finish(self, name: str) -> None:
        """Take the record in hand of a file for complete, and forget the file."""
        file = self._files.pop(name, None)
        if file is not None:
            self._complete(file)

    def flush(self) -> None:
        """Hand on what was taken."""
        runs = sorted(self._runs, key=self._order)
        self._runs.clear()
        self._open_runs.clear()
        self._memory.forget_minutes()
        for run in runs:
            if not isinstance(run, Run):
                run.known.run = None
                if run.step == _UNWANTED:
                    continue
            try:
                self._count(run if isinstance(run, Run) else self._made(run))
            except Exception as error:
                self._failed(error)
        self._now = None
        self._failing = False

    @property
    def files(self) -> list[str]:
        """The files of which something may be in hand."""
        return list(self._files)

    def pending_bytes(self) -> dict[str, int]:
        """Return by file the size of the record in hand."""
        return {name: file.records.pending_bytes for name, file in self._files.items()}

    def _file(self, name: str) -> _File:
        if self._now is None:
            self._now = self._clock.now()
        file = self._files.get(name)
        if file is None:
            file = self._files[name] = _File(RecordAssembler(self._parser), self._now)
        if not self._carry:
            file.moment = self._now
        return file

    def _feed(self, file: _File, line: bytes, size: int, extra: Extra | None) -> None:
        """Read a line the long way."""
        text = decode(line)
        first, first_extra = file.first, file.extra
        try:
            done = file.records.feed(text, size)
        except Exception as error:
            self._failed(error)
            return
        if done is not None:
            self._note(file, done, first, first_extra)
        if file.records.pending_bytes == size:
            file.first = None if file.records.may_continue(text) else line
            file.extra = extra
        elif text.strip():
            file.first = None

    def _complete(self, file: _File) -> None:
        """Take the record in hand for complete."""
        done = file.records.flush()
        if done is not None:
            self._note(file, done, file.first, file.extra)
        file.first = None

    def _note(self, file: _File, record: LogRecord, first: bytes | None, extra: Extra | None) -> None:
        """Sort a record that was read the long way, and learn from it if it is one line."""
        moment = record.timestamp or (extra and extra[1]) or file.said()
        if self._carry and record.timestamp is not None:
            file.moment, file.last = record.timestamp, None
        if not self._is_wanted(moment):
            return
        where = self._sort(record)
        moment = self._capped(moment)
        run = Run(where, record.summary, moment, moment, 1, is_headless(record))
        self._runs.append(run)
        if where.template is _UNSORTED:
            return
        if first is not None and record.message and not file.records.may_continue(record.message):
            self._memory.learn(first, record, where)

    def _sort(self, record: LogRecord) -> Sorted:
        try:
            return self._stages.sort(record)
        except Exception as error:
            self._failed(error)
            return Sorted(UNNAMED, "", record.level, _UNSORTED)

    def _find(self, line: bytes, key: int) -> KnownLine | None:
        try:
            return self._memory.find(line, key)
        except Exception as error:
            self._failed(error)
            return None

    def _failed(self, error: Exception) -> None:
        """Count a failure, and say once in a while where it was; what the error says may quote the line."""
        if not self._failing:
            trace = "".join(format_tb(error.__traceback__)).rstrip()
            logger.error("a line could not be analysed (%s); the others go on\n%s", type(error).__name__, trace)
        self._failing = True
        self._on_failure()

    def _is_wanted(self, moment: datetime) -> bool:
        return self._between is None or self._between[0] <= moment < self._between[1]

    def _order(self, run: Run | OpenRun) -> int:
        return self._step_of(run.first) if isinstance(run, Run) else run.step

    def _step_of(self, moment: datetime) -> int:
        return int(moment.timestamp()) // self._step_seconds

    def _capped(self, moment: datetime) -> datetime:
        return moment if self._carry or self._now is None else min(moment, self._now + _FUTURE)

    def _go_on(self, file: _File, known: KnownLine, line: bytes, extra: Extra | None) -> None:
        """Add a known line to its run; one that is not written as it should be goes the long way."""
        stamp, said = known.stamp, None
        if stamp is None:
            said = (extra and extra[1]) or file.said()
            step = self._step_of(said) if self._is_wanted(said) else _UNWANTED
        else:
            minute = stamp.minute_of(line)
            bucket = known.buckets.get(minute)
            if bucket is None:
                bucket = self._step(stamp, line)
                if bucket is None:
                    self._feed(file, line, _size(line, extra), extra)
                    self._complete(file)
                    return
                known.buckets[minute] = bucket
            step = bucket
        run = self._open_runs.get((known, step))
        if run is None:
            run = self._open_runs[known, step] = OpenRun(known, step, said, said, line, line)
            self._runs.append(run)
        run.count += 1
        run.last, run.said_last = line, said
        known.run = run
        if not (stamp or self._carry or extra):
            known.buckets[b""] = step

    def _step(self, stamp: StampPlace, line: bytes) -> int | None:
        """Return the step that the minute of a line lies in, None if the line has to be looked at by itself."""
        moment = stamp.moment(line)
        if moment is None:
            return None
        if self._between is not None:
            start, end = self._between
            minute = moment.replace(second=0, microsecond=0)
            if minute + _MINUTE <= start or minute >= end:
                return _UNWANTED
            if not start <= minute <= end - _MINUTE:
                return None
        return self._step_of(moment)

    def _made(self, run: OpenRun) -> Run:
        """Return the run that known lines are."""
        known, stamp = run.known, run.known.stamp
        first = run.said or (stamp and stamp.moment(run.first)) or self._clock.now()
        last = run.said_last or (stamp and run.count > 1 and stamp.moment(run.last)) or first
        if last < first:
            first, last = last, first
        text = self._parser.parse(decode(run.first))[0].summary if self._stages.wants_text(known.where) else ""
        return Run(known.where, text, self._capped(first), self._capped(last), run.count, known.headless)


def _extras(lines: Lines) -> Iterable[Extra | None]:
    if lines.sizes is None and lines.moments is None:
        return repeat(None)
    sizes = lines.sizes if lines.sizes is not None else [len(line) + 1 for line in lines.lines]
    return zip(sizes, lines.moments or repeat(None), strict=False)


def _size(line: bytes, extra: Extra | None) -> int:
    return extra[0] if extra else len(line) + 1
