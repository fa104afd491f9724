"""After Kafka has lost its log: everything that the outbox still has is published once more, in order, under the same ids."""

from sqlalchemy import text

from chassis.database import Database
from chassis.errors import Conflict
from chassis.relay import TAKE_LEAD

_AGAIN = text("UPDATE outbox SET published_at = NULL WHERE published_at IS NOT NULL")


async def republish(database: Database) -> int:
    """How many events the next relay will publish again. Who has had their effect knows them by their ids.

    Raises:
        Conflict: a relay leads; what it publishes now would come before what is older.
    """
    async with database.engine.connect() as connection:
        if not (await connection.execute(text(TAKE_LEAD))).scalar():
            raise Conflict("relay-leads", "Stop the relays of this service first.")
        many = (await connection.execute(_AGAIN)).rowcount
        await connection.commit()
        await connection.invalidate()  # with it goes the lead
        return many
