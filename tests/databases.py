"""Databases for tests. To make one takes PostgreSQL a tenth of a second, to empty one a hundredth: they are used again."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from local_stack import Stack

LARGEST = 20_000_000
"""Bytes; a larger one is not worth emptying."""
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_SHAPE = """
SELECT md5(string_agg(what, '|' ORDER BY what)) FROM (
    SELECT format('%s %s', oid, relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT format('%s %s %s %s', attrelid, attname, atttypid, attnotnull) FROM pg_attribute WHERE attrelid > 16383
    UNION ALL SELECT format('%s %s %s', oid, tgname, tgenabled) FROM pg_trigger
    UNION ALL SELECT format('%s %s', oid, convalidated) FROM pg_constraint
    UNION ALL SELECT format('%s %s', oid, md5(prosrc)) FROM pg_proc WHERE oid > 16383
    UNION ALL SELECT extname::text FROM pg_extension
    UNION ALL SELECT version_num FROM alembic_version
) AS described (what)
"""
_EMPTY = """
DO $$
DECLARE
    one regclass;
BEGIN
    SET LOCAL session_replication_role = replica; -- no triggers, no foreign keys
    FOR one IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        IF one <> 'alembic_version'::regclass THEN EXECUTE format('DELETE FROM %s', one); END IF;
    END LOOP;
    FOR one IN SELECT seqrelid FROM pg_sequence LOOP
        PERFORM setval(one, (SELECT seqstart FROM pg_sequence WHERE seqrelid = one), false);
    END LOOP;
END $$
"""


async def administer(stack: Stack, statement: str) -> None:
    async with _connected(stack.postgres) as connection:
        await connection.execute(statement)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


class Clones:
    """Clones of templates, which are migrated and have no rows."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._made = 0
        self._shapes: dict[str, str] = {}
        self._free: dict[str, list[str]] = defaultdict(list)

    async def take(self, template: str) -> str:
        """The name of an empty one."""
        if self._free[template]:
            return self._free[template].pop()
        self._made += 1
        name = f"test_{template.removeprefix('template_')}_{self._made}"
        await administer(self._stack, f"CREATE DATABASE {name} TEMPLATE {template}")
        if template not in self._shapes:
            async with self._inside(name) as connection:
                self._shapes[template] = await connection.fetchval(_SHAPE)
        return name

    async def give_back(self, template: str, name: str) -> None:
        """To be used again, unless it is not what it was, or somebody is still there."""
        async with self._inside(name) as connection:
            again = (
                await connection.fetchval("SELECT pg_database_size(current_database())") < LARGEST
                and not await connection.fetchval(_OTHERS)
                and await connection.fetchval(_SHAPE) == self._shapes[template]
            )
            if again:
                await connection.execute(_EMPTY)
        if again:
            self._free[template].append(name)
        else:
            await administer(self._stack, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _inside(self, name: str) -> Any:
        return _connected(f"{self._stack.postgres.rsplit('/', 1)[0]}/{name}")

    async def drop(self) -> None:
        """Those that nobody uses."""
        for names in self._free.values():
            for name in names:
                await administer(self._stack, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
