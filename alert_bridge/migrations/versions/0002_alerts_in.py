"""What the way in needs: until when a posted alert holds, and since when one fires on after its end."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the columns."""
    op.add_column("alerts", sa.Column("expires_at", sa.Text))
    op.add_column("alerts", sa.Column("late_since", sa.Text))
