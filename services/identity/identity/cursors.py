"""Cursors of lists that are in the order of their ids."""

from typing import Any
from uuid import UUID

from chassis.errors import Invalid
from chassis.http.paging import decode_cursor


def id_after(cursor: str) -> UUID:
    """The id after which the page begins.

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
