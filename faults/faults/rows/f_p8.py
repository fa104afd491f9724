"""F-P8. As F-P7, by a session and a prepared transaction of a database that is none of ours."""

from faults import drain
from faults.row import Row
from faults.rows.f_p7 import held
from faults.system import System

NEIGHBOUR = "faults_neighbour"
PREPARED = "faults forgotten"


async def inject(system: System) -> None:
    before = await drain.rate(system)
    async with system.database() as admin:
        await admin.execute(f"CREATE DATABASE {NEIGHBOUR}")
        try:
            async with system.database(NEIGHBOUR) as preparing, system.database(NEIGHBOUR) as forgotten:
                await preparing.execute(f"BEGIN; CREATE TABLE prepared (); PREPARE TRANSACTION '{PREPARED}'")
                await forgotten.execute("BEGIN; CREATE TABLE idle ()")
                try:
                    await held(system, before)
                finally:
                    await preparing.execute(f"ROLLBACK PREPARED '{PREPARED}'")
        finally:
            await admin.execute(f"DROP DATABASE {NEIGHBOUR} WITH (FORCE)")


row = Row("F-P8", "PostgreSQL", "the same in a neighbouring database of the cluster", "I6", inject)
