"""Changes, and what the alert list needs."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables and columns."""
