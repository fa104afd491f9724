"""The columns of one kind of file, and what a row of it says: refused with a code, a column and words, or values."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from chassis.errors import DomainError, Invalid
from chassis.spreadsheets import plain
from identity.imports.cells import parted
from identity.imports.models import Refused
from identity.imports.table_file import MAX_COLUMNS

REASON = "refused_because"
"""The column that a file of refused rows has more; it is not read."""
MAX_CELL = 4_000
"""Characters; nothing that we import is longer."""
_RUNS = ("=", "@", "\t", "\r")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

_CODES = {
    "string_too_long": "cell-too-long",
    "string_pattern_mismatch": "cell-malformed",
    "enum": "value-unknown",
    "missing": "cell-missing",
}


class Values(BaseModel):
    """What a row says, by the rules that the API has for the same fields. A column that the file lacks is not set."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Columns:
    """
    Attributes:
        required: the header must have them.
        groups: beginnings of names that make one value of several columns: `address` of `address_line1`, `address_city` …
        keyed: a beginning of names that the merchant completes: `key` of `key_erp`.
    """

    values: type[Values]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    groups: tuple[str, ...] = ()
    keyed: str = ""

    @property
    def known(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)

    def header(self, found: Sequence[str]) -> list[str]:
        """The names of the columns as we write them.

        Raises:
            Invalid: `header-wrong`; its words name what is missing, and what an unknown column was perhaps meant to be.
        """
        names = [self._name(plain(cell).strip()) for cell in found]
        if len(names) > MAX_COLUMNS:
            raise Invalid("header-wrong", f"The header has {len(names):,} columns, at most {MAX_COLUMNS} are read.")
        complaints = [f"{name} is missing" for name in self.required if name not in names]
        complaints += [self._unknown(name) for name in names if not self._knows(name)]
        complaints += [
            f"{name} is repeated" for name in dict.fromkeys(names) if self._knows(name) and names.count(name) > 1
        ]
        if complaints:
            raise Invalid("header-wrong", f"The header does not fit: {'; '.join(complaints[:20])}.")
        return names

    def _name(self, found: str) -> str:
        """Case matters only in what the merchant completes."""
        beginning = f"{self.keyed}_" if self.keyed else "\0"
        lower = found.lower()
        return beginning + found[len(beginning) :] if lower.startswith(beginning) else lower

    def _knows(self, name: str) -> bool:
        return name in self.known or name == REASON or (bool(self.keyed) and name.startswith(f"{self.keyed}_"))

    def _unknown(self, name: str) -> str:
        shown = name[:40] if name.isprintable() else "?"
        near = get_close_matches(name[:40], self.known, 1, 0.5)
        return f"{shown!r} is unknown" + (f", {near[0]} perhaps" if near else "")


class RowReader:
    """Looks at rows of a file with this header."""

    def __init__(self, columns: Columns, header: list[str]) -> None:
        self._values = columns.values
        self._header = header
        beginnings = (*columns.groups, *((columns.keyed,) if columns.keyed else ()))
        self._places = [self._place(name, beginnings) for name in header]

    @staticmethod
    def _place(name: str, beginnings: Sequence[str]) -> tuple[str, str | None]:
        """The value that a column belongs to, and its part of it."""
        for first in beginnings:
            if name.startswith(f"{first}_"):
                return first, name.removeprefix(f"{first}_")
        return name, None

    def look_at(self, cells: list[str]) -> dict[str, Any] | Refused:
        """The values as JSON has them, or what is wrong."""
        if len(cells) != len(self._header):
            return Refused("wrong-number-of-cells", None, f"{len(cells)} cells, the header has {len(self._header)}")
        row: dict[str, Any] = {}
        for name, (value, part), cell in zip(self._header, self._places, cells, strict=True):
            if refused := _problem(name, cell):
                return refused
            if name == REASON:
                continue
            said = (plain(cell) if cell.startswith("'") else cell).strip() or None
            if part is None:
                row[value] = said
            else:
                row.setdefault(value, {})[part] = said
        try:
            return self._values.model_validate(row).model_dump(mode="json", exclude_unset=True)
        except ValidationError as error:
            return _refusal(error)


def listed(cell: str | None) -> list[str]:
    """The values of a cell that holds several."""
    return parted(cell) if cell else []


def switch(cell: str | None) -> str | bool:
    """An empty cell is a no."""
    return cell.lower() if cell else False


def address(parts: dict[str, str | None]) -> dict[str, str] | None:
    """Of several columns; None where all of them are empty."""
    given = {part: cell for part, cell in parts.items() if cell}
    return {"line2": "", **given} if given else None


def _problem(column: str, cell: str) -> Refused | None:
    if len(cell) > MAX_CELL:
        return Refused("cell-too-long", column, f"it has {len(cell):,} characters, at most {MAX_CELL:,} are read")
    if cell.startswith(_RUNS):
        return Refused("cell-is-a-formula", column, "put an apostrophe before it where it is meant as text")
    if not cell.isprintable() and _CONTROL.search(cell):
        return Refused("cell-not-printable", column, "it holds control characters or line breaks")
    return None


def _refusal(error: ValidationError) -> Refused:
    first = error.errors(include_url=False, include_input=True)[0]
    place = [str(part) for part in first["loc"] if not isinstance(part, int)]
    if first["input"] is None:
        return Refused("cell-missing", "_".join(place), "it may not be empty")
    code = _CODES.get(first["type"], "cell-malformed")
    return Refused(code, "_".join(place), first["msg"].removeprefix("Value error, "))


def refusal_by(error: DomainError) -> Refused:
    """What a rule of the domain says to a row."""
    problem = error.problems[0] if error.problems else None
    column = problem.pointer.strip("/").replace("/", "_") if problem else None
    detail = problem.detail if problem else error.detail
    if proposal := error.facts.get("proposal"):
        detail = f"{detail} Free is {proposal}."
    return Refused(problem.code if problem else error.code, column or None, detail)


def missing(values: Mapping[str, Any], names: Sequence[str]) -> Refused | None:
    """What something new needs."""
    for name in names:
        if values.get(name) is None:
            return Refused("cell-missing", name, "something new needs it")
    return None
