"""Alembic scripts of the alert database."""
