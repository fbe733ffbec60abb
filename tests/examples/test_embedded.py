import json
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.waiting import until

PROGRAM = Path(__file__).parent.parent.parent / "examples" / "embedded.py"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(PROGRAM), "--http-port", "0", "--websocket-port", "0"]
    command += ["--db-path", str(tmp_path / "data"), "--log-directory", str(tmp_path / "logs")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()


async def test_the_example_monitors_its_own_work_and_ends_on_a_signal(
    app: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert app.stdout is not None
    found = re.fullmatch(r"dashboard  (http://\S+)\n", app.stdout.readline())
    assert found is not None

    def completed() -> bool:
        with urllib.request.urlopen(f"{found[1]}api/v1/overview", timeout=5) as response:
            tiles = {tile["name"]: tile["value"] for tile in json.load(response)["tiles"]}
        return bool(tiles.get("completed_tasks"))

    await until(completed, "completed tasks are shown")
    app.send_signal(signal.SIGTERM)
    assert app.wait(20) == 0
    with closing(sqlite3.connect(tmp_path / "data/logs_analysis.db")) as connection:
        (patterns,) = connection.execute("select description from log_patterns").fetchone()
    assert "delivered" in patterns
