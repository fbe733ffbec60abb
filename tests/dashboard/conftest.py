"""One backend and one browser for all tests of the page; each test gets a page of its own.

Both end with the module: Playwright keeps an event loop running in this thread, which other tests need free.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.dashboard.backend import Running, serve
from tests.tools import tool

ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)

REPORT_VIOLATIONS = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective));
"""


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with serve() as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = tool("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS.split())
        yield chromium
        chromium.close()


@dataclass
class Visitor:
    """Opens pages and keeps what they complain about."""

    browser: Browser
    running: Running
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def open(self, address: str = "overview", *, query: str = "", width: int = 1440, **context: Any) -> Page:
        """Open an address of the page and wait until there is something to see."""
        size = {"width": width, "height": context.pop("height", 900)}
        self.contexts.append(self.browser.new_context(viewport=size, **({"locale": "en-GB"} | context)))  # type: ignore[arg-type]
        page = self.contexts[-1].new_page()
        page.set_default_timeout(8000)
        page.add_init_script(REPORT_VIOLATIONS)
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.running.url}/?{query}#/{address}")
        return page

    def posted(self, page: Page, count: int) -> list[Any]:
        """Return what the server was asked to do, once it was so much: the page shows it before."""
        for _ in range(400):
            if len(self.running.backend.posts) >= count:
                break
            page.wait_for_timeout(20)
        return self.running.backend.posts

    def _note(self, type: str, text: str) -> None:
        if type in ("error", "warning") and not text.startswith("Failed to load resource"):
            self.complaints.append(text)


@pytest.fixture
def visitor(browser: Browser, running: Running) -> Iterator[Visitor]:
    running.backend.reset()
    found = Visitor(browser, running)
    yield found
    for context in found.contexts:
        for page in context.pages:
            assert page.evaluate("window.violations") == [], "the page breaks its own security policy"
            assert page.evaluate("window.hacked") is None, "text of an alert ran as a script"
        context.close()
    assert found.complaints == []
