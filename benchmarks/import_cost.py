"""What an application pays for `import monitoring.integrated_monitor`, and for the decorator on top of it.

python benchmarks/import_cost.py [RUNS]
"""

import json
import statistics
import subprocess
import sys

LIMIT_SECONDS = 0.2
LIMIT_MEGABYTES = 40.0
STEPS = {
    "import": "import monitoring.integrated_monitor",
    "import and decorator": (
        "from monitoring.integrated_monitor import IntegratedMonitoringSystem, monitoring_required\n"
        "monitoring_required(IntegratedMonitoringSystem('unused'))(print)"
    ),
}
PROGRAM = """
import json, time
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6
memory, begun = resident(), time.perf_counter()
{step}
print(json.dumps([time.perf_counter() - begun, resident() - memory]))
"""


def measure(step: str) -> tuple[float, float]:
    """Return seconds and megabytes of one step in a fresh interpreter."""
    command = [sys.executable, "-c", PROGRAM.format(step=step)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, megabytes = json.loads(done.stdout)
    return seconds, megabytes


def main() -> int:
    """Print the medians beside the limits."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"median of {runs} fresh interpreters; limits {LIMIT_SECONDS} s, {LIMIT_MEGABYTES:g} MB")
    for name, step in STEPS.items():
        costs = [measure(step) for _ in range(runs)]
        seconds = statistics.median(seconds for seconds, _ in costs)
        megabytes = statistics.median(megabytes for _, megabytes in costs)
        shares = f"{seconds / LIMIT_SECONDS:.2f} and {megabytes / LIMIT_MEGABYTES:.2f} of the limits"
        print(f"{name:<21} {seconds:6.3f} s {megabytes:6.1f} MB   {shares}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
