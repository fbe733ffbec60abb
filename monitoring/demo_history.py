"""Four weeks of made history for the demo, so that its thresholds have something to learn from."""

import math
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

DAYS = 28
STEP_SECONDS = 300.0

Shape = Callable[[float, random.Random], float]


def openmetrics(end: float, instances: dict[str, str], seed: int = 4) -> Iterator[str]:
    """Yield lines of an OpenMetrics file: the guide's figures every five minutes over the four weeks before `end`.

    end: epoch seconds. instances: HOST:PORT by job (`exporter`, `app`), as Prometheus scrapes them.
    """
    chance = random.Random(seed)  # noqa: S311 - made-up values, the same at every run
    first = end - DAYS * 86400
    for name, (job, shape) in FIGURES.items():
        yield f"# TYPE {name} gauge\n"
        labels = f'{{job="{job}",instance="{instances[job]}"}}'
        for index in range(int((end - first) / STEP_SECONDS)):
            moment = first + index * STEP_SECONDS
            yield f"{name}{labels} {max(0.0, shape(moment, chance)):.4f} {moment:.0f}\n"
    yield "# EOF\n"


def _day(moment: float) -> float:
    """Return 0 at night to 1 in the early afternoon (UTC)."""
    hour = (moment % 86400) / 3600
    return 0.5 - 0.5 * math.cos(2 * math.pi * (hour - 2) / 24)


def _week(moment: float) -> float:
    """Return 1 on working days, less on Saturday and Sunday."""
    return 0.6 if datetime.fromtimestamp(moment, UTC).weekday() >= 5 else 1.0


def _error_rate(moment: float, chance: random.Random) -> float:
    return chance.gauss(1.2 + 0.6 * _day(moment) * _week(moment), 0.15)


def _response_time(moment: float, chance: random.Random) -> float:
    return chance.gauss(60 + 40 * _day(moment) * _week(moment), 5)


def _cpu(moment: float, chance: random.Random) -> float:
    return chance.gauss(25 + 20 * _day(moment) * _week(moment), 3)


def _memory(moment: float, chance: random.Random) -> float:
    return chance.gauss(40 + 4 * _day(moment), 1)


FIGURES: dict[str, tuple[str, Shape]] = {
    "error_rate": ("app", _error_rate),
    "response_time_ms": ("app", _response_time),
    "cpu_percent": ("exporter", _cpu),
    "memory_percent": ("exporter", _memory),
}
