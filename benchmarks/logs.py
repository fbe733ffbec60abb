"""How fast lines become patterns and metrics: this analyzer beside Drain3 and mtail, each alone on one core.

    uv run python benchmarks/logs.py [digits|hex|raw|japanese ...] [--lines N] [--mtail-lines N] [--repeat N]

Ours: `miner` is the template miner alone (messages in, template ids out); `path` reads a file through headers, miner,
predefined patterns, masking and counts; `live` does so as the service does, from the followed file to its metrics.
Drain3 has the masks of its own example; mtail counts the predefined patterns, which are all in the syntax that both
understand, with GOMAXPROCS=1, in fewer lines as they take it long. What is not installed is left out. Runs alternate;
figures are medians.

Lines/s are lines per second of processor time, which other work on the machine disturbs least; of `miner` and Drain3,
without reading the file. A start takes them all some tenths of a second, as new things are slow: short logs show that.
"""

import argparse
import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from benchmarks.made_logs import HEADED, LOGS, write

BATCH_LINES = 20_000
DRAIN3_MASKS = (  # examples/drain3.ini of its repository
    (r"((?<=[^A-Za-z0-9])|^)(([0-9a-f]{2,}:){3,}([0-9a-f]{2,}))((?=[^A-Za-z0-9])|$)", "ID"),
    (r"((?<=[^A-Za-z0-9])|^)(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})((?=[^A-Za-z0-9])|$)", "IP"),
    (r"((?<=[^A-Za-z0-9])|^)([0-9a-f]{6,} ?){3,}((?=[^A-Za-z0-9])|$)", "SEQ"),
    (r"((?<=[^A-Za-z0-9])|^)([0-9A-F]{4} ?){4,}((?=[^A-Za-z0-9])|$)", "SEQ"),
    (r"((?<=[^A-Za-z0-9])|^)(0x[a-f0-9A-F]+)((?=[^A-Za-z0-9])|$)", "HEX"),
    (r"((?<=[^A-Za-z0-9])|^)([\-\+]?\d+)((?=[^A-Za-z0-9])|$)", "NUM"),
    (r"(?<=executed cmd )(\".+?\")", "CMD"),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took. found: templates, patterns, or counters that are not 0."""

    lines: int
    cpu_seconds: float
    resident_megabytes: float
    found: int

    @property
    def rate(self) -> float:
        """Lines a second of processor time."""
        return self.lines / self.cpu_seconds


class Timer:
    """Adds up the processor time spent within it."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = time.process_time()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.process_time() - self._began


TIMER = Timer()


def miner(log: Path) -> tuple[int, int]:
    from analyzer.templates import TemplateMiner

    found, number = TemplateMiner(), 0
    for lines in _batches(log):
        with TIMER:
            for line in lines:
                found.add(line)
        number += len(lines)
    return number, len(found)


def path(log: Path) -> tuple[int, int]:
    from analyzer.intake import Intake
    from analyzer.settings import AnalyzerSettings, SourceSettings
    from analyzer.sources.archives import read_chunks
    from analyzer.stages import Batch, LogStages
    from runtime.clock import SystemClock

    stages, batch = LogStages(AnalyzerSettings()), Batch()
    source = SourceSettings(name="log", path=str(log))
    intake = Intake(stages, source, SystemClock(), lambda run: stages.count("log", run, batch) and None)
    with TIMER:
        for lines in read_chunks(log):
            intake.take("log", lines)
        intake.finish("log")
        intake.flush()
    return batch.lines.total(), len(stages.book)


def live(log: Path) -> tuple[int, int]:
    """Follow an empty file, let it become the log, and read until nothing is left."""
    from prometheus_client import CollectorRegistry

    from analyzer.live import LiveAnalysis
    from analyzer.metrics import AnalyzerMetrics
    from analyzer.settings import AnalyzerSettings, SourceSettings
    from analyzer.stages import LogStages
    from analyzer.store import MIGRATIONS, AnalyzerStore
    from runtime.clock import SystemClock
    from runtime.database import Database

    async def follow(folder: Path) -> tuple[int, int]:
        followed, registry, clock = folder / "app.log", CollectorRegistry(), SystemClock()
        source = SourceSettings(name="log", path=str(followed))
        settings = AnalyzerSettings(sources=(source,), learning_seconds=0)
        database = Database.open(folder / "logs.db", MIGRATIONS)
        stages = LogStages(settings)
        metrics = AnalyzerMetrics(registry, stages.catalogue)
        analysis = LiveAnalysis(settings, AnalyzerStore(database), metrics, stages, clock)
        await analysis.start(work=False)
        await analysis.poll()
        followed.symlink_to(log)
        with TIMER:
            while await analysis.poll():
                pass
            await analysis.close()
        await database.close()
        counted = sum(
            sample.value
            for family in registry.collect()
            for sample in family.samples
            if sample.name == "log_lines_total"
        )
        return int(counted), len(stages.book)

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(follow(Path(folder)))


def drain3(log: Path) -> tuple[int, int]:
    from drain3 import TemplateMiner
    from drain3.masking import MaskingInstruction
    from drain3.template_miner_config import TemplateMinerConfig

    config = TemplateMinerConfig()
    config.masking_instructions = [MaskingInstruction(expression, name) for expression, name in DRAIN3_MASKS]
    found, number = TemplateMiner(config=config), 0
    for lines in _batches(log):
        with TIMER:
            for line in lines:
                found.add_log_message(line)
        number += len(lines)
    return number, len(found.drain.clusters)


RUNS: Mapping[str, Callable[[Path], tuple[int, int]]] = {"miner": miner, "path": path, "live": live, "drain3": drain3}
MTAIL = "mtail"


def _batches(log: Path) -> Iterator[list[str]]:
    with log.open(encoding="utf-8") as file:
        while lines := list(islice(file, BATCH_LINES)):
            yield [line[:-1] for line in lines]


def mtail_program() -> str:
    """Return the predefined patterns as a program of mtail: a counter for each, one for all lines."""
    from analyzer.patterns import PREDEFINED

    parts = ["counter lines_total", "// {", "  lines_total++", "}"]
    for pattern in PREDEFINED:
        expression = "|".join(f"(?:{one})" for one in pattern.expressions).replace("/", r"\/")
        parts += [f"counter {pattern.id}_total", f"/{expression}/ {{", f"  {pattern.id}_total++", "}"]
    return "\n".join(parts) + "\n"


def measured(name: str, log: Path, lines: int) -> Cost:
    """Run one of the programs in a process of its own, on one core."""
    if name == MTAIL:
        return _measured_mtail(log, lines)
    command = (sys.executable, "-m", "benchmarks.logs", "--run", name, str(log))
    answer = subprocess.run(_on_one_core(command), check=True, capture_output=True, text=True)
    cost = Cost(**json.loads(answer.stdout))
    if cost.lines != lines:
        raise RuntimeError(f"{name} counted {cost.lines} of {lines} lines")
    return cost


def _measured_mtail(log: Path, lines: int) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "patterns.mtail"
        program.write_text(mtail_program(), encoding="utf-8")
        files = ("-progs", str(program), "-logs", str(log), "-log_dir", folder)
        command = (MTAIL, "-one_shot", "-max_regexp_length", "100000", *files)
        process = subprocess.Popen(
            _on_one_core(command),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"GOMAXPROCS": "1"},
        )
        assert process.stdout is not None
        answer = json.loads(process.stdout.read())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    values = {name: sum(one["Value"]["Value"] for one in metric[0]["LabelValues"]) for name, metric in answer.items()}
    if values.pop("lines_total") != lines:
        raise RuntimeError(f"mtail did not count {lines} lines")
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(lines, cpu, usage.ru_maxrss / 1024, sum(value > 0 for value in values.values()))


def _on_one_core(command: Sequence[str]) -> Sequence[str]:
    return ("taskset", "-c", str(max(os.sched_getaffinity(0))), *command)


def run_alone(name: str, log: Path) -> None:
    """Do one run in this process and print what it took."""
    RUNS[name](write(Path(tempfile.mkdtemp()) / "warm.log", iter(["warm up 1"])))
    TIMER.seconds = 0.0
    lines, found = RUNS[name](log)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"lines": lines, "cpu_seconds": TIMER.seconds, "resident_megabytes": resident, "found": found}))


def compare(logs: Sequence[str], names: Sequence[str], lines: int, mtail_lines: int, repeat: int) -> None:
    """Measure programs on made logs and print tables."""
    with tempfile.TemporaryDirectory() as folder:
        for kind in logs:
            make = LOGS[kind]
            log = write(Path(folder) / f"{kind}.log", make(lines))
            short = write(Path(folder) / f"{kind}.short.log", make(mtail_lines))
            costs: dict[str, list[Cost]] = {name: [] for name in names}
            for _ in range(repeat):
                for name in names:
                    given, count = (short, mtail_lines) if name == MTAIL else (log, lines)
                    costs[name].append(measured(name, given, count))
            print_table(kind, costs, log.stat().st_size / lines)
            log.unlink()


def print_table(kind: str, costs: Mapping[str, Sequence[Cost]], bytes_a_line: float) -> None:
    """Print the medians of one log."""
    header = "with header" if kind in HEADED else "message only"
    print(f"\n{kind} ({header}, {bytes_a_line:.0f} bytes a line)")
    rates = {name: statistics.median(cost.rate for cost in runs) for name, runs in costs.items()}
    against = [peer for peer in ("drain3", MTAIL) if peer in rates]
    print(f"{'':8}{'lines/s':>12}{'RSS MB':>8}{'found':>7}" + "".join(f"{f'x {peer}':>10}" for peer in against))
    for name, runs in costs.items():
        resident = statistics.median(cost.resident_megabytes for cost in runs)
        ratios = "".join(f"{rates[name] / rates[peer]:10.1f}" for peer in against)
        print(f"{name:8}{rates[name]:12,.0f}{resident:8.0f}{runs[-1].found:7}{ratios}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", nargs="*", metavar="LOG", help=", ".join(LOGS))
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--mtail-lines", type=int, default=5_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run_alone(options.run[0], Path(options.run[1]))
        return
    missing = [name for name, here in (("drain3", find_spec("drain3")), (MTAIL, shutil.which(MTAIL))) if not here]
    names = [name for name in (*RUNS, MTAIL) if name not in missing]
    print(f"{options.lines:,} lines, medians of {options.repeat} runs, one core each, Python {sys.version.split()[0]}")
    for name in missing:
        print(f"{name} is not installed: left out")
    compare(options.logs or list(LOGS), names, options.lines, min(options.mtail_lines, options.lines), options.repeat)


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    main()
