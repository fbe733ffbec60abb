"""The history of thresholds (the guide's table)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Connection,
    insert,
    select,
)

from alert_bridge.store.tables import threshold_history
from alert_bridge.threshold_manager import ThresholdChange
from runtime.clock import format_utc


def record(connection: Connection, change: ThresholdChange) -> None:
    """Add a row to the history of thresholds."""
    connection.execute(
        insert(threshold_history).values(
            metric_name=change.metric_name,
            threshold_value=change.value,
            calculated_at=format_utc(change.calculated_at),
            reason=change.reason,
            labels=dict(change.labels),
            reason_key=change.reason_key,
            reason_values=dict(change.reason_values),
        )
    )


def rows(
    connection: Connection, metric_name: str, limit: int, labels: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return the newest rows of a metric's thresholds with these labels, newest first."""
    table = threshold_history
    query = select(table).where(table.c.metric_name == metric_name).order_by(table.c.number.desc()).limit(limit)
    for name, value in (labels or {}).items():
        query = query.where(table.c.labels[name].as_string() == value)
    return [
        {key: value for key, value in row.items() if key != "number"} for row in connection.execute(query).mappings()
    ]
