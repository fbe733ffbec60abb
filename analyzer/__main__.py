"""`python -m analyzer`: analyse logs and series, serve what was found."""

import sys

from analyzer.app import build
from analyzer.settings import Configuration
from runtime.service import argument_parser, run

PORT = 9106


if __name__ == "__main__":
    sys.setswitchinterval(0.001)  # a thread that reads a backlog keeps a scrape waiting no longer
    sys.exit(run(argument_parser("analyzer", PORT), Configuration, build))
