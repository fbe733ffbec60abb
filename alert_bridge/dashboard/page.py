"""How the page's files are served: which files, and what a browser may load and connect to while it shows them."""

from pathlib import Path

from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

STATIC = Path(__file__).parent / "static"

PUBLIC_PATHS = ("/", "/index.html", "/css/", "/icons/", "/js/", "/vendor/")
"""What a browser needs before anybody has logged in: the page's own files, which hold no data."""


def csp(feed_port: int) -> str:
    """Return the page's Content-Security-Policy: nothing from elsewhere, nothing inline, and the feed's port.

    The feed is another origin than the page, by its port alone; its host is the one that the page was opened with.
    """
    return (
        "default-src 'self'; "
        f"connect-src 'self' ws://*:{feed_port} wss://*:{feed_port}; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    )


class _PageFiles(StaticFiles):
    """Static files that a browser asks for again each time, so that an update is seen at once (304 if unchanged)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_revalidated(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"cache-control", b"no-cache")]
            await send(message)

        await super().__call__(scope, receive, send_revalidated)


def page_route() -> Mount:
    """Return the route of the page's files; it takes every path, so it comes last."""
    return Mount("/", app=_PageFiles(directory=STATIC, html=True), name="page")
