"""Lists in the order that the caller chooses, in pages: a cursor is the place of the last row, so that new rows shift nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Row, Select, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.http.paging import Page, as_id, decode_cursor, encode_cursor, not_of_this_list

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Sorting:
    """
    Attributes:
        id: what decides between rows of the same place.
        columns: what a list can be sorted by; each is indexed together with the id. Text or moments, never null.
    """

    id: ColumnElement[Any]
    columns: Mapping[str, ColumnElement[Any]]

    async def rows(
        self, connection: AsyncConnection, query: Select[Any], *, sort: str, cursor: str | None, limit: int
    ) -> "list[Row[Any]]":
        """One more than `limit` where there is a further page. The place of each is its `place`.

        Args:
            sort: one of `columns`; with `-` before it, the highest first.

        Raises:
            Invalid: the cursor is not one of this list in this order.
        """
        by, descending = self.columns[sort.removeprefix("-")], sort.startswith("-")
        query = query.add_columns(by.label("place"))
        if cursor:
            here, after = tuple_(by, self.id), self._place(by, sort, cursor)
            query = query.where(here < after if descending else here > after)
        order = (by.desc(), self.id.desc()) if descending else (by, self.id)
        return list((await connection.execute(query.order_by(*order).limit(limit + 1))).all())

    def _place(self, by: ColumnElement[Any], sort: str, cursor: str) -> Any:
        of, place, row_id = decode_cursor(cursor, 3)
        if of != sort or not isinstance(place, str) or "\0" in place:
            raise not_of_this_list()
        if by.type.python_type is datetime:
            place = _moment(place)
        return tuple_(literal(place, by.type), literal(as_id(row_id), self.id.type))


def sorted_page(kind: type[M], rows: Sequence[Row[Any]], sort: str, limit: int) -> Page[M]:
    """A page of these rows, each as one of `kind`."""
    last = rows[limit - 1] if len(rows) > limit else None
    items = [kind.model_validate(row._asdict()) for row in rows[:limit]]  # half the time of reading attributes
    return Page(items=items, next=encode_cursor(sort, last.place, last.id) if last else None)


def _moment(place: str) -> datetime:
    """
    Raises:
        Invalid: it is not a moment of our time.
    """
    try:
        return datetime.fromisoformat(place).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise not_of_this_list() from error
