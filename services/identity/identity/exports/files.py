"""Rows as CSV, which goes out while it is read, or as a workbook, which waits in a file until it is complete."""

import asyncio
import io
import tempfile
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import IO

import openpyxl
from fastapi.responses import StreamingResponse
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from chassis.errors import Conflict
from chassis.spreadsheets import neutral
from identity.imports.table_file import MAX_ROWS, written_row

_PIECE = 256 * 1024
Pages = AsyncIterator[list[list[str]]]


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


async def download(name: str, pages: Pages, form: Format) -> StreamingResponse:
    """
    Raises:
        Conflict: `export-too-large`: a workbook can not hold so many rows.
    """
    if form is Format.CSV:
        content, media_type = _csv(pages), "text/csv; charset=utf-8"
    else:
        content = _pieces(await _workbook(pages))
        media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    disposition = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return StreamingResponse(content, media_type=media_type, headers=disposition)


async def _csv(pages: Pages) -> AsyncIterator[bytes]:
    """With a byte order mark, without which some spreadsheets take it for an older encoding."""
    buffer = io.StringIO()
    yield "\ufeff".encode()
    async for page in pages:
        yield "".join(written_row(map(neutral, row), buffer) for row in page).encode()


async def _workbook(pages: Pages) -> IO[bytes]:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    rows = 0
    async for page in pages:
        rows += len(page)
        if rows > MAX_ROWS:
            raise Conflict("export-too-large", f"A workbook has at most {MAX_ROWS:,} rows: take CSV.")
        await asyncio.to_thread(_append, sheet, page)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by who sends it
    await asyncio.to_thread(book.save, file)
    file.seek(0)
    return file


def _append(sheet: openpyxl.worksheet._write_only.WriteOnlyWorksheet, page: list[list[str]]) -> None:
    for row in page:
        sheet.append([ILLEGAL_CHARACTERS_RE.sub("\ufffd", neutral(cell)) for cell in row])


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
