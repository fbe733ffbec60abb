"""The list of alerts as CSV, for a spreadsheet: what a label says is a text there, never a formula."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

COLUMNS = (
    "id",
    "name",
    "severity",
    "status",
    "message",
    "created_at",
    "updated_at",
    "resolved_at",
    "acknowledged_by",
    "acknowledged_at",
    "assignee",
    "comment",
    "escalation_level",
    "suppressed_by",
    "reason",
    "value",
    "threshold",
    "runbook_url",
    "fingerprint",
    "labels",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def sheet(alerts: Iterable[Mapping[str, Any]], *, header: bool = False) -> str:
    """Return rows of CSV (RFC 4180) of alerts as the API shows them; labels are JSON. header: first the names."""
    out = io.StringIO()
    writer = csv.writer(out)
    if header:
        writer.writerow(COLUMNS)
    for alert in alerts:
        writer.writerow([_cell(alert[name]) for name in COLUMNS])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value
