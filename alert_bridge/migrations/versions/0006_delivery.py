"""Leases, targets and bundles of the outbox."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables and columns."""
