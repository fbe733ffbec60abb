"""Alembic's entry: the connection comes from runtime.database."""

from runtime.database import run_migrations

run_migrations()
