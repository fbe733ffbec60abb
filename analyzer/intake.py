"""The lines of one source, file by file -> runs of records that belong together.

A line like one seen before is looked up (`known_lines`). Any other one is read the long way: assembled with the lines
that follow it, its header found, its message masked and mined. Both give the same runs.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import repeat

from analyzer.known_lines import KnownLine, LineMemory, is_headless
from analyzer.places import DIGITS, StampPlace
from analyzer.rates import BUCKET_SECONDS
from analyzer.records import LogRecord, RecordAssembler
from analyzer.settings import SourceSettings
from analyzer.sources.lines import Lines, decode
from analyzer.stages import LogStages, Run, parser
from runtime.clock import Clock

Between = tuple[datetime, datetime]
Extra = tuple[int, datetime | None]
"""Of one line: the bytes that it took in its file, and when it was said, where the source knows."""

_FUTURE = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_MOST_RUNS = 20_000
_UNWANTED = -1


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


@dataclass(slots=True)
class _Lines:
    """Lines of which a run is made, all alike and of one step.

    run: the run itself, if it was read the long way. said: when, if they have no time themselves.
    """

    first: bytes
    last: bytes
    count: int = 1
    known: KnownLine | None = None
    said: datetime | None = None
    run: Run | None = None


class Intake:
    """Takes the lines of one source.

    count: told each run of records, in order of time (by such steps) and of their first lines.
    step_seconds: runs do not go beyond so many, 300 or a part of it. carry: whether a record without time has that of
    the record before it; otherwise it is taken to be said now, and none an hour later than that. between: records of
    another time are left out. known_after: so many lines that are alike are read the long way: they are the examples.
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
    ) -> None:
        self._stages = stages
        self._clock = clock
        self._count = count
        self._step_seconds = step_seconds
        self._carry = carry
        self._between = between
        self._parser = parser(source, clock)
        self._memory = LineMemory(
            None if source.format == "plain" else self._parser,
            stages.catalogue.match_own if stages.catalogue.own else None,
            fewest_seen=max(known_after, stages.min_frequency),
        )
        self._files: dict[str, _File] = {}
        self._runs: dict[tuple[object, object], _Lines] = {}
        self._latest = clock.now()

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
        runs, carry = self._runs, self._carry
        by_key, find = self._memory.by_key, self._memory.find
        keys = map(hash, b"\n".join(lines).translate(None, DIGITS).split(b"\n"))
        said = file.said()
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
                if held.stamp is None:
                    if carry or held_extra is not None:
                        said = (held_extra and held_extra[1]) or file.said()
                    run_key: tuple[object, object] = held, said
                else:
                    minute = held_line[: held.minute] if held.minute else held.stamp.minute_of(held_line)
                    run_key = held, held.buckets.get(minute)
                    if carry:
                        file.last = held.stamp, held_line
                run = runs.get(run_key)
                if run is None:
                    self._begin_run(file, held, held_line, held_extra, said)
                else:
                    run.count += 1
                    run.last = held_line
            held, held_line, held_extra, blank = known, line, extra, 0
        if held is not None:
            self._feed(file, held_line, _size(held_line, held_extra) + blank, held_extra)

    def finish(self, name: str) -> None:
        """Take the record in hand of a file for complete, and forget the file."""
        file = self._files.pop(name, None)
        if file is not None:
            self._complete(file)

    def flush(self) -> None:
        """Hand on what was taken."""
        made = [run for lines in self._runs.values() if (run := lines.run or self._run(lines)) is not None]
        self._runs.clear()
        self._memory.forget_minutes()
        for run in sorted(made, key=lambda run: self._step_of(run.first)):
            self._count(run)

    @property
    def files(self) -> list[str]:
        """The files of which something may be in hand."""
        return list(self._files)

    def pending_bytes(self) -> dict[str, int]:
        """Return by file the size of the record in hand."""
        return {name: file.records.pending_bytes for name, file in self._files.items()}

    def _file(self, name: str) -> _File:
        now = self._clock.now()
        self._latest = now + _FUTURE
        file = self._files.get(name)
        if file is None:
            file = self._files[name] = _File(RecordAssembler(self._parser), now)
        if not self._carry:
            file.moment = now
        return file

    def _feed(self, file: _File, line: bytes, size: int, extra: Extra | None) -> None:
        """Read a line the long way."""
        text = decode(line)
        first, first_extra = file.first, file.extra
        done = file.records.feed(text, size)
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
        if self._between is not None and not self._between[0] <= moment <= self._between[1]:
            return
        where = self._stages.sort(record)
        moment = self._capped(moment)
        run = Run(where, record.summary, moment, moment, 1, is_headless(record))
        self._runs[object(), None] = _Lines(b"", b"", run=run)
        if first is not None and record.message and not file.records.may_continue(record.message):
            self._memory.learn(first, record, where)

    def _step_of(self, moment: datetime) -> int:
        return int(moment.timestamp()) // self._step_seconds

    def _capped(self, moment: datetime) -> datetime:
        return moment if self._carry else min(moment, self._latest)

    def _begin_run(self, file: _File, known: KnownLine, line: bytes, extra: Extra | None, said: datetime) -> None:
        """Begin a run of known lines, or go on with one; a line that is not written as it should be goes the long way.

        said: when the line was said if it has no time.
        """
        step: object = said if known.stamp is None else self._step(known, known.stamp, line)
        if step is None:
            self._feed(file, line, _size(line, extra), extra)
            self._complete(file)
            return
        run = self._runs.get((known, step))
        if run is None:
            wanted = known if step != _UNWANTED else None
            self._runs[known, step] = _Lines(line, line, 1, wanted, None if known.stamp else said)
        else:
            run.count += 1
            run.last = line

    def _step(self, known: KnownLine, stamp: StampPlace, line: bytes) -> int | None:
        """Return the bucket of a line, None if it has to be looked at by itself; remember it for its minute."""
        moment = stamp.moment(line)
        if moment is None:
            return None
        bucket = self._step_of(moment)
        if self._between is not None:
            start, end = self._between
            minute = moment.replace(second=0, microsecond=0)
            if minute + _MINUTE <= start or minute > end:
                bucket = _UNWANTED
            elif not start <= minute <= end - _MINUTE:
                return None
        known.buckets[stamp.minute_of(line)] = bucket
        return bucket

    def _run(self, lines: _Lines) -> Run | None:
        """Return the run that known lines are, None if they are of a time that is not wanted."""
        known = lines.known
        if known is None:
            return None
        first = lines.said or (known.stamp and known.stamp.moment(lines.first)) or self._clock.now()
        last = (known.stamp and known.stamp.moment(lines.last)) or first
        text = ""
        if self._stages.wants_text(known.where):
            text = self._parser.parse(decode(lines.first))[0].summary
        moments = self._capped(min(first, last)), self._capped(max(first, last))
        return Run(known.where, text, *moments, lines.count, known.headless)


def _extras(lines: Lines) -> Iterable[Extra | None]:
    if lines.sizes is None and lines.moments is None:
        return repeat(None)
    sizes = lines.sizes if lines.sizes is not None else [len(line) + 1 for line in lines.lines]
    return zip(sizes, lines.moments or repeat(None), strict=False)


def _size(line: bytes, extra: Extra | None) -> int:
    return extra[0] if extra else len(line) + 1
