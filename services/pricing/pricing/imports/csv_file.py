"""A CSV file as strangers make it: delimiter, byte order mark, header; every cell is hostile until it was looked at."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chassis.errors import Invalid
from chassis.http.app import MAX_UPLOAD

MAX_CELL = 500
"""Characters; nothing that we import is longer."""
_FORMULA = ("=", "+", "-", "@")

csv.field_size_limit(MAX_UPLOAD)  # a cell of any size is refused with its row, not with the whole file


@dataclass(frozen=True)
class Rejected:
    """What is wrong with one row. Never repeats what the cell says: it may be shown in a spreadsheet or a page."""

    code: str
    column: str | None
    detail: str


@dataclass(frozen=True)
class Columns:
    """The header of one kind of file. Columns may come in any order; optional ones may be absent."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    one_of: tuple[str, ...] = ()
    """At least one of these."""

    @property
    def known(self) -> tuple[str, ...]:
        return (*self.required, *self.one_of, *self.optional)


class CsvFile:
    """An open file whose encoding and header are right.

    Raises:
        Invalid: `file-empty`, `encoding-not-utf-8`, `header-wrong` (its facts name what was expected and found).
    """

    def __init__(self, content: bytes, columns: Columns) -> None:
        try:
            self._text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Invalid(
                "encoding-not-utf-8", f"The file is not UTF-8: byte {error.start + 1} can not be read."
            ) from error
        first = self._text.partition("\n")[0]
        if not first.strip():
            raise Invalid("file-empty", "The file has no header.")
        self._delimiter = ";" if first.count(";") > first.count(",") else ","
        self.header = self._read_header(columns)

    def _read_header(self, columns: Columns) -> list[str]:
        found = [cell.strip().lower()[:60] for cell in next(self._reader(), [])]
        missing = [name for name in columns.required if name not in found]
        if columns.one_of and not set(columns.one_of) & set(found):
            missing.append(f"one of {', '.join(columns.one_of)}")
        unknown = [name for name in found if name not in columns.known]
        if missing or unknown or len(set(found)) < len(found):
            complaints = [
                *(f"missing: {', '.join(missing)}" for _ in missing[:1]),
                *(f"unknown: {len(unknown)}" for _ in unknown[:1]),
                *("a column is repeated" for _ in range(len(set(found)) < len(found))),
            ]
            raise Invalid(
                "header-wrong",
                f"The header does not fit ({'; '.join(complaints)}). Expected: {', '.join(columns.known)}.",
                facts={
                    "expected": {
                        "required": columns.required,
                        "one_of": columns.one_of,
                        "optional": columns.optional,
                    },
                    "found": found[:50],
                },
            )
        return found

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(io.StringIO(self._text, newline=""), delimiter=self._delimiter)

    @property
    def lines(self) -> int:
        """About how many rows there are: line breaks within cells count too."""
        return self._text.count("\n") - self._text.endswith("\n")

    def rows(self) -> Iterator[tuple[int, list[str] | Rejected]]:
        """Row number as in a spreadsheet (the header is row 1) and its cells. Empty rows are left out."""
        reader = self._reader()
        next(reader)
        width = len(self.header)
        for number, cells in enumerate(reader, 2):
            if len(cells) == width and len("".join(cells)) <= MAX_CELL:
                if any(cells):
                    yield number, cells
            elif cells:
                yield number, self._cut(cells)

    def _cut(self, cells: list[str]) -> list[str] | Rejected:
        for name, cell in zip(self.header, cells, strict=False):
            if len(cell) > MAX_CELL:
                return Rejected("cell-too-long", name, f"it has {len(cell):,} characters, at most {MAX_CELL} are read")
        if len(cells) != len(self.header):
            return Rejected("wrong-number-of-cells", None, f"{len(cells)} cells, the header has {len(self.header)}")
        return cells


def text_problem(cell: str) -> tuple[str, str] | None:
    """Code and detail of why a text cell is refused: a spreadsheet would run it, or it does not print."""
    if cell.startswith(_FORMULA):
        return "cell-is-a-formula", "text that begins with = + - or @ is run as a formula by spreadsheets"
    if not cell.isprintable():
        return "cell-not-printable", "it holds control characters or line breaks"
    return None


def order_of(header: Sequence[str], names: Sequence[str]) -> list[int | None]:
    """Where each of these columns is in the file; None: nowhere."""
    return [header.index(name) if name in header else None for name in names]
