"""Charts as PNG for the feed, drawn by Matplotlib in one long-lived child process.

The child is started at the first chart, and ends with its parent or when nothing was asked of it for ten minutes.
It is a plain program, not a fork of ours: nothing of the caller's `__main__` is imported a second time.
"""

import asyncio
import base64
import contextlib
import json
import logging
import math
import os
import select
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from alert_bridge.pictures import GAP, INK, META, PAPER, RULE, SECOND, has_japanese, look, png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

logger = logging.getLogger(f"monitoring.{__name__}")

SYSTEM_FIGURES = ("cpu_percent", "memory_percent", "disk_percent", "network_recv_mb_s", "network_sent_mb_s")
"""What `system_chart` draws; other columns are passed over."""

_DEADLINE_SECONDS = 10.0
_START_SECONDS = 60.0
_ANSWER_BYTES = 1024 * 1024
_IDLE_SECONDS = 600.0

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "System, the last hour",
        "cpu_percent": "CPU",
        "memory_percent": "Memory",
        "disk_percent": "Disk",
        "network": "Network",
        "network_recv_mb_s": "in",
        "network_sent_mb_s": "out",
        "none": "no values",
    },
    "ja": {
        "title": "システム（直近1時間）",
        "cpu_percent": "CPU",
        "memory_percent": "メモリ",
        "disk_percent": "ディスク",
        "network": "ネットワーク",
        "network_recv_mb_s": "受信",
        "network_sent_mb_s": "送信",
        "none": "値がありません",
    },
}
_LINES = ((INK, 1.5), (SECOND, 1.0))
_MARKS = {"network_recv_mb_s": "━", "network_sent_mb_s": "─"}
_PANELS = (
    ("cpu_percent", "%", SYSTEM_FIGURES[:1]),
    ("memory_percent", "%", SYSTEM_FIGURES[1:2]),
    ("disk_percent", "%", SYSTEM_FIGURES[2:3]),
    ("network", "MB/s", SYSTEM_FIGURES[3:]),
)

Columns = Mapping[str, Sequence[float | None]]


class ChartError(Exception):
    """A chart that could not be drawn.

    Attributes: problem.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return f"no chart: {self.problem}"


class ChartRenderer:
    """Draws charts outside the event loop, one at a time.

    language: of the words in the picture; Japanese needs a font that has it, else the words are English.
    timezone: IANA name, for the clock times below the lines.
    """

    def __init__(
        self, language: Literal["en", "ja"] = "en", timezone: str = "UTC", deadline_seconds: float = _DEADLINE_SECONDS
    ) -> None:
        self._language = language
        self._timezone = timezone
        self._deadline_seconds = deadline_seconds
        self._lock = asyncio.Lock()
        self._child: asyncio.subprocess.Process | None = None
        self._spoiled = False

    async def system_chart(self, start: float, step_seconds: float, columns: Columns) -> str:
        """Return CPU, memory, disk and network as a PNG in base64.

        start: epoch seconds of the first value. columns: figure name -> values every step_seconds, None for a gap;
        percent, and MB/s for the network. A figure without values is drawn as such.
        Raises ChartError if it could not be drawn within the deadline (10 s, and at first up to 60 s for loading
        Matplotlib); the next call begins with a new child.
        """
        request = {
            "start": start,
            "step_seconds": step_seconds,
            "columns": {name: list(columns.get(name, ())) for name in SYSTEM_FIGURES},
            "language": self._language,
            "timezone": self._timezone,
        }
        async with self._lock:
            answer = await self._ask(json.dumps(request).encode() + b"\n")
        if "error" in answer:
            raise ChartError(answer["error"])
        return str(answer["png"])

    async def close(self) -> None:
        """End the child; harmless twice. The next chart would start another."""
        async with self._lock:
            await self._end()

    @property
    def child_id(self) -> int | None:
        """The process id of the child, or None while there is none."""
        return self._child.pid if self._child is not None and self._child.returncode is None else None

    async def _ask(self, line: bytes) -> dict[str, Any]:
        try:
            child = await self._running_child()
            async with asyncio.timeout(self._deadline_seconds):
                assert child.stdin is not None  # noqa: S101 - both are pipes
                assert child.stdout is not None  # noqa: S101
                child.stdin.write(line)
                await child.stdin.drain()
                answer: dict[str, Any] = json.loads(await child.stdout.readline())
                return answer
        except TimeoutError:
            await self._end()
            raise ChartError(f"not drawn within {self._deadline_seconds:g} s, or not begun at all") from None
        except (OSError, ValueError) as error:
            await self._end()
            raise ChartError(f"the drawing process ended ({type(error).__name__})") from None
        except asyncio.CancelledError:
            self._spoiled = True  # its answer would be taken for the next one's
            self._kill()
            raise

    async def _running_child(self) -> asyncio.subprocess.Process:
        if self._child is None or self._child.returncode is not None or self._spoiled:
            await self._end()
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", __name__),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=_ANSWER_BYTES,
                env=_child_environment(),
            )
            assert self._child.stdout is not None  # noqa: S101 - a pipe
            async with asyncio.timeout(_START_SECONDS):
                await self._child.stdout.readline()  # it says so when Matplotlib is loaded
        return self._child

    def _kill(self) -> None:
        if self.child_id is not None and self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                self._child.kill()

    async def _end(self) -> None:
        """Kill the child and collect it; it has nothing to lose."""
        self._kill()
        if self._child is not None:
            await self._child.communicate()
            self._child = None
        self._spoiled = False


def _child_environment() -> dict[str, str]:
    """Return our environment without settings, which may be secrets, and with this package on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NEWSWATCH_")}
    here = str(Path(__file__).resolve().parent.parent)
    paths = os.pathsep.join(filter(None, (here, kept.get("PYTHONPATH"))))
    return kept | {"PYTHONPATH": paths, "MPLBACKEND": "Agg", "PYTHONWARNINGS": "ignore"}


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all panels of a picture share: moments in epoch seconds, words, time zone."""

    times: Sequence[float]
    words: Mapping[str, str]
    zone: ZoneInfo

    def moment(self, epoch_seconds: float, form: str) -> str:
        return datetime.fromtimestamp(epoch_seconds, self.zone).strftime(form)


def draw_system(start: float, step_seconds: float, columns: Columns, language: str, timezone: str) -> bytes:
    """Return the picture of `system_chart` as PNG, 960 x 520 pixels (see ChartRenderer.system_chart)."""
    from matplotlib.figure import Figure

    japanese = language == "ja" and has_japanese()
    length = max((len(values) for values in columns.values()), default=0)
    frame = _Frame(
        [start + index * step_seconds for index in range(length)],
        _WORDS["ja" if japanese else "en"],
        ZoneInfo(timezone),
    )
    with look(japanese=japanese):
        figure = Figure(figsize=(9.6, 5.2), dpi=100, facecolor=PAPER)
        panels = figure.subplots(2, 2)
        figure.subplots_adjust(left=0.05, right=0.975, top=0.815, bottom=0.08, hspace=0.52, wspace=0.13)
        figure.text(0.05, 0.945, frame.words["title"], fontsize=13, fontweight="bold")
        if frame.times:
            moment = frame.moment(frame.times[-1], "%Y-%m-%d %H:%M:%S %Z")
            figure.text(0.975, 0.945, moment, ha="right", color=META)
        for panel, (title, unit, names) in zip(panels.flat, _PANELS, strict=True):
            lines = {name: _floats(columns.get(name, ()), length) for name in names}
            _draw_panel(panel, frame, frame.words[title], unit, lines)
        return png(figure)


def _draw_panel(panel: "Axes", frame: _Frame, title: str, unit: str, lines: Mapping[str, Sequence[float]]) -> None:
    """Draw one figure, or two that share a unit: name, present value, lines, and ground shaded where values lack."""
    latest = [_latest(name, values, unit, frame.words) for name, values in lines.items()]
    shown = [(text, colour) for text, (colour, _) in zip(latest, _LINES, strict=False) if text]
    panel.set_title(title, loc="left", fontsize=10.5, pad=7)
    _set_readout(panel, shown or [(frame.words["none"], META)], bold=bool(shown))
    for values, (line_colour, width) in zip(lines.values(), _LINES, strict=False):
        panel.plot(frame.times, values, color=line_colour, linewidth=width, solid_joinstyle="round")
    _shade_gaps(panel, frame.times, list(lines.values()))
    _set_axes(panel, frame, unit, max((one for values in lines.values() for one in values if one == one), default=0.0))


def _set_readout(panel: "Axes", texts: Sequence[tuple[str, str]], *, bold: bool) -> None:
    """Write texts, each in its colour, in one row that ends at the panel's upper right corner."""
    from matplotlib.offsetbox import AnchoredOffsetbox, HPacker, TextArea

    style = {"fontsize": 10.5, "fontweight": "bold" if bold else "normal"}
    row = HPacker(children=[TextArea(text, textprops={**style, "color": colour}) for text, colour in texts], sep=10)
    corner = AnchoredOffsetbox(
        "lower right",
        child=row,
        frameon=False,
        pad=0,
        borderpad=0.45,
        bbox_to_anchor=(1.0135, 1.007),
        bbox_transform=panel.transAxes,
    )
    panel.add_artist(corner)


def _set_axes(panel: "Axes", frame: _Frame, unit: str, highest: float) -> None:
    top = 100.0 if unit == "%" else _round_up(highest)
    panel.set_ylim(0, top * 1.02)
    panel.set_yticks([0, top / 2, top], [f"{value:g}" for value in (0, top / 2, top)])
    times = frame.times
    quarters = [one for one in range(int(times[0]), int(times[-1]) + 1) if one % 900 == 0] if times else []
    panel.set_xticks(quarters, [frame.moment(one, "%H:%M") for one in quarters])
    if times:
        panel.set_xlim(times[0], max(times[-1], times[0] + 1))
    panel.grid(axis="y", color=RULE, linewidth=0.8)
    panel.set_axisbelow(True)
    panel.tick_params(length=0, colors=META, labelsize=8.5)
    panel.tick_params(axis="x", pad=6)
    panel.spines[["top", "left", "right"]].set_visible(False)
    panel.spines["bottom"].set_color(META)


def _shade_gaps(panel: "Axes", times: Sequence[float], columns: Sequence[Sequence[float]]) -> None:
    begin: float | None = None
    for index, moment in enumerate(times):
        missing = all(values[index] != values[index] for values in columns)
        if missing and begin is None:
            begin = times[max(0, index - 1)]
        if begin is not None and (not missing or index == len(times) - 1):
            panel.axvspan(begin, moment, color=GAP, linewidth=0)
            begin = None


def _latest(name: str, values: Sequence[float], unit: str, words: Mapping[str, str]) -> str:
    """Return the present value with its unit, or nothing where it is not known."""
    if not values or values[-1] != values[-1]:
        return ""
    value = f"{values[-1]:.1f} {unit}" if values[-1] < 1000 else f"{values[-1]:,.0f} {unit}"
    return f"{_MARKS[name]} {words[name]} {value}" if name in _MARKS else value


def _floats(values: Sequence[float | None], length: int) -> list[float]:
    """Return the values as floats, NaN for what is missing or infinite, filled up to a length."""
    known = [float("nan") if value is None or not math.isfinite(value) else float(value) for value in values]
    return known + [float("nan")] * (length - len(known))


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, ... at or above a value."""
    top = 1.0
    while top < value:
        top *= 2.5 if str(top)[0] == "2" else 2
    return top


def _answer(line: bytes) -> dict[str, str]:
    try:
        return {"png": base64.b64encode(draw_system(**json.loads(line))).decode()}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:500]}


def child() -> None:
    """Draw what comes in on stdin, a JSON object a line, until there is nothing more to draw."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, whose end closes stdin
    with contextlib.suppress(OSError):
        os.nice(5)
    with contextlib.suppress(ImportError):  # each answer will say so
        has_japanese()  # loads Matplotlib and its list of fonts, the slow part
    print(json.dumps({"ready": True}), flush=True)  # noqa: T201 - the answer to being started
    stream = sys.stdin.buffer  # holds no second line when we wait: one is asked at a time
    while select.select([stream], [], [], _IDLE_SECONDS)[0]:
        line = stream.readline()
        if not line:
            return
        print(json.dumps(_answer(line)), flush=True)  # noqa: T201 - stdout is the way back


if __name__ == "__main__":
    child()
