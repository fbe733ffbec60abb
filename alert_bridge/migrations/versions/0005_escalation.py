"""Escalations: the policies that episodes began with, how far each has come, and the steps that were taken."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables and columns."""
    op.create_table(
        "escalation_policies",
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("first_used_at", sa.Text, nullable=False),
    )
    op.create_table(
        "escalations",
        sa.Column("alert_id", sa.Text, sa.ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("policy_version", sa.Text, sa.ForeignKey("escalation_policies.version"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("elapsed_seconds", sa.Float, nullable=False),
        sa.Column("running_since", sa.Text),
        sa.Column("stood_by", sa.Text),
        sa.Column("told", sa.JSON),
        sa.Column("told_severity", sa.Text, nullable=False),
        sa.Column("own_channels", sa.JSON, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("due_at", sa.Text),
    )
    op.create_index("escalations_due", "escalations", ["due_at"])
    op.create_index("escalations_running", "escalations", ["running_since"])
    op.create_table(
        "escalation_steps",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("alert_id", sa.Text, sa.ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("policy_version", sa.Text, nullable=False),
        sa.Column("loop", sa.Integer, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("done_at", sa.Text, nullable=False),
        sa.UniqueConstraint("alert_id", "policy_version", "loop", "step", "action", name="escalation_once"),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("escalation_steps", "escalations", "escalation_policies"):
        op.drop_table(table)
