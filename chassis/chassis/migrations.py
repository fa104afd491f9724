"""Schema changes, applied by `python -m <service> migrate` under a lock. Imported by commands only: Alembic takes 4 MB.

A change expands first and contracts in a later release, so the release before runs on it too (see `chassis.schema`).
"""

from pathlib import Path
from typing import Any

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.metadata import metadata, metadata_of
from chassis.schema import newest_revision

LOCK = 7_301_955_201
LOCK_TIMEOUT = "5s"


def _config(folder: Path, connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["connection"] = connection
    return config


def run_migrations() -> None:
    """All that a service's `migrations/env.py` does."""
    connection = context.config.attributes["connection"]
    package = Path(context.config.get_main_option("script_location") or "").parent.name
    context.configure(
        connection=connection,
        target_metadata=[metadata, metadata_of(package)],
        include_object=_is_ours,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _is_ours(_object: Any, name: str | None, type_: str, _reflected: bool, _compare_to: Any) -> bool:
    return not (type_ == "table" and name is not None and name.startswith("outbox_"))


async def migrate(engine: AsyncEngine, folder: Path) -> None:
    """Upgrades to the newest revision. Killed half way, it goes on where it stopped when run again."""

    def upgrade(connection: Connection) -> None:
        connection.execute(text(f"SELECT pg_advisory_lock({LOCK})"))
        try:
            connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            connection.commit()
            command.upgrade(_config(folder, connection), "head")
            connection.commit()
        finally:
            connection.execute(text(f"SELECT pg_advisory_unlock({LOCK})"))
            connection.execute(text("RESET lock_timeout"))
            connection.commit()

    async with engine.connect() as connection:
        await connection.run_sync(upgrade)


async def draft(engine: AsyncEngine, folder: Path, message: str) -> None:
    """Writes the next revision from the difference between tables and database, for a developer to edit."""

    def write(connection: Connection) -> None:
        command.revision(
            _config(folder, connection), message=message, autogenerate=True, rev_id=f"{newest_revision(folder) + 1:04d}"
        )

    async with engine.connect() as connection:
        await connection.run_sync(write)
