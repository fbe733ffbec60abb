"""Runbooks: a page of Markdown for each alert, and its first steps."""

import re
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "docs" / "runbooks"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
_STEP = re.compile(r"\d+\.\s+(.+)")


def runbook(name: str) -> str | None:
    """Return the text of the runbook for an alert's name, or None."""
    file = FOLDER / f"{name}.md"
    if not _NAME.fullmatch(name) or not file.is_file():
        return None
    return file.read_text(encoding="utf-8")


def first_steps(name: str) -> list[str]:
    """Return the numbered lines under the heading `Action` of an alert's runbook."""
    _, _, action = (runbook(name) or "").partition("\n## Action")
    body, _, _ = action.partition("\n## ")
    return [match[1].strip() for line in body.splitlines() if (match := _STEP.match(line.strip()))]
