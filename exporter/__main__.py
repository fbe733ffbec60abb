"""`python -m exporter`: serve the host's metrics."""

import argparse
import sys

from exporter.app import SWITCH, build
from exporter.host_metrics import NAMES, OFF_BY_DEFAULT
from exporter.settings import Configuration
from runtime.service import argument_parser, run

PORT = 9105


def parser() -> argparse.ArgumentParser:
    """Return the exporter's arguments: the common ones, and a switch for each collector."""
    arguments = argument_parser("exporter", PORT)
    collectors = arguments.add_argument_group("collectors", "each can be switched on and off")
    for name in NAMES:
        collectors.add_argument(
            f"--collector.{name}",
            dest=f"{SWITCH}{name}",
            action=argparse.BooleanOptionalAction,
            default=argparse.SUPPRESS,
            help=f"by default {'off' if name in OFF_BY_DEFAULT else 'on'}",
        )
    return arguments


if __name__ == "__main__":
    sys.exit(run(parser(), Configuration, build))
