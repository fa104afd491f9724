"""How Alembic runs our migrations."""

from chassis.migrations import run_migrations

run_migrations()
