"""Orders as CSV for the merchant (OR-11). Cells are hostile input to a spreadsheet: none is a formula."""

import csv
import io
from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.spreadsheets import cell_of
from contracts.identity.tokens import StaffClaims
from orders.orders.lines import read_lines
from orders.orders.queries import Search, next_orders

ORDER_COLUMNS = (
    "number", "status", "company_number", "submitted_at", "placed_at", "confirmed_at", "payment", "on_behalf",
    "order_reference", "cost_centre", "location_id", "project_id", "wanted_on", "currency",
)  # fmt: skip
LINE_COLUMNS = ("line", "article", "name", "quantity", "unit", "unit_price", "net", "vat_rate", "reference")
TOTAL_COLUMNS = ("net", "vat", "total")


async def csv_rows(connection: AsyncConnection, caller: StaffClaims, search: Search) -> AsyncIterator[str]:
    """In parts of a few hundred orders, so that any number of them takes little memory."""
    yield _line([*ORDER_COLUMNS, *LINE_COLUMNS, *(f"order_{name}" for name in TOTAL_COLUMNS)])
    after = None
    while batch := await next_orders(connection, caller, search, after):
        orders = {order["id"]: order for order in batch}
        part = []
        for line in await read_lines(connection, list(orders)):
            order = orders[line["order_id"]]
            cells = [order[name] for name in ORDER_COLUMNS] + [line[name] for name in LINE_COLUMNS]
            part.append(_line([cell_of(cell) for cell in [*cells, *(order[name] for name in TOTAL_COLUMNS)]]))
        yield "".join(part)
        after = batch[-1]["id"]


def _line(cells: list[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()
