"""Leases, targets and bundles of the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the columns; what was tried before waits for its next attempt."""
    with op.batch_alter_table("outbox") as table:
        table.drop_constraint("outbox_once", type_="unique")
        table.add_column(sa.Column("target", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("created_at", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("touched_at", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("severity", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("held_by", sa.Text))
        table.add_column(sa.Column("bundle", sa.Integer))
        table.add_column(sa.Column("alert_ids", sa.JSON))
        table.create_unique_constraint("outbox_once", ["alert_id", "event", "step", "channel", "target"])
    op.create_index("outbox_channel", "outbox", ["channel", "state"])
    op.execute("UPDATE outbox SET created_at = due_at, touched_at = due_at")
    op.execute("UPDATE outbox SET state = 'retry' WHERE state = 'pending' AND attempts > 0")
