"""Make the pictures of docs/thresholds.md: `uv run python docs/images/thresholds/make.py`.

Made-up weeks of response times, replayed by the back-test; every picture changes one thing.
"""

from pathlib import Path

import numpy as np

from alert_bridge.backtest import Span, replay
from alert_bridge.backtest_chart import draw_backtest
from alert_bridge.threshold_config import ThresholdConfig

DAY, HOUR = 86_400.0, 3_600.0
START = 1_772_409_600.0  # Monday 2026-03-02
HERE = Path(__file__).parent


def weeks(days: float, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return times and values: busy by day, less at week-ends, with noise that lasts."""
    times = START + np.arange(0, days * DAY, 300.0)
    hour, weekend = times % DAY / HOUR, (times - START) // DAY % 7 >= 5
    shape = (30 + 60 * np.exp(-(((hour - 14) / 5) ** 2))) * np.where(weekend, 0.6, 1.0)
    noise = np.random.default_rng(seed).standard_normal(len(times))
    for place in range(1, len(noise)):
        noise[place] = 0.5 * noise[place - 1] + 0.87 * noise[place]
    return times, shape * (1 + 0.06 * noise)


def picture(
    name: str, times: np.ndarray, values: np.ndarray, days: float, incidents: list[Span], **knobs: object
) -> None:
    """Replay the last days and write the picture. knobs: what differs from the defaults."""
    fields = {"base_threshold": 110.0, "min_threshold": 10.0, "max_threshold": 300.0, **knobs}
    config = ThresholdConfig("response_time_ms", **fields)  # type: ignore[arg-type] # checked by the config
    test = replay(config, times.tolist(), values.tolist(), start=times[-1] - days * DAY, incidents=incidents or None)
    (HERE / f"{name}.png").write_bytes(draw_backtest(test))


def main() -> None:
    """Write every picture."""
    times, values = weeks(35)
    night = Span(START + 31 * DAY + 3 * HOUR, START + 31 * DAY + 5 * HOUR)
    noon = Span(START + 33 * DAY + 13 * HOUR, START + 33 * DAY + 15 * HOUR)
    for one in (night, noon):
        values[(times >= one.start) & (times < one.end)] *= 1.8
    marked = [night, noon]
    picture("default", times, values, 7, marked)
    picture("multiplier", times, values, 7, marked, std_multiplier=1.0)
    picture("factor", times, values, 7, marked, adaptive_factor=0.5)
    first, early = weeks(4)
    picture("first-days", first, early, 3.99, [])
    later, shifted = weeks(35)
    shifted[later >= START + 30 * DAY] *= 1.6
    picture("accepted", later, shifted, 7, [])
    lower, requests = weeks(35)
    outage = Span(START + 32 * DAY + 10 * HOUR, START + 32 * DAY + 12 * HOUR)
    requests[(lower >= outage.start) & (lower < outage.end)] *= 0.3
    limits = {"base_threshold": 15.0, "min_threshold": 5.0, "max_threshold": 100.0}
    picture("lower", lower, requests, 7, [outage], direction="lower", **limits)


if __name__ == "__main__":
    main()
