"""A part of a text, in any of some columns, whatever its case. The columns have an index of trigrams (`gin_trgm_ops`)."""

import re
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import ColumnElement, or_

Search = Annotated[str | None, Query(min_length=2, max_length=80, pattern=r"^[^\x00]*$")]


def contains(part: str, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    pattern = "%" + re.sub(r"([\\%_])", r"\\\1", part) + "%"
    return or_(*(column.ilike(pattern) for column in columns))
