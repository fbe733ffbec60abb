"""A word about many alerts is a row for each of them."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Drop the column that held them; nothing else read it."""
    op.drop_column("outbox", "alert_ids")
