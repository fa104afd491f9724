"""`python -m identity bootstrap-staff`, `rotate-keys`, `passwords-again`: what an operator does by hand."""

import os
from typing import Annotated

import typer

from chassis import clock
from chassis.database import Database
from chassis.keys import Signer
from identity.contacts.email import normalised
from identity.external_sign_in.commands import take_passwords_again
from identity.operators import with_database
from identity.settings import IdentitySettings
from identity.sign_in.passwords import Passwords
from identity.staff.commands import AddStaff, StaffTerms, bootstrap_staff
from identity.staff.models import ADMINISTRATOR

PASSWORD_VARIABLE = "COUNTERSIGN_BOOTSTRAP_PASSWORD"  # noqa: S105 - the name of the variable


commands = typer.Typer()


@commands.command("bootstrap-staff")
def bootstrap(name: Annotated[str, typer.Option()], email: Annotated[str, typer.Option()]) -> None:
    """Adds the first of the merchant's staff. The password comes from COUNTERSIGN_BOOTSTRAP_PASSWORD, or is asked for."""
    password = os.environ.get(PASSWORD_VARIABLE) or typer.prompt("Password", hide_input=True, confirmation_prompt=True)

    async def act(database: Database, _: IdentitySettings) -> str:
        address = normalised(email)
        hashed = await Passwords().hash(password, about=(name, address))
        first = AddStaff(name, address, hashed, StaffTerms(ADMINISTRATOR))
        async with database.transaction() as session:
            added = await bootstrap_staff(session, first, clock.now())
        return "The first member of staff may sign in." if added else "This member of staff is there already."

    with_database(act)


@commands.command("rotate-keys")
def rotate_keys() -> None:
    """Makes the next key for access tokens now; it is announced a day before it is used."""

    async def act(database: Database, settings: IdentitySettings) -> str:
        async with database.transaction() as session:
            key = await Signer(settings.master_key.get_secret_value()).rotate(session, clock.now())
        return f"Key {key.kid} is used from {key.usable_from:%Y-%m-%d %H:%M} UTC."

    with_database(act)


@commands.command("passwords-again")
def passwords_again() -> None:
    """Lets everybody sign in with a password, where the identity provider is away or was set up wrongly."""

    async def act(database: Database, _: IdentitySettings) -> str:
        async with database.transaction() as session:
            await take_passwords_again(session, clock.now())
        return "Passwords are taken again; the identity provider is not."

    with_database(act)
