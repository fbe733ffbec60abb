"""Dynamic thresholds beside what else is used: what is missed, what is false, how soon, and what it costs.

Six simulated weeks a run: a weekly season with lasting noise, nothing wrong in the first four, then labelled incidents
(steps, ramps, doubled nights, flapping, drops, a change of season, outliers, gaps). Every method gets the same values
and the same hold: three samples of five minutes in a row are an alarm; what comes within an hour is one alarm.

    uv run python benchmarks/thresholds.py [--seeds 20] [--png FILE]
"""

import argparse
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alert_bridge.threshold_config import ThresholdConfig
from alert_bridge.threshold_manager import DynamicThresholdManager

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

HOUR, DAY, WEEK = 12, 288, 2016  # samples
LEARNED, LENGTH = 4 * WEEK, 6 * WEEK
START = 1_736_121_600.0  # a Monday
HELD = 3
MULTIPLIERS = (1.5, 2.0, 2.5, 3.0, 3.5, 4.0)


@dataclass(frozen=True)
class Case:
    """A series with its incidents. sign: -1 where too little is the incident. spans: first and end sample."""

    values: Floats
    spans: tuple[tuple[int, int], ...]
    sign: float = 1.0


@dataclass(frozen=True)
class Score:
    """What one method did to one case."""

    incidents: int
    missed: int
    false: int
    delays: tuple[float, ...]
    seconds_in_alert: float


# ---- series


def season(length: int = LENGTH) -> Floats:
    samples = np.arange(length)
    hour, day = samples % DAY / HOUR, samples // DAY % 7
    busy = 30 + 70 * np.exp(-(((hour - 14) / 5) ** 2))
    return np.where(day >= 5, 0.6 * busy, busy)


def noise(rng: np.random.Generator, length: int = LENGTH, left: float = 0.5) -> Floats:
    """Return noise of spread 1, of which a share is left after five minutes."""
    white = rng.standard_normal(length) * np.sqrt(1 - left**2)
    lasting = np.empty(length)
    lasting[0] = white[0]
    for place in range(1, length):
        lasting[place] = left * lasting[place - 1] + white[place]
    return lasting


def _places(rng: np.random.Generator, hours: float, count: int = 4) -> list[int]:
    """Return begins of incidents, one in each half week after what is learned, long enough before its end."""
    half = WEEK // 2
    last = half - int((hours + 6) * HOUR)
    return [LEARNED + number * half + int(rng.integers(HOUR, last)) for number in range(count)]


def _spans(begins: Sequence[int], hours: float) -> tuple[tuple[int, int], ...]:
    return tuple((begin, begin + int(hours * HOUR)) for begin in begins)


def step(base: Floats, rng: np.random.Generator) -> Case:
    spans = _spans(_places(rng, 4), 4)
    for begin, end in spans:
        base[begin:end] *= 1.8
    return Case(base, spans)


def ramp(base: Floats, rng: np.random.Generator) -> Case:
    spans = _spans(_places(rng, 8), 8)
    for begin, end in spans:
        base[begin:end] *= np.minimum(np.linspace(1, 2 + 2 / 3, end - begin), 2)
    return Case(base, spans)


def doubled_night(base: Floats, rng: np.random.Generator) -> Case:
    days = rng.choice(14, 4, replace=False)
    spans = _spans([LEARNED + int(day) * DAY + 3 * HOUR for day in sorted(days)], 1.5)
    for begin, end in spans:
        base[begin:end] *= 2
    return Case(base, spans)


def flapping(base: Floats, rng: np.random.Generator) -> Case:
    spans = _spans(_places(rng, 3), 3)
    for begin, end in spans:
        on = np.arange(end - begin) % 6 < 4  # twenty minutes on, ten off
        base[begin:end] *= np.where(on, 2, 1)
    return Case(base, spans)


def drop(base: Floats, rng: np.random.Generator) -> Case:
    spans = _spans(_places(rng, 2), 2)
    for begin, end in spans:
        base[begin:end] *= 0.35
    return Case(base, spans, sign=-1.0)


def new_season(base: Floats, rng: np.random.Generator) -> Case:
    """A level 15 % higher from week 5 on is no incident, a doubling then is one."""
    base[LEARNED:] *= 1.15
    return doubled_night(base, rng)


def outliers(base: Floats, rng: np.random.Generator) -> Case:
    """One sample in a hundred is three times as high: no incident."""
    base[rng.random(LENGTH) < 0.01] *= 3
    return step(base, rng)


def gaps(base: Floats, rng: np.random.Generator) -> Case:
    case = step(base, rng)
    for begin in rng.integers(WEEK, LENGTH - DAY, 12):
        base[begin : begin + int(rng.integers(HOUR, 8 * HOUR))] = np.nan
    known = tuple((begin, end) for begin, end in case.spans if np.isfinite(base[begin:end]).mean() > 0.9)
    return Case(base, known)


CASES = {one.__name__: one for one in (step, ramp, doubled_night, flapping, drop, new_season, outliers, gaps)}


def case_of(name: str, seed: int) -> Case:
    rng = np.random.default_rng((seed, list(CASES).index(name)))
    return CASES[name](season() * (1 + 0.06 * noise(rng)), rng)


# ---- methods: values in, upper threshold of each sample out, from what lay before it


def ours(values: Floats, k: float) -> Floats:
    finite = values[np.isfinite(values)]
    base = float(np.quantile(finite[: LEARNED // 2], 0.999))
    lowest, highest = sorted((base / 20, 20 * base))
    config = ThresholdConfig("x", base, min_threshold=lowest, max_threshold=highest, std_multiplier=k)
    if base < 0:
        config = ThresholdConfig("x", base, min_threshold=10 * float(finite.min()), max_threshold=0.0, std_multiplier=k)
    manager = DynamicThresholdManager()
    manager.register_threshold(config)
    moments = START + 300.0 * np.arange(len(values))
    manager.load_history("x", moments[:LEARNED].tolist(), values[:LEARNED].tolist())
    limits = np.full(len(values), np.nan)
    for place in range(LEARNED, len(values)):
        at, value = float(moments[place]), float(values[place])
        manager.add_metric_value("x", value, at)
        limits[place] = manager.get_threshold("x", at)
    return limits


def fixed(values: Floats, _: float) -> Floats:
    """A well-chosen number: one sample in a thousand of the learned weeks is beyond it."""
    return np.full(len(values), np.nanquantile(values[:LEARNED], 0.999))


def _before(values: Floats, window: int) -> Floats:
    """Return for each sample the window before it, shape (n, window); NaN where there is nothing."""
    padded = np.concatenate([np.full(window, np.nan), values[:-1]])
    return np.lib.stride_tricks.sliding_window_view(padded, window)


def mean_and_sigma(values: Floats, k: float) -> Floats:
    windows = _before(values, DAY)
    return np.asarray(np.nanmean(windows, 1) + k * np.nanstd(windows, 1))


def median_and_mad(values: Floats, k: float) -> Floats:
    windows = _before(values, DAY)
    centre = np.nanmedian(windows, 1)
    return np.asarray(centre + k * 1.4826 * np.nanmedian(np.abs(windows - centre[:, None]), 1))


def grafana_adaptive(values: Floats, k: float) -> Floats:
    """The arithmetic of the adaptive rules of grafana/promql-anomaly-detection: short, margin and long term band."""
    hours = _before(np.append(values, np.nan), HOUR)[1:]  # the hour up to and with the sample
    mean, spread = np.nanmean(hours, 1), np.nanstd(hours, 1)
    busy = np.where(spread > 0.5 * np.abs(mean), spread, np.nan)
    short = mean + k * np.nanmean(_before(np.append(busy, np.nan), 26 * HOUR)[1:], 1)
    margin = mean + 0.5 * np.abs(mean)
    long_term = [_shifted(mean + k * spread, offset) for offset in (int(167.5 * HOUR), int(23.5 * HOUR))]
    return np.asarray(np.nanmax(np.vstack([short, margin, *long_term]), 0))


def _shifted(values: Floats, by: int) -> Floats:
    return np.concatenate([np.full(by, np.nan), values[:-by]])


def holt_winters(values: Floats, k: float) -> Floats:
    """Additive level and weekly season (smoothing 0.05 and 0.2); the band from smoothed squared errors."""
    limits = np.full(len(values), np.nan)
    seasonal = np.nan_to_num(values[:WEEK] - np.nanmean(values[:WEEK]))
    level, variance = float(np.nanmean(values[:WEEK])), float(np.nanvar(values[:WEEK]) / 25)
    for place in range(WEEK, len(values)):
        slot = place % WEEK
        limits[place] = level + seasonal[slot] + k * np.sqrt(variance)
        error = values[place] - level - seasonal[slot]
        if np.isfinite(error):
            level += 0.05 * error
            seasonal[slot] += 0.2 * (values[place] - level - seasonal[slot])
            variance += 0.01 * (error**2 - variance)
    return limits


METHODS: dict[str, tuple[Callable[[Floats, float], Floats], float]] = {
    "ours": (ours, 2.0),
    "fixed": (fixed, 0.0),
    "mean + 3 sigma, 24 h": (mean_and_sigma, 3.0),
    "median + 3 MAD, 24 h": (median_and_mad, 3.0),
    "Grafana adaptive rules": (grafana_adaptive, 2.0),
    "Holt-Winters, 3 sigma": (holt_winters, 3.0),
}


# ---- scoring


def alarms(over: Flags) -> list[tuple[int, int]]:
    """Return first and last sample of each alarm."""
    held = over.copy()
    for back in range(1, HELD):
        held[back:] &= over[:-back]
    held[: HELD - 1] = False
    found: list[tuple[int, int]] = []
    for place in np.flatnonzero(held).tolist():
        if found and place - found[-1][1] <= HOUR:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found


def score(case: Case, limits: Floats) -> Score:
    over = np.nan_to_num(case.sign * case.values, nan=-np.inf) > np.nan_to_num(limits, nan=np.inf)
    found = [one for one in alarms(over) if one[0] >= LEARNED]
    inside = {span: [one for one in found if one[0] <= span[1] and one[1] >= span[0]] for span in case.spans}
    near = {one for begin, end in case.spans for one in found if one[0] <= end + HOUR and one[1] >= begin}
    false = [one for one in found if one not in near]
    delays = tuple(max(0, of[0][0] - span[0]) * 300.0 for span, of in inside.items() if of)
    missed = sum(not of for of in inside.values())
    return Score(len(case.spans), missed, len(false), delays, 300.0 * sum(b - a + 1 for a, b in false))


def run(job: tuple[str, str, float, int]) -> tuple[Score, float]:
    """Run one method over one case; returns its score and the CPU seconds it took."""
    case_name, method, k, seed = job
    case = case_of(case_name, seed)
    began = time.process_time()
    limits = METHODS[method][0](case.sign * case.values, k)
    return score(case, limits), time.process_time() - began


# ---- tables and picture


def total(scores: Sequence[Score]) -> tuple[float, float, float, float]:
    """Return share missed, false alarms a week, median delay in minutes, share of the time in false alert."""
    incidents = sum(one.incidents for one in scores)
    weeks = len(scores) * (LENGTH - LEARNED) / WEEK
    delays = [delay for one in scores for delay in one.delays]
    return (
        sum(one.missed for one in scores) / incidents,
        sum(one.false for one in scores) / weeks,
        statistics.median(delays) / 60 if delays else float("nan"),
        sum(one.seconds_in_alert for one in scores) / (weeks * 7 * 86400),
    )


def _quietly() -> None:
    """Windows without a value are nothing to warn of here."""
    warnings.simplefilter("ignore", RuntimeWarning)


def _measure(seeds: Sequence[int]) -> dict[tuple[str, float, str], list[tuple[Score, float]]]:
    """Return the scores by method, multiplier and case."""
    found: dict[tuple[str, float, str], list[tuple[Score, float]]] = {}
    settings = [(name, k) for name, (_, k) in METHODS.items()] + [("ours", k) for k in MULTIPLIERS if k != 2.0]
    with ProcessPoolExecutor(os.cpu_count(), initializer=_quietly) as pool:
        for name, k in settings:
            jobs = [(case, name, k, seed) for case in CASES for seed in seeds]
            for (case, *_), one in zip(jobs, pool.map(run, jobs, chunksize=4), strict=True):
                found.setdefault((name, k, case), []).append(one)
            sys.stderr.write(f"{name} {k:g} is done\n" if sys.stderr.isatty() else "")
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--png", type=Path, help="draw missed against false alarms")
    arguments = parser.parse_args()
    found = _measure(range(1, arguments.seeds + 1))

    def scores(name: str, k: float, cases: Sequence[str] = tuple(CASES)) -> list[Score]:
        return [one for case in cases for one, _ in found[name, k, case]]

    points = {name: total(scores(name, k)) for name, (_, k) in METHODS.items()}
    curve = {k: total(scores("ours", k)) for k in MULTIPLIERS}
    print(f"{arguments.seeds} seeds x {len(CASES)} cases of {LENGTH // WEEK} weeks, the last two scored\n")
    print(f"{'method':26}{'missed':>9}{'false/week':>12}{'delay min':>11}{'false time':>12}{'us a sample':>13}")
    for name, (missed, false, delay, share) in points.items():
        taken = [seconds for case in CASES for _, seconds in found[name, METHODS[name][1], case]]
        cost = statistics.median(taken) / LENGTH * 1e6
        print(f"{name:26}{missed:>9.1%}{false:>12.2f}{delay:>11.0f}{share:>12.2%}{cost:>13.1f}")
    print(f"\n{'missed, false a week':26}" + "".join(f"{case:>16}" for case in CASES))
    for name, (_, k) in METHODS.items():
        cells = [total(scores(name, k, [case]))[:2] for case in CASES]
        print(f"{name:26}" + "".join(f"{missed:>9.0%}{false:>7.2f}" for missed, false in cells))
    print("\nours by std_multiplier")
    for k, (missed, false, *_) in curve.items():
        print(f"{k:26g}{missed:>9.1%}{false:>12.2f}")
    by_false = sorted((false, missed) for missed, false, *_ in curve.values())
    print(f"\n{'at the false alarms of':26}{'it misses':>11}{'ours misses':>13}")
    for name, (missed, false, *_) in points.items():
        if name != "ours":
            at = float(np.interp(false, [f for f, _ in by_false], [m for _, m in by_false]))
            print(f"{name:26}{missed:>11.1%}{at:>13.1%}")
    if arguments.png:
        arguments.png.write_bytes(draw(by_false, points))


def draw(curve: Sequence[tuple[float, float]], points: dict[str, tuple[float, float, float, float]]) -> bytes:
    """Return the picture: missed against false alarms, ours as a line over its multiplier."""
    from matplotlib.figure import Figure

    from alert_bridge.pictures import INK, META, PAPER, RULE, WORKED_OUT, look, png

    with look(japanese=False):
        figure = Figure(figsize=(8, 5), dpi=100, facecolor=PAPER)
        panel = figure.subplots()
        panel.plot([f for f, _ in curve], [100 * m for _, m in curve], "o-", color=WORKED_OUT)
        for name, (missed, false, *_) in points.items():
            colour = WORKED_OUT if name == "ours" else INK
            panel.plot([false], [100 * missed], "o", color=colour)
            panel.annotate(name, (false, 100 * missed), (6, 5), textcoords="offset points", color=colour)
        panel.set_xscale("symlog", linthresh=0.1)
        panel.set_xlim(left=-0.01)
        panel.set_xlabel("false alarms a week", color=META)
        panel.set_ylabel("incidents missed, %", color=META)
        panel.grid(color=RULE)
        panel.spines[["top", "right"]].set_visible(False)
        return png(figure)


if __name__ == "__main__":
    main()
