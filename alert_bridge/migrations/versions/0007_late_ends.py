"""When an open alert last began, the newest episode from an index alone, and what was refused."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the column and the indexes."""
    op.add_column("alerts", sa.Column("fires_since", sa.Text))
    op.drop_index("alerts_fingerprint", "alerts")
    op.create_index("alerts_fingerprint", "alerts", ["fingerprint", "created_at", "cluster"])
    refused = sa.text("error IS NOT NULL")
    op.create_index("inbox_refused", "inbox", ["number"], sqlite_where=refused, postgresql_where=refused)
