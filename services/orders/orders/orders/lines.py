"""Lines of an order: bulk children, written once, in one statement for any number of them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Integer, Numeric, Table, Text, Uuid, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.hot import HotStatement
from chassis.metadata import metadata_of
from contracts.pricing.priced_cart import PricedLine

order_lines = Table(
    "order_lines",
    metadata_of("orders"),
    Column("order_id", Uuid, ForeignKey("orders.id"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("article", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("quantity", Numeric(18, 6), nullable=False),
    Column("unit", Text, nullable=False),
    Column("unit_price", Numeric(18, 6), nullable=False),
    Column("net", Numeric(18, 2), nullable=False),
    Column("vat_rate", Numeric(9, 6), nullable=False),
    Column("reference", Text),
    Column("explanation", JSONB, nullable=False),
)

_WRITE = HotStatement(
    "INSERT INTO order_lines "
    "(order_id, line, article, name, quantity, unit, unit_price, net, vat_rate, reference, explanation) "
    "SELECT :order_id ::uuid, line, article, name, quantity, unit, unit_price, net, vat_rate, reference, explanation ::jsonb "
    "FROM unnest(:line ::int[], :article ::text[], :name ::text[], :quantity ::numeric[], :unit ::text[], "
    ":unit_price ::numeric[], :net ::numeric[], :vat_rate ::numeric[], :reference ::text[], :explanation ::text[]) "
    "AS given (line, article, name, quantity, unit, unit_price, net, vat_rate, reference, explanation)"
)


async def write_lines(
    session: AsyncSession, order_id: UUID, lines: Sequence[PricedLine], references: Mapping[int, str]
) -> None:
    columns: dict[str, Any] = {
        name: [getattr(line, name) for line in lines]
        for name in ("line", "article", "name", "quantity", "unit", "unit_price", "net", "vat_rate")
    }
    columns["reference"] = [references.get(line.line) for line in lines]
    columns["explanation"] = [line.explanation.model_dump_json(exclude_none=True) for line in lines]
    await _WRITE.rows(session, {"order_id": order_id, **columns})


async def read_lines(connection: AsyncConnection, order_ids: Sequence[UUID]) -> Sequence[Mapping[str, Any]]:
    """The lines of these orders, by order and line."""
    rows = await connection.execute(
        select(order_lines)
        .where(order_lines.c.order_id.in_(order_ids))
        .order_by(order_lines.c.order_id, order_lines.c.line)
    )
    return [dict(row) for row in rows.mappings()]
