"""A file as strangers make it: CSV or XLSX, a header and rows; every cell is hostile until it was looked at."""

from __future__ import annotations

import csv
import io
import lzma
import math
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain
from typing import IO, Any
from xml.parsers import expat

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from chassis.errors import Invalid
from chassis.http.app import MAX_UPLOAD

MAX_COLUMNS, MAX_ROWS = 200, 1_048_576
LONGEST_HEADER = 50_000
"""Characters."""
MAX_INFLATED, MAX_RATIO, MIN_SUSPICIOUS = 400_000_000, 100, 10_000_000
"""Bytes of all parts of an XLSX together, and how many times what they are when packed where they are more than the last."""
MAX_KEPT, MAX_ELEMENTS = 64_000_000, 100_000
"""Of what is kept in memory: bytes of all parts but the sheets, elements of a row or of another part."""
_ZIP = b"PK\x03\x04"
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, struct.error, SyntaxError, EOFError, ValueError,
    TypeError, AttributeError, LookupError, NotImplementedError, RuntimeError, ArithmeticError, AssertionError,
    InvalidFileException,
)  # fmt: skip
"""What openpyxl and zipfile raise where a file is not what it says; forbidden XML (entities) is a `ValueError`."""

csv.field_size_limit(MAX_UPLOAD)  # a cell of any size is refused with its row, not with the whole file

Rows = Iterator[tuple[int, list[str]]]
"""The number as in a spreadsheet, where the header is row 1, and the cells. Empty rows are left out."""


def open_table(file: io.RawIOBase) -> tuple[list[str], Rows]:
    """The header and the rows. Blocks: for a thread.

    Raises:
        Invalid: `file-empty`, `file-malformed`, `file-too-large`, `encoding-not-utf-8`, `header-wrong`; also while rows are read.
    """
    buffered = io.BufferedReader(file)
    is_xlsx = buffered.peek(4)[:4] == _ZIP
    records = _xlsx(buffered) if is_xlsx else _csv(buffered)
    header = next(records, [])
    if not any(header):
        raise Invalid("file-empty", "The file has no header.")
    return header, ((number, cells) for number, cells in enumerate(records, 2) if any(cells))


def _csv(file: io.BufferedReader[Any]) -> Iterator[list[str]]:
    lines = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        first = lines.readline(LONGEST_HEADER)
        if len(first) == LONGEST_HEADER:
            raise Invalid("header-wrong", f"The header has more than {LONGEST_HEADER:,} characters.")
        delimiter = ";" if first.count(";") > first.count(",") else ","
        yield from csv.reader(chain([first], lines), delimiter=delimiter)
    except UnicodeDecodeError as error:
        raise Invalid("encoding-not-utf-8", "The file is not UTF-8.") from error
    except csv.Error as error:
        raise Invalid("file-malformed", "The file is not CSV as it should be.") from error


def _xlsx(file: io.BufferedReader[Any]) -> Iterator[list[str]]:
    """The first sheet. Formulas are read as what they are, not as what they came to, so they are refused."""
    try:
        _see_it_is_no_bomb(file)
        book = openpyxl.load_workbook(file, read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        header = _without_tail(next(_values(sheet, MAX_COLUMNS + 1), []))
        yield header
        width = len(header) + 1  # one more, so that what stands beside the columns is noticed
        for number, cells in enumerate(_values(sheet, width), 1):
            if number >= MAX_ROWS:
                raise Invalid("file-too-large", f"A sheet has at most {MAX_ROWS:,} rows.")
            if number > 1:
                yield cells[:-1] if len(cells) == width and not cells[-1] else cells
    except _BROKEN as error:
        raise _no_workbook() from error
    except OSError as error:
        if type(error) is not OSError:  # what `StoredFile` raises has a name
            raise
        raise _no_workbook() from error


def _no_workbook() -> Invalid:
    return Invalid("file-malformed", "The file is not a workbook that can be read.")


def _values(sheet: Any, columns: int) -> Iterator[list[str]]:
    for row in sheet.iter_rows(max_row=MAX_ROWS, max_col=columns, values_only=True):
        yield [_written(value) for value in row]


def _see_it_is_no_bomb(file: io.BufferedReader[Any]) -> None:
    """What a package says of its own size holds: nothing reads more of a part than that.

    Raises:
        Invalid: `file-too-large`, `file-malformed`.
    """
    with zipfile.ZipFile(file) as package:
        parts = package.infolist()
        inflated = sum(part.file_size for part in parts)
        kept = sum(part.file_size for part in parts if not part.filename.startswith("xl/worksheets/"))
        packed = sum(part.compress_size for part in parts)
        if inflated > min(MAX_INFLATED, max(MIN_SUSPICIOUS, MAX_RATIO * packed)) or kept > MAX_KEPT:
            raise _too_large()
        for part in parts:
            with package.open(part) as content:
                _see_it_comes_in_pieces(content)
    file.seek(0)


def _see_it_comes_in_pieces(part: IO[bytes]) -> None:
    """openpyxl holds one row, one shared string, or the whole of any other part."""
    depth = held = 0

    def start(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth, held
        depth, held = depth + 1, held + 1
        if held > MAX_ELEMENTS:
            raise _too_large()

    def end(name: str) -> None:
        nonlocal depth, held
        if depth <= 3 and name.rpartition(":")[2] in ("row", "si"):
            held = 0
        depth -= 1

    def refuse(*_: object) -> None:
        raise _no_workbook()

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = start, end, refuse
    with suppress(expat.ExpatError):  # a picture; and whether it is read at all is for openpyxl to say
        parser.ParseFile(part)


def _too_large() -> Invalid:
    return Invalid("file-too-large", "The workbook is too large when it is unpacked.")


def _written(value: object) -> str:
    """A value of a sheet as CSV would have it."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "yes" if value else "no"
        case float() if math.isfinite(value) and value == int(value):
            return str(int(value))
        case int() | float() | Decimal():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return "="  # an array formula or a table of data


def _without_tail(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def written_row(cells: Iterable[str], buffer: io.StringIO) -> str:
    """One row of CSV, by a buffer that is used again."""
    buffer.seek(0)
    buffer.truncate()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
