"""How identity's own commands on the command line run."""

import asyncio
from collections.abc import Awaitable, Callable

import typer

from chassis.context import Cause, caused_by
from chassis.database import Database
from chassis.errors import DomainError
from chassis.ids import new_id
from identity.settings import IdentitySettings


def with_database(act: Callable[[Database, IdentitySettings], Awaitable[str]]) -> None:
    """Runs it as an operator's act; prints its sentence, or the refusal and leaves with status 1."""

    async def run() -> str:
        settings = IdentitySettings()
        database = Database(settings.database_url.get_secret_value(), name="identity-command", pool=2)
        try:
            with caused_by(Cause(correlation_id=str(new_id()), actor="operator:command-line")):
                return await act(database, settings)
        finally:
            await database.close()

    try:
        typer.echo(asyncio.run(run()))
    except (DomainError, ValueError) as refused:
        typer.secho(str(refused), fg="red")
        raise typer.Exit(1) from refused
