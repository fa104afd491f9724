"""An office on a database of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import NewDatabase
from tests.identity.imports.office import Office
from tests.identity.people import some_groups


@pytest.fixture
async def office(new_database: NewDatabase) -> AsyncIterator[Office]:
    office = Office(await new_database("identity"))
    await office.begin()
    async with office.database.transaction() as session:
        await some_groups(session, "retail", "horeca")
    async with office.http:
        yield office
