"""Rows of a file of articles: `code,name_<language>…,unit,pack_size,weight_grams,vat_class,…`."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from chassis.ids import new_id
from contracts.shared.values import Language
from pricing.articles.models import ArticleStatus
from pricing.imports.csv_file import Columns, Rejected, text_problem

NAMES = tuple(f"name_{language}" for language in Language)
COLUMNS = Columns(
    required=("code", "unit", "vat_class"),
    optional=("pack_size", "weight_grams", "family", "sub_family", "status", "available_from"),
    one_of=NAMES,
)
LONGEST = {"unit": 20, "family": 60, "sub_family": 60, **dict.fromkeys(NAMES, 200)}

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,6})?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)


class _Refused(Exception):
    def __init__(self, code: str, column: str, detail: str) -> None:
        super().__init__(code)
        self.rejected = Rejected(code, column, detail)


class ArticleRows:
    """Looks at rows one after the other; remembers which codes it has seen."""

    def __init__(self, header: list[str]) -> None:
        self._header = header
        self._seen: set[str] = set()

    def look_at(self, row: int, cells: list[str]) -> dict[str, Any] | Rejected:
        """The columns of `staged_articles`, or what is wrong."""
        cell = dict(zip(self._header, (one.strip() for one in cells), strict=True))
        try:
            article = _article(cell)
        except _Refused as refused:
            return refused.rejected
        if article["code"] in self._seen:
            return Rejected("row-repeated", "code", "an earlier row has the same code")
        self._seen.add(article["code"])
        return {"row": row, "id": new_id(), **article}


def _article(cell: dict[str, str]) -> dict[str, Any]:
    names = {name.removeprefix("name_"): _text(cell, name) for name in NAMES if cell.get(name)}
    if not names:
        raise _Refused("cell-missing", next(name for name in cell if name in NAMES), "an article needs a name")
    return {
        "code": _code(cell, "code"),
        "names": names,
        "unit": _required(cell, "unit", _text),
        "pack_size": _pack_size(cell),
        "weight_grams": _weight(cell),
        "vat_class": _code(cell, "vat_class"),
        "family": _text(cell, "family") or None,
        "sub_family": _text(cell, "sub_family") or None,
        "status": _status(cell),
        "available_from": _day(cell),
    }


def _required(cell: dict[str, str], column: str, read: Callable[[dict[str, str], str], str]) -> str:
    if not cell[column]:
        raise _Refused("cell-missing", column, "it may not be empty")
    return read(cell, column)


def _text(cell: dict[str, str], column: str) -> str:
    value = cell.get(column, "")
    if problem := text_problem(value):
        raise _Refused(problem[0], column, problem[1])
    if len(value) > LONGEST[column]:
        raise _Refused("cell-too-long", column, f"at most {LONGEST[column]} characters")
    return value


def _code(cell: dict[str, str], column: str) -> str:
    value = _required(cell, column, lambda row, name: row[name])
    if not _CODE.fullmatch(value):
        raise _Refused("code-malformed", column, "letters, digits, dots, dashes and underscores, at most 63")
    return value


def _pack_size(cell: dict[str, str]) -> Decimal:
    value = cell.get("pack_size") or "1"
    size = Decimal(value.replace(",", ".")) if _NUMBER.fullmatch(value) else Decimal(0)
    if not size:
        raise _Refused("number-malformed", "pack_size", "a number above 0 with at most 6 decimals")
    return size


def _weight(cell: dict[str, str]) -> int | None:
    value = cell.get("weight_grams", "")
    if value and not _WHOLE.fullmatch(value):
        raise _Refused("number-malformed", "weight_grams", "a whole number of grams")
    return int(value) if value else None


def _status(cell: dict[str, str]) -> str:
    value = cell.get("status", "").lower() or ArticleStatus.ACTIVE.value
    if value not in set(ArticleStatus):
        raise _Refused("status-unknown", "status", f"one of {', '.join(ArticleStatus)}")
    return value


def _day(cell: dict[str, str]) -> date | None:
    value = cell.get("available_from", "")
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise _Refused("date-malformed", "available_from", "a date is YYYY-MM-DD") from error
