"""`monitoring backtest METRIC`: what the dynamic and the fixed threshold would have done with a recorded series."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from alert_bridge.alerts import Severity
from alert_bridge.backtest import Backtest, Outcome, Span, read_incidents, read_series, replay
from alert_bridge.threshold_config import ThresholdConfig, WatchedThreshold
from monitoring.settings import Configuration
from runtime.clock import SystemClock, format_utc
from runtime.settings import load

if TYPE_CHECKING:
    from runtime.prometheus import Series, SeriesReader

Place = tuple[tuple[str, str], ...]
"""The labels of one series, by which a threshold keeps it apart from others."""
Histories = Mapping[Place, tuple[Sequence[float], Sequence[float]]]

_DAY_SECONDS = 86400.0
_LEARNED_DAYS = 28
_LEARNED_STEP_SECONDS = 300.0
_OVERRIDES = {
    "base": "base_threshold",
    "min": "min_threshold",
    "max": "max_threshold",
    "factor": "adaptive_factor",
    "multiplier": "std_multiplier",
    "trend": "trend_sensitivity",
    "direction": "direction",
    "for_seconds": "for_seconds",
}


def run(arguments: argparse.Namespace) -> int:
    """Replay and print. Raises ValueError and SettingsError with what to change; returns the exit code."""
    settings = load(Configuration, arguments.config)
    watched = _watched(arguments, settings)
    incidents = _marked(arguments.incidents) if arguments.incidents else None
    histories = _from_csv(arguments) if arguments.csv else asyncio.run(_from_prometheus(arguments, watched, settings))
    tests = _replay(arguments, watched.config, histories, incidents)
    if arguments.png:
        from alert_bridge.backtest_chart import draw_backtest

        most = max(tests, key=lambda one: len(one.dynamic.alerts))
        arguments.png.write_bytes(draw_backtest(most, settings.web.language, settings.web.timezone))
        _talk(f"backtest: drawn in {arguments.png}")
    if arguments.format == "json":
        sys.stdout.write(json.dumps([one.to_dict() for one in tests], ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write("\n\n".join(_text(one) for one in tests) + "\n")
    return 0


def _watched(arguments: argparse.Namespace, settings: Configuration) -> WatchedThreshold:
    """Return the least severe threshold of the metric, with what the arguments change."""
    known = [one for one in settings.alert_bridge.thresholds if one.metric_name == arguments.metric]
    if arguments.direction:
        known = [one for one in known if one.direction == arguments.direction] or known
    changed = {field: getattr(arguments, name) for name, field in _OVERRIDES.items()}
    changed = {field: value for field, value in changed.items() if value is not None}
    if not known and arguments.base is None:
        names = ", ".join(sorted({one.metric_name for one in settings.alert_bridge.thresholds}))
        raise ValueError(f"backtest: {arguments.metric!r} has no threshold in the settings ({names}); give --base")
    if not known:
        return WatchedThreshold(ThresholdConfig(arguments.metric, **changed, severity=Severity.HIGH))
    least = min(known, key=lambda one: one.severity.rank)
    fields = least.model_dump(exclude={"query", "per"})
    if arguments.base is not None:
        fields |= {"min_threshold": None, "max_threshold": None}
    return WatchedThreshold(ThresholdConfig(**(fields | changed)), least.query, least.per)


def _marked(file: Path) -> list[Span]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return read_incidents(lines, str(file))


def _from_csv(arguments: argparse.Namespace) -> Histories:
    with arguments.csv.open(encoding="utf-8-sig", newline="") as file:
        times, values = read_series(file, str(arguments.csv))
    return {(): (times, values)}


async def _from_prometheus(
    arguments: argparse.Namespace, watched: WatchedThreshold, settings: Configuration
) -> Histories:
    """Return what Prometheus has, by the threshold's own labels. Raises ValueError where it has nothing."""
    import aiohttp

    from runtime.prometheus import PrometheusReader, SeriesUnavailable, login_headers

    url = settings.prometheus.url
    async with aiohttp.ClientSession() as session:
        reader = PrometheusReader(session, url, headers=login_headers(settings.prometheus))
        try:
            found = await _read(reader, watched, arguments.days, arguments.step)
        except SeriesUnavailable as error:
            raise ValueError(f"backtest: {error}; is prometheus.url right, or use --csv FILE") from None
    if arguments.instance:
        found = {place: history for place, history in found.items() if ("instance", arguments.instance) in place}
    if not found:
        where = f" of instance {arguments.instance}" if arguments.instance else ""
        raise ValueError(f"backtest: {url} has no values of {arguments.metric!r}{where} in these days")
    return {place: (sorted(history), [history[one] for one in sorted(history)]) for place, history in found.items()}


async def _read(
    reader: "SeriesReader", watched: WatchedThreshold, days: float, step: float
) -> dict[Place, dict[float, float]]:
    """Return four weeks at five minutes to learn from, then the days to replay: of each moment the worst value."""
    now = SystemClock().time()
    start = now - days * _DAY_SECONDS
    learned = (start - _LEARNED_DAYS * _DAY_SECONDS, start - _LEARNED_STEP_SECONDS, _LEARNED_STEP_SECONDS)
    worst = max if watched.config.direction == "upper" else min
    found: dict[Place, dict[float, float]] = {}
    for span in (learned, (start, now, step)):
        for series in await _first_known(reader, watched.names, *span):
            place = tuple((label, series.labels[label]) for label in watched.per if label in series.labels)
            history = found.setdefault(place, {})
            for moment, value in zip(series.timestamps, series.values, strict=True):
                history[moment] = worst(history.get(moment, value), value)
    return found


async def _first_known(
    reader: "SeriesReader", names: Sequence[str], start: float, end: float, step: float
) -> "Sequence[Series]":
    """Return the series of the first name that has any."""
    for name in names:
        found = await reader.range(name, start, end, step)
        if found:
            return found
    return ()


def _replay(
    arguments: argparse.Namespace, config: ThresholdConfig, histories: Histories, incidents: list[Span] | None
) -> list[Backtest]:
    tests = []
    for place, (times, values) in histories.items():
        labels = dict(place)
        start = max(times[-1] - arguments.days * _DAY_SECONDS, times[0])
        progress = _bar(labels.get("instance", arguments.metric))
        tests.append(replay(config, times, values, start=start, incidents=incidents, labels=labels, progress=progress))
    return tests


def _text(test: Backtest) -> str:
    """Return what was found as a person reads it: both kinds side by side."""
    config = test.config
    place = ", ".join(test.labels.values())
    lines = [
        f"{config.metric_name}{f' ({place})' if place else ''}, {config.direction}, base {config.base_threshold:g}: "
        f"{len(test.times):,} values from {_short(test.times[0])} to {_short(test.times[-1])}",
        f"{'':18}{'dynamic':>18}{'fixed':>18}",
    ]
    for name, figure in _FIGURES.items():
        lines.append(f"{name:18}{figure(test.dynamic):>18}{figure(test.static):>18}")
    if test.dynamic.incidents is not None:
        for name, figure in _MARKED.items():
            lines.append(f"{name:18}{figure(test.dynamic):>18}{figure(test.static):>18}")
    lines += [
        f"baseline accepted {_short(one.at)}: {one.old_level:.4g} -> {one.new_level:.4g}" for one in test.accepted
    ]
    lines.append(f"now: {test.reason}")
    return "\n".join(lines)


_FIGURES: Mapping[str, Callable[[Outcome], str]] = {
    "alerts": lambda outcome: str(len(outcome.alerts)),
    "alerts a day": lambda outcome: f"{outcome.alerts_a_day:.2f}",
    "time in alert": lambda outcome: f"{outcome.share_in_alert:.2%}",
    "first alarm": lambda outcome: _short(outcome.alerts[0].start) if outcome.alerts else "-",
}
_MARKED: Mapping[str, Callable[[Outcome], str]] = {
    "missed incidents": lambda outcome: f"{len(outcome.missed)} of {len(outcome.incidents or ())}",
    "false alerts": lambda outcome: str(len(outcome.false)),
    "median delay": lambda outcome: _delay(outcome.delays_seconds),
}


def _delay(delays: Sequence[float]) -> str:
    return f"{sorted(delays)[len(delays) // 2] / 60:.0f} min" if delays else "-"


def _short(moment: float) -> str:
    return format_utc(moment)[:16].replace("T", " ")


def _bar(name: str) -> Callable[[int, int], None]:
    """Return what shows progress on a terminal, and nothing elsewhere."""
    shown = sys.stderr.isatty()

    def progress(done: int, of: int) -> None:
        if shown:
            filled = round(30 * done / of)
            end = "\n" if done == of else ""
            sys.stderr.write(f"\rbacktest {name} [{'#' * filled}{'.' * (30 - filled)}] {done / of:4.0%}{end}")
            sys.stderr.flush()

    return progress


def _talk(line: str) -> None:
    sys.stderr.write(f"{line}\n")
