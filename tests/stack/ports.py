"""Ports for a whole stack."""

import os

from monitoring.rendering import Addresses
from monitoring.supervisor import port_problem

WORKERS = 10


def free_offset() -> int:
    """Return a `--port-offset` with which every port of the stack is free; test processes side by side get others."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
    for offset in range(10_000 + 50 * worker, 23_000, 50 * WORKERS):
        if not any(port_problem(address) for _, address in Addresses().shifted(offset).items()):
            return offset
    raise AssertionError("no free ports")
