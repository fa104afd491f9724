"""`python -m identity verify-activity`: is the activity log what it was when it was sealed?"""

import re
from typing import Annotated

import typer

from chassis.database import Database
from identity.activity_log.verification import verify
from identity.operators import with_database
from identity.settings import IdentitySettings

commands = typer.Typer()


@commands.command("verify-activity")
def verify_activity(
    head: Annotated[str | None, typer.Option(help="A head that was kept elsewhere; it must be in the chain")] = None,
) -> None:
    """Verifies the whole chain of the activity log. Status 1: it is not what was sealed; the first break is named."""

    async def act(database: Database, _: IdentitySettings) -> str:
        kept = None if head is None else _hash(head)
        async with database.reading() as connection:
            found = await verify(connection, kept)
        lines = [
            f"{found.head.position} rows verified, {found.waiting} wait for their seal.",
            f"Head: {found.head.hash.hex()}",
        ]
        if found.kept_at is not None:
            lines.append(f"The head that was kept is at position {found.kept_at}.")
        return "\n".join(lines)

    with_database(act)


def _hash(written: str) -> bytes:
    """
    Raises:
        ValueError: it is not a SHA-256 in hexadecimal.
    """
    if not re.fullmatch("[0-9a-fA-F]{64}", written):
        raise ValueError("A head is 64 hexadecimal digits.")
    return bytes.fromhex(written)
