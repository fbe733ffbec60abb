"""Time stamps: where one stands in a text, and what moment it names."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

Read = Callable[[str], datetime | None]
"""A stamp's text -> its moment, aware and in UTC; None if the text is not a stamp of that form."""

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905 - reads better so
_ZONES = {
    **dict.fromkeys(("Z", "UTC", "GMT"), 0.0),
    **{"CET": 1.0, "CEST": 2.0, "EET": 2.0, "EEST": 3.0, "MSK": 3.0, "JST": 9.0, "KST": 9.0},
    **{"EST": -5.0, "EDT": -4.0, "CDT": -5.0, "MST": -7.0, "MDT": -6.0, "PST": -8.0, "PDT": -7.0},
}
"""Hours east of UTC. Names that several zones share (CST, IST, BST) are not here: they mean the source's own zone."""

_ZONE_NAME = "|".join((*(name for name in _ZONES if name != "Z"), "CST", "IST", "BST"))
_ZONE = rf"(?:(?P<zone>Z|[+-]\d\d:?\d\d|[+-]\d\d(?!\d)|\ (?:[+-]\d\d:?\d\d|{_ZONE_NAME}))(?![\w:.]))?"
_MONTH = "|".join(_MONTHS)
_DAY_NAME = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\ +)?"
_WEEKDAY = r"(?:\ ?[(（][月火水木金土日A-Z][a-z]{0,2}[)）])?"
_FRACTION = r"(?:[.,:](?P<fraction>\d{1,9}))?(?!\d)"
_TIME = rf"(?P<hour>[012]\d):(?P<minute>[0-5]\d):(?P<second>[0-6]\d){_FRACTION}"
_HALF = r"(?:\ ?(?P<half>[AaPp][Mm]|午前|午後)\b)?"
_LONGEST_CACHE = 2_000


@dataclass(frozen=True, slots=True)
class _Form:
    """One way to write a time.

    comes_again: after so long the same text means another moment, where the year or the whole date is left out; it
    means the latest that is not further ahead of the clock than `ahead`.
    """

    name: str
    expression: str
    comes_again: timedelta | None = None
    ahead: timedelta = timedelta(days=1)


_YEARLY = timedelta(days=364)
_DAILY = timedelta(hours=23)
_FORMS = (
    _Form(
        "iso",
        r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>[01]?\d)(?P=sep)(?P<day>[0-3]?\d)"
        + _WEEKDAY
        + r"(?:[T_:-]|,?\ +|\ --?\ )"
        r"(?P<hour>[012]?\d)[:.](?P<minute>[0-5]\d)(?:[:.](?P<second>[0-6]\d)" + _FRACTION + r"|(?!\d))" + _ZONE,
    ),
    _Form(
        "compact",
        r"(?P<year>(?:19|20)\d\d)(?P<month>[01]\d)(?P<day>[0-3]\d)[-T\ _:](?P<hour>[012]?\d)"
        r"(?:(?P<minute>[0-5]\d)(?P<second>[0-6]\d)|:(?P<minute2>[0-5]?\d):(?P<second2>[0-6]?\d))" + _FRACTION + _ZONE,
    ),
    _Form(
        "packed",
        r"(?P<year>20\d\d)(?P<month>[01]\d)(?P<day>[0-3]\d)(?P<hour>[012]\d)(?P<minute>[0-5]\d)(?P<second>[0-6]\d)"
        r"(?P<fraction>\d{3}|\d{6})?(?!\d)",
    ),
    _Form(
        "day_first",
        rf"{_DAY_NAME}(?P<day>[0-3]?\d)(?P<sep>[/\ -])(?P<month>{_MONTH})(?P=sep)(?P<year>\d{{4}})(?:::?|T|\ +)"
        + _TIME
        + _ZONE,
    ),
    _Form("day_month", rf"(?P<day>[0-3]?\d)\ (?P<month>{_MONTH})\ {_TIME}", _YEARLY),
    _Form(
        "month_first",
        rf"{_DAY_NAME}(?P<month>{_MONTH})[a-z]{{0,6}}\ +(?P<day>[0-3]?\d),?\ +(?P<year>\d{{4}}),?\ +"
        rf"(?P<hour>[012]?\d):(?P<minute>[0-5]\d):(?P<second>[0-6]\d){_FRACTION}{_HALF}{_ZONE}",
    ),
    _Form(
        "ctime",
        rf"{_DAY_NAME}(?P<month>{_MONTH})\ +(?P<day>[0-3]?\d)\ {_TIME}{_ZONE}\ (?P<year>(?:19|20)\d\d)(?!\d)",
    ),
    _Form("syslog", rf"{_DAY_NAME}(?P<month>{_MONTH})\ +(?P<day>[0-3]?\d)\ {_TIME}{_ZONE}", _YEARLY),
    _Form(
        "year_last",
        r"(?P<first>[0-3]?\d)(?P<sep>[/.-])(?P<middle>[0-3]?\d)(?P=sep)(?P<year>\d{4}),?(?:\ +|\ --?\ |T)"
        rf"(?P<hour>[012]?\d):(?P<minute>[0-5]\d):(?P<second>[0-6]\d){_FRACTION}{_HALF}{_ZONE}",
    ),
    _Form(
        "short_year",
        r"(?P<first>\d\d?)(?P<sep>[/.-])(?P<middle>\d\d?)(?P=sep)(?P<last>\d\d),?[\ T-]"
        rf"(?P<hour>[012]?\d):(?P<minute>[0-5]\d):(?P<second>[0-6]\d){_FRACTION}{_HALF}{_ZONE}",
    ),
    _Form(
        "six_digits",
        r"(?P<year>\d\d)(?P<month>[01]\d)(?P<day>[0-3]\d)\ (?:(?P<hour>[012]\d)(?P<minute>[0-5]\d)(?P<second>[0-6]\d)"
        r"|\ ?(?P<hour2>[012]?\d):(?P<minute2>[0-5]\d):(?P<second2>[0-6]\d))" + _FRACTION,
    ),
    _Form("month_day", rf"(?P<month>[01]\d)[-/.](?P<day>[0-3]\d)[\ -]{_TIME}", _YEARLY),
    _Form("klog", rf"(?P<month>[01]\d)(?P<day>[0-3]\d)\ {_TIME}", _YEARLY),
    _Form(
        "japanese",
        r"(?:(?P<era>令和|平成)?(?P<year>\d{1,4}|元)年\s?)?(?P<month>[01０１]?\d)月\s?(?P<day>[0-3０-３]?\d)"
        r"(?:日(?:\s?[(（][月火水木金土日][)）])?\s?|,\ (?P<year2>\d{4})\ )(?P<half>午前|午後)?\s?"
        r"(?P<hour>[012０１２]?\d)[時:：](?P<minute>[0-5０-５]?\d)[分:：](?P<second>[0-6０-６]?\d)秒?"
        r"(?:\.(?P<fraction>\d{1,9}))?(?:\s(?P<half2>午前|午後))?",
        _YEARLY,
    ),
    _Form("clock", rf"{_TIME}{_HALF}", _DAILY, timedelta(hours=1)),
    _Form("kitchen", r"(?P<hour>[01]?\d):(?P<minute>[0-5]\d)(?P<half>[AP]M)", _DAILY, timedelta(hours=1)),
    _Form("epoch", r"(?P<epoch>1\d{9})(?:\.(?P<fraction>\d{1,9})|(?P<finer>\d{3}|\d{6}|\d{9}))?(?!\d)"),
)
_GROUP_NAME = re.compile(r"\(\?P<(?!sep>)\w+>")


def _anonymous(number: int, form: _Form) -> str:
    """Return a form's expression without its names, as one alternative of many."""
    inner = _GROUP_NAME.sub("(?:", form.expression).replace("(?P<sep>", f"(?P<sep{number}>")
    return f"(?P<{form.name}>{inner.replace('(?P=sep)', f'(?P=sep{number})')})"


_ANY = re.compile(rf"(?x)(?:{'|'.join(_anonymous(number, form) for number, form in enumerate(_FORMS))})(?<=\S)(?!\w)")
_BY_NAME = {form.name: (form, re.compile(f"(?x){form.expression}")) for form in _FORMS}
_EPOCH_DIGITS = 10
_SHAPE = str.maketrans("123456789１２３４５６７８９", "0" * 9 + "０" * 9)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time stamp in a text: its form, where it stands, what reads it and others written alike.

    moment: aware, in UTC.
    seconds: where in it the seconds and their fraction stand; what is around them tells the minute. None if other parts
    of it do so too.
    """

    form: str
    start: int
    end: int
    read: Read
    moment: datetime
    seconds: tuple[int, int] | None = None


class StampReader:
    """Reads the stamps of one source; those alike cost little, as only their seconds are read anew.

    now: for years and dates that a stamp leaves out. zone: of stamps without offset; None is this machine's.
    """

    def __init__(self, now: Callable[[], datetime], zone: tzinfo | None = None) -> None:
        self._now = now
        self._zone = zone
        self._reads: dict[str, tuple[Read, tuple[int, int] | None]] = {}

    def match(self, text: str, start: int = 0) -> Stamp | None:
        """Return the stamp that begins at a place in a text, None if none does or it names no moment."""
        found = _ANY.match(text, start)
        if found is None:
            return None
        name, (start, end) = found.lastgroup or "", found.span()
        stamp = text[start:end]
        shape = stamp.translate(_SHAPE)
        known = self._reads.get(shape)
        if known is None:
            if len(self._reads) >= _LONGEST_CACHE:
                self._reads.clear()
            known = self._reads[shape] = self._reader(name, stamp)
        read, seconds = known
        moment = read(stamp)
        return Stamp(name, start, end, read, moment, seconds) if moment else None

    def reader_of(self, directives: str) -> Read:
        """Return what reads times that are written by strptime's directives."""

        @lru_cache(_LONGEST_CACHE)
        def read(text: str) -> datetime | None:
            try:
                moment = datetime.strptime(text, directives)  # noqa: DTZ007 - the zone is the next line's matter
                return (moment if moment.tzinfo else moment.replace(tzinfo=self._zone)).astimezone(UTC)
            except (ValueError, OverflowError):
                return None

        return read

    def _reader(self, name: str, stamp: str) -> tuple[Read, tuple[int, int] | None]:
        """Return what reads stamps like this one, and where their seconds stand."""
        form, expression = _BY_NAME[name]
        shape = stamp.translate(_SHAPE)

        def whole(text: str) -> datetime | None:
            found = expression.fullmatch(text) if text.translate(_SHAPE) == shape else None
            try:
                return self._moment(found.groupdict(), form.ahead) if found else None
            except (ValueError, OverflowError, OSError):
                return None

        found = expression.fullmatch(stamp)
        second = _first_span(found, ("second", "second2")) if found else None
        if name == "epoch" and len(stamp) > _EPOCH_DIGITS:
            return whole, (_EPOCH_DIGITS, len(stamp))  # what tells the second tells the minute
        if second is None or second[1] - second[0] != 2:
            return whole, None
        fraction = _first_span(found, ("fraction",)) if found else None
        seconds = second[0], fraction[1] if fraction else second[1]
        return _by_minute(whole, *seconds, form, self._now), seconds

    def _moment(self, parts: dict[str, str | None], ahead: timedelta) -> datetime:
        """Return what the parts of a stamp name. Raises ValueError if there is no such moment."""
        if parts.get("epoch"):
            fraction = f".{parts['fraction']}" if parts["fraction"] else ""
            finer = parts["finer"] or ""
            return datetime.fromtimestamp(float(f"{parts['epoch']}{fraction or '.' + (finer or '0')}"), UTC)
        hour = int(parts["hour"] or parts.get("hour2") or 0)
        half = parts.get("half") or parts.get("half2")
        if half:
            hour = hour % 12 + (12 if half.lower() in ("pm", "午後") else 0)
        clock = (
            hour,
            int(parts["minute"] or parts.get("minute2") or 0),
            min(int(parts.get("second") or parts.get("second2") or 0), 59),
            int(f"{parts.get('fraction') or '':0<6}"[:6]),
        )
        zone = _zone(parts.get("zone"))
        moments = [self._aware(date, clock, zone) for date in self._dates(parts)]
        latest = self._now() + ahead
        known = [moment for moment in moments if moment is not None]
        past = [moment for moment in known if moment <= latest]
        if not known:
            raise ValueError("no such date")
        return max(past) if past else known[0]

    def _dates(self, parts: dict[str, str | None]) -> Sequence[tuple[int, int, int]]:
        """Return the dates (year, month, day) that may be meant, such as are not in the calendar among them."""
        now = self._now()
        if "first" in parts:
            first, middle = int(parts["first"] or 0), int(parts["middle"] or 0)
            if parts.get("year"):
                year = int(parts["year"] or 0)
                month_first = parts["sep"] != "." and first <= 12
                return [(year, first, middle) if month_first else (year, middle, first)]
            last = int(parts["last"] or 0)
            return [(2000 + first, middle, last), (2000 + last, first, middle), (2000 + last, middle, first)]
        if "day" not in parts:
            today = now.astimezone(self._zone)
            return [(day.year, day.month, day.day) for day in (today + timedelta(days=k) for k in (1, 0, -1))]
        month, day = parts["month"] or "", int(parts["day"] or 0)
        number = _MONTHS.index(month) + 1 if month in _MONTHS else int(month)
        text = parts.get("year") or parts.get("year2")
        if not text:
            return [(year, number, day) for year in range(now.year + 1, now.year - 9, -1)]
        year = 1 if text == "元" else int(text)
        era = {"令和": 2018, "平成": 1988}.get(parts.get("era") or "")
        return [(era + year if era else year if year > 99 else 2000 + year, number, day)]

    def _aware(
        self, date: tuple[int, int, int], clock: tuple[int, int, int, int], zone: tzinfo | None
    ) -> datetime | None:
        zone = zone or self._zone
        try:
            moment = datetime(*date, *clock, tzinfo=zone)  # a naive one is this machine's
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            return None


def _first_span(found: re.Match[str], names: Sequence[str]) -> tuple[int, int] | None:
    return next((found.span(name) for name in names if found.groupdict().get(name)), None)


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    text = text.strip()
    if text in _ZONES:
        return timezone(timedelta(hours=_ZONES[text]))
    if text[0] not in "+-":
        return None
    minutes = int(text[1:3]) * 60 + int(text[3:].strip(":") or 0)
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _by_minute(whole: Read, start: int, end: int, form: _Form, now: Callable[[], datetime]) -> Read:
    """Return what reads stamps whose seconds stand from start to end, remembering the minutes around them."""
    minutes: dict[str, datetime] = {}
    scale = 10 ** (6 - (end - start - 3)) if end - start > 3 else 0
    microseconds_end = min(end, start + 9)

    def read(text: str) -> datetime | None:
        around = text[:start] + text[end:]
        minute = minutes.get(around)
        if minute is not None and _is_current(minute, form, now):
            seconds = text[start : start + 2]
            if not scale:
                return minute + timedelta(0, int(seconds)) if seconds.isdecimal() else None
            fraction = text[start + 3 : microseconds_end]
            if seconds.isdecimal() and fraction.isdecimal():
                return minute + timedelta(0, int(seconds), int(fraction) * scale if scale >= 1 else int(fraction))
            return None
        moment = whole(text)
        if moment is not None:
            if len(minutes) >= _LONGEST_CACHE:
                minutes.clear()
            minutes[around] = moment.replace(second=0, microsecond=0)
        return moment

    return read


def _is_current(minute: datetime, form: _Form, now: Callable[[], datetime]) -> bool:
    """Return whether a stamp without its year or date still means the moment that it meant before."""
    return form.comes_again is None or -form.ahead <= now() - minute <= form.comes_again
