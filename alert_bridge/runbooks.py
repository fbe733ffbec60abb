"""Runbooks: a page of Markdown for each alert, and what to do first."""

import re
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from alert_bridge.alerts import Alert

FOLDER = Path(__file__).parent.parent / "docs" / "runbooks"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
_STEP = re.compile(r"\d+\.\s+(.+)")


@lru_cache(maxsize=256)
def runbook(name: str) -> str | None:
    """Return the text of the runbook of that name, or None."""
    file = FOLDER / f"{name}.md"
    if not _NAME.fullmatch(name) or not file.is_file():
        return None
    return file.read_text(encoding="utf-8")


def first_steps(alert: Alert) -> list[str]:
    """Return what to do first: the annotation `action`, a step a line; else the runbook's numbered `Action`."""
    own = [line.strip() for line in alert.annotations.get("action", "").splitlines() if line.strip()]
    if own:
        return own
    _, _, action = (runbook(PurePosixPath(alert.runbook_url or alert.name).stem) or "").partition("\n## Action")
    body, _, _ = action.partition("\n## ")
    return [match[1].strip() for line in body.splitlines() if (match := _STEP.match(line.strip()))]


def shown(alert: Alert) -> dict[str, Any]:
    """Return an alert as the API, the feed and webhooks show it: its values, and what to do first."""
    return {**alert.to_dict(), "first_steps": first_steps(alert)}
