"""Lists in pages by an opaque cursor: the position after the last row, so that new rows shift nothing."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Query
from pydantic import BaseModel

from chassis.errors import Invalid

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=200, description="Rows per page")]
Cursor = Annotated[str | None, Query(max_length=512, description="`next` of the page before")]


class Page(BaseModel, Generic[T]):
    items: list[T]
    next: str | None = None
    """Cursor of the page after this one; null on the last."""


def encode_cursor(*position: Any) -> str:
    # `default`: asyncpg's UUID is a class of its own.
    return base64.urlsafe_b64encode(orjson.dumps(position, default=str)).rstrip(b"=").decode()


def decode_cursor(cursor: str, fields: int) -> list[Any]:
    """
    Raises:
        Invalid: it is not a cursor of this list.
    """
    try:
        position = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise not_of_this_list() from error
    if not isinstance(position, list) or len(position) != fields:
        raise not_of_this_list()
    return position


def id_after(cursor: str) -> UUID:
    """The id after which the page begins, of a list that is in the order of its ids.

    Raises:
        Invalid: it is not a cursor of this list.
    """
    (position,) = decode_cursor(cursor, 1)
    return as_id(position)


def as_id(position: Any) -> UUID:
    """
    Raises:
        Invalid: it is none.
    """
    try:
        return UUID(position)
    except (ValueError, TypeError, AttributeError) as error:
        raise not_of_this_list() from error


def not_of_this_list() -> Invalid:
    return Invalid("cursor-invalid", "The cursor is not one of this list.")


def page(rows: Sequence[T], limit: int, position: Any) -> Page[T]:
    """A page of `limit` from up to `limit + 1` rows; `position(row)` is the tuple that its cursor holds."""
    shown = list(rows[:limit])
    more = len(rows) > limit
    return Page(items=shown, next=encode_cursor(*position(shown[-1])) if more and shown else None)
