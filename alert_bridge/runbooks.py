"""Runbooks: a page of Markdown for each alert, and what to do first."""

import re
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from alert_bridge.alerts import Alert

FOLDER = Path(__file__).parent.parent / "docs" / "runbooks"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
_STEP = re.compile(r"\d+\.\s+(.+)")
_ACTION_HEADINGS = ("\n## Action", "\n## 対応")


@lru_cache(maxsize=256)
def runbook(name: str, language: str = "en") -> str | None:
    """Return the text of the runbook of that name, in English where the language has none, or None."""
    if not _NAME.fullmatch(name):
        return None
    files = (FOLDER / language / f"{name}.md", FOLDER / f"{name}.md") if language != "en" else (FOLDER / f"{name}.md",)
    return next((file.read_text(encoding="utf-8") for file in files if file.is_file()), None)


def first_steps(alert: Alert, language: str = "en") -> list[str]:
    """Return what to do first: the annotation `action`, a step a line; else the runbook's numbered `Action`."""
    texts = alert.annotations
    own = [line.strip() for line in (texts.get(f"action_{language}") or texts.get("action", "")).splitlines()]
    if any(own):
        return [line for line in own if line]
    text = runbook(PurePosixPath(alert.runbook_url or alert.name).stem, language) or ""
    heading = next((one for one in _ACTION_HEADINGS if one in text), None)
    body, _, _ = text.partition(heading)[2].partition("\n## ") if heading else ("", "", "")
    return [match[1].strip() for line in body.splitlines() if (match := _STEP.match(line.strip()))]


def shown(alert: Alert, language: str = "en") -> dict[str, Any]:
    """Return an alert as the API, the feed and webhooks show it: its values, and what to do first."""
    return {**alert.to_dict(), "first_steps": first_steps(alert, language)}
