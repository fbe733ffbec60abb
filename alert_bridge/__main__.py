"""`python -m alert_bridge`: take alerts, tell people, serve the feed and the page."""

import sys

from alert_bridge.app import build
from alert_bridge.settings import Configuration
from runtime.service import argument_parser, run

PORT = 9107

if __name__ == "__main__":
    sys.exit(run(argument_parser("alert_bridge", PORT), Configuration, build))
