"""The limit for P10: a FastAPI route that takes the lines of an order and inserts the rows that an accepted one leaves.

    COUNTERSIGN_HTTP_PORT=... python -m tests.performance.bare_api SAMPLE_DATABASE ORDER_ID DATABASE

The order, its lines, its use of the month's budget and its events are those of the sample, with new ids.
"""

import os
import sys
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvicorn
import uvloop
from fastapi import FastAPI
from pydantic import BaseModel

from chassis.garbage import collect_less_often
from chassis.ids import new_id
from contracts.pricing.priced_cart import PricedLine

COLUMNS = ("line", "article", "name", "quantity", "unit", "unit_price", "net", "vat_rate")
LINES = """
INSERT INTO order_lines (order_id, line, article, name, quantity, unit, unit_price, net, vat_rate, explanation)
SELECT $1, line, article, name, quantity, unit, unit_price, net, vat_rate, explanation::jsonb
FROM unnest($2::int[], $3::text[], $4::text[], $5::numeric[], $6::text[], $7::numeric[], $8::numeric[], $9::numeric[],
    $10::text[]) AS given (line, article, name, quantity, unit, unit_price, net, vat_rate, explanation)
"""
USAGE = """
INSERT INTO monthly_usage (subject, month, currency, used) SELECT unnest($1::uuid[]), $2, $3, $4
ON CONFLICT (subject, month, currency) DO UPDATE SET used = monthly_usage.used + excluded.used
"""


class Body(BaseModel):
    company_id: UUID
    lines: list[PricedLine]


class Answer(BaseModel):
    order_id: UUID


class Sample:
    """What an accepted order has left, as values for the same columns."""

    def __init__(self, order: Any, outbox: list[Any]) -> None:
        self.order, self.outbox = dict(order), [dict(row) for row in outbox]
        self.insert_order = _insert("orders", self.order)
        self.insert_outbox = _insert("outbox", self.outbox[0])

    @classmethod
    async def read(cls, database: str, order_id: str) -> "Sample":
        connection = await asyncpg.connect(database)
        try:
            order = await connection.fetchrow("SELECT * FROM orders WHERE id = $1", UUID(order_id))
            outbox = await connection.fetch(
                "SELECT event_id, topic, key, type, sequence, value, headers FROM outbox WHERE key = $1 ORDER BY id",
                order_id,
            )
            return cls(order, outbox)
        finally:
            await connection.close()

    async def write(self, connection: Any, body: Body) -> UUID:
        order_id, lines, order = new_id(), body.lines, self.order
        async with connection.transaction():
            subjects = sorted((body.company_id, order["member_id"]))
            await connection.execute(USAGE, subjects, order["month"], order["currency"], order["total"])
            fresh = {
                **order,
                "id": order_id,
                "number": str(order_id),
                "cart_id": new_id(),
                "company_id": body.company_id,
            }
            await connection.execute(self.insert_order, *fresh.values())
            columns = [[getattr(line, name) for line in lines] for name in COLUMNS]
            explanations = [orjson.dumps(line.explanation.model_dump(mode="json")).decode() for line in lines]
            await connection.execute(LINES, order_id, *columns, explanations)
            events = [{**row, "event_id": new_id(), "key": str(order_id)} for row in self.outbox]
            await connection.executemany(self.insert_outbox, [tuple(row.values()) for row in events])
        return order_id


def _insert(table: str, row: dict[str, Any]) -> str:
    places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"


async def serve(sample_database: str, order_id: str, database: str, port: int) -> None:
    sample = await Sample.read(sample_database, order_id)
    app = FastAPI()
    async with asyncpg.create_pool(database, min_size=4, max_size=10) as pool:

        @app.post("/v1/orders", status_code=201)
        async def submit(body: Body) -> Answer:
            async with pool.acquire() as connection:
                return Answer(order_id=await sample.write(connection, body))

        config = uvicorn.Config(app, port=port, log_level="warning", access_log=False)
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    _, sample_of, sample_id, into = sys.argv
    collect_less_often()
    uvloop.run(serve(sample_of, sample_id, into, int(os.environ["COUNTERSIGN_HTTP_PORT"])))
