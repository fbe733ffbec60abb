"""Real load on the real processors."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alert_bridge.threshold_config import ThresholdConfig
from tests.embedded import quick, rows, running
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.slow]
BURN = "import time\nend = time.monotonic() + 120\nwhile time.monotonic() < end: pass"


@pytest.fixture
def load() -> Iterator[None]:
    """Two busy processes; they end by themselves too."""
    busy = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(2)]
    yield
    for process in busy:
        process.kill()
        process.wait()


@pytest.mark.usefixtures("load")
async def test_busy_processors_raise_an_alert(tmp_path: Path) -> None:
    monitor = quick(tmp_path)
    config = ThresholdConfig("cpu_percent", 3.0, min_threshold=1.0, max_threshold=3.0)
    monitor.alert_system.threshold_manager.register_threshold(config)
    async with running(monitor, dashboard=False):
        await until(
            lambda: rows(tmp_path, "SELECT name FROM alerts") == [("CpuPercentAboveThreshold",)], "the alert fires", 100
        )
