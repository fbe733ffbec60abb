"""The first tables: log patterns and anomalies (the guide's columns and more), and what has to be remembered."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "log_patterns",
        sa.Column("pattern_id", sa.Text, primary_key=True),
        sa.Column("frequency", sa.Integer, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("examples", sa.Text, nullable=False),
        sa.Column("description_ja", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("category", sa.Text),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("first_seen", sa.Text, nullable=False),
        sa.Column("last_seen", sa.Text, nullable=False),
        sa.Column("learned", sa.Boolean, nullable=False),
        sa.Column("trend", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
    )
    op.create_index("log_patterns_last_seen", "log_patterns", ["last_seen"])
    op.create_table(
        "anomalies",
        sa.Column("timestamp", sa.Text, nullable=False),
        sa.Column("anomaly_type", sa.Text, nullable=False),
        sa.Column("severity", sa.Float, nullable=False),
        sa.Column("confidence_score", sa.Float, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("series", sa.Text, nullable=False),
        sa.Column("severity_name", sa.Text, nullable=False),
        sa.Column("methods", sa.Text, nullable=False),
        sa.Column("explanation", sa.Text, nullable=False),
        sa.Column("explanation_ja", sa.Text, nullable=False),
        sa.Column("last_seen", sa.Text, nullable=False),
        sa.Column("ended_at", sa.Text),
        sa.Column("origin", sa.Text, nullable=False),
    )
    op.create_index("anomalies_timestamp", "anomalies", ["timestamp"])
    op.create_index("anomalies_last_seen", "anomalies", ["last_seen"])
    op.create_table(
        "analyzer_state",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
