"""A small program to supervise, and a small supervisor of it; the tests run each in a process of its own."""

import http.server
import os
import subprocess
import sys
from pathlib import Path

from monitoring.processes import Processes, Program, Signals, StartFailed

MODULE = "tests.monitoring.small_programs"


def serve(port: int, folder: Path) -> None:
    """Answer 200 on a port, with a child process of its own; both write down their numbers."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (folder / "child").write_text(str(child.pid))
    (folder / "server").write_text(str(os.getpid()))

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    http.server.HTTPServer(("127.0.0.1", port), Answer).serve_forever()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def supervise(port: int, folder: Path) -> None:
    """Supervise the server above until a signal; what is said goes to stdout."""
    command = (sys.executable, "-m", MODULE, "serve", str(port), str(folder))
    program = Program("small", command, f"http://127.0.0.1:{port}/", f"127.0.0.1:{port}")
    with Signals().installed() as signals:
        processes = Processes([program], folder / "logs", signals, say)
        try:
            processes.start()
            if processes.wait_ready(20):
                processes.watch()
        except StartFailed as error:
            say(str(error))
        finally:
            processes.stop()


if __name__ == "__main__":
    {"serve": serve, "supervise": supervise}[sys.argv[1]](int(sys.argv[2]), Path(sys.argv[3]))
