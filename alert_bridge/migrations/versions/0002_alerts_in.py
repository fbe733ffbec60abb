"""What the way in needs: inbox and dead letters, episodes."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables and columns."""
