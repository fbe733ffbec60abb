"""A mail server and a webhook receiver that write what they get into files: the other ends of the demo.

`python -m monitoring.receivers --smtp HOST:PORT --http HOST:PORT --dir DIR`. Mails go to DIR/mail/*.eml, webhooks to
DIR/hooks/*.json, each with a running number; both are there whole or not at all.
"""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from runtime.web import split_address

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session


class Folder:
    """Numbered files of one kind."""

    def __init__(self, folder: Path, suffix: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._suffix = suffix
        self._number = len(list(folder.glob(f"*{suffix}")))

    def write(self, content: bytes) -> None:
        """Write the next file."""
        self._number += 1
        path = self._folder / f"{self._number:04d}{self._suffix}"
        fresh = path.with_suffix(".new")
        fresh.write_bytes(content)
        fresh.replace(path)


class Mailbox:
    """aiosmtpd's handler: takes every mail."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    async def handle_DATA(self, server: "SMTP", session: "Session", envelope: "Envelope") -> str:  # noqa: N802, ARG002
        """Write a mail to its file."""
        content = envelope.content or b""
        self._folder.write(content if isinstance(content, bytes) else content.encode())
        return "250 OK"


async def serve(smtp: str, http: str, folder: Path, stop: asyncio.Event) -> None:
    """Receive until told to stop. smtp, http: HOST:PORT. Raises OSError if a port is in use."""
    from aiosmtpd.smtp import SMTP

    mailbox = Mailbox(Folder(folder / "mail", ".eml"))
    hooks = Folder(folder / "hooks", ".json")

    async def take(request: web.Request) -> web.Response:
        body = await request.json()
        headers = {name: value for name, value in request.headers.items() if name.lower().startswith(("idem", "x-"))}
        hooks.write(json.dumps({"path": request.path, "headers": headers, "body": body}, ensure_ascii=False).encode())
        return web.Response(text="ok")

    async def healthy(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    app = web.Application()
    app.add_routes([web.get("/-/ready", healthy), web.post("/{path:.*}", take)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, *split_address(http)).start()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, hostname="localhost"), *split_address(smtp))
    try:
        await stop.wait()
    finally:
        server.close()
        await runner.cleanup()


async def _until_signal(smtp: str, http: str, folder: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(smtp, http, folder, stop)


def main(argv: Sequence[str] | None = None) -> int:
    """Receive until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="receivers", description=__doc__.partition("\n")[0])
    parser.add_argument("--smtp", metavar="HOST:PORT", required=True)
    parser.add_argument("--http", metavar="HOST:PORT", required=True)
    parser.add_argument("--dir", metavar="DIR", type=Path, required=True)
    arguments = parser.parse_args(argv)
    asyncio.run(_until_signal(arguments.smtp, arguments.http, arguments.dir))
    return 0


if __name__ == "__main__":
    sys.exit(main())
