"""Ports for a whole stack."""

from monitoring.rendering import Addresses
from monitoring.supervisor import port_problem


def free_offset() -> int:
    """Return a `--port-offset` with which every port of the stack is free."""
    for offset in range(10_000, 30_000, 50):
        if not any(port_problem(address) for _, address in Addresses().shifted(offset).items()):
            return offset
    raise AssertionError("no free ports")
