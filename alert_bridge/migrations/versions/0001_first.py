"""The first tables: alerts (the guide's columns and more), their history, outbox, inbox, threshold history."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "alerts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("escalation_level", sa.Integer, nullable=False),
        sa.Column("cluster", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("annotations", sa.JSON, nullable=False),
        sa.Column("updated_at", sa.Text, nullable=False),
        sa.Column("resolved_at", sa.Text),
        sa.Column("acknowledged_by", sa.Text),
        sa.Column("acknowledged_at", sa.Text),
        sa.Column("acknowledge_expires_at", sa.Text),
        sa.Column("snoozed_until", sa.Text),
        sa.Column("comment", sa.Text),
        sa.Column("assignee", sa.Text),
        sa.Column("suppressed_by", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("reason_texts", sa.JSON, nullable=False),
        sa.Column("log_patterns", sa.JSON, nullable=False),
        sa.Column("changes", sa.JSON, nullable=False),
        sa.Column("usual_duration_seconds", sa.Float),
        sa.Column("value", sa.Float),
        sa.Column("threshold", sa.Float),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index(
        "alerts_one_open",
        "alerts",
        ["cluster", "fingerprint"],
        unique=True,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_index("alerts_fingerprint", "alerts", ["fingerprint", "created_at"])
    op.create_index("alerts_created", "alerts", ["created_at"])
    op.create_table(
        "alert_history",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("alert_id", sa.Text, sa.ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("timestamp", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("channel", sa.Text),
        sa.Column("result", sa.Text),
    )
    op.create_index("alert_history_alert", "alert_history", ["alert_id", "number"])
    op.create_table(
        "outbox",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("alert_id", sa.Text, sa.ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.Text, nullable=False),
        sa.Column("sent_at", sa.Text),
        sa.Column("error", sa.Text),
        sa.UniqueConstraint("alert_id", "event", "step", "channel", name="outbox_once"),
    )
    op.create_index("outbox_due", "outbox", ["state", "due_at"])
    op.create_table(
        "inbox",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("received_at", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
    )
    op.create_index("inbox_received", "inbox", ["received_at"])
    op.create_table(
        "threshold_history",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("metric_name", sa.Text, nullable=False),
        sa.Column("threshold_value", sa.Float, nullable=False),
        sa.Column("calculated_at", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("reason_key", sa.Text, nullable=False),
        sa.Column("reason_values", sa.JSON, nullable=False),
    )
    op.create_index("threshold_history_metric", "threshold_history", ["metric_name", "calculated_at"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("threshold_history", "inbox", "outbox", "alert_history", "alerts"):
        op.drop_table(table)
