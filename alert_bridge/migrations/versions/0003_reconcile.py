"""What the reconcile poll needs: where an episode came from, when we last were in contact."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables and columns."""
    op.add_column("alerts", sa.Column("source", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "moments",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("moments")
    with op.batch_alter_table("alerts") as table:
        table.drop_column("source")
