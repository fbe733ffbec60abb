"""Changes; when an acknowledgement is reminded of; the index behind the list of open alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table, the column and the index."""
    op.create_table(
        "changes",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("timestamp", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("service", sa.Text),
        sa.Column("version", sa.Text),
        sa.Column("author", sa.Text),
        sa.Column("source", sa.Text, nullable=False),
    )
    op.create_index("changes_timestamp", "changes", ["timestamp", "id"])
    op.add_column("alerts", sa.Column("acknowledge_remind_at", sa.Text))
    op.add_column("alerts", sa.Column("anomalies", sa.JSON, nullable=False, server_default="[]"))
    op.create_index(
        "alerts_open",
        "alerts",
        ["severity", "status", "created_at", "id"],
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
