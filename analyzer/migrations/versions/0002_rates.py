"""How often each pattern is usual, families of patterns, and indexes for what lists are asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns, the table and the indexes."""
    op.add_column("log_patterns", sa.Column("rates", sa.Text))
    op.add_column("log_patterns", sa.Column("rare_at", sa.Text))
    op.create_index("log_patterns_severity", "log_patterns", ["severity"])
    op.create_index("log_patterns_frequency", "log_patterns", ["frequency"])
    op.create_index("anomalies_open", "anomalies", ["origin", "ended_at"])
    op.create_table(
        "log_families",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_ja", sa.Text, nullable=False),
        sa.Column("pattern_ids", sa.Text, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("origin", "id"),
    )
