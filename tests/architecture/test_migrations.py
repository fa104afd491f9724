"""What `migrate` makes is what the models say, in every service."""

from importlib import import_module

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from chassis.metadata import metadata, metadata_of
from local_stack.layout import SERVICES


@pytest.mark.parametrize("service", SERVICES)
async def test_the_tables_are_as_the_models_say(new_database, service: str):
    import_module(f"{service}.app")
    models = MetaData()
    for source in (metadata_of(service), metadata):
        for table in source.tables.values():
            if table.name not in models.tables:
                table.to_metadata(models)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _is_ours})
        return list(compare_metadata(context, models))

    async with (await new_database(service)).engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def _is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
    """Partitions of the outbox come and go, and what was migrated is alembic's to know."""
    return not (kind == "table" and name is not None and (name.startswith("outbox_") or name == "alembic_version"))
