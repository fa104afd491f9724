"""Which schema a release runs on: its own revision and the one after it, and no other.

Revisions are numbered `0001`, `0002` …, and the names of their files begin with the number.
"""

from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


class WrongSchema(Exception):
    """The database is at a revision that this release does not know."""


def newest_revision(folder: Path) -> int:
    """The revision this release was made for."""
    return max((int(file.name[:4]) for file in (folder / "versions").glob("[0-9][0-9][0-9][0-9]_*.py")), default=0)


async def check_schema(engine: AsyncEngine, folder: Path) -> None:
    """
    Raises:
        WrongSchema: the database is older than this release, or more than one revision newer.
    """
    async with engine.connect() as connection:
        exists = await connection.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
        current = int(await connection.scalar(text("SELECT version_num FROM alembic_version")) or 0) if exists else 0
    made_for = newest_revision(folder)
    if not made_for <= current <= made_for + 1:
        raise WrongSchema(
            f"The database is at revision {current:04d}; this release runs on {made_for:04d} and {made_for + 1:04d}. "
            "Run `migrate` of the right release first."
        )
