"""An uploaded file, read where and as much as it is needed: its pieces stay in the database."""

import asyncio
import io
from uuid import UUID

from sqlalchemy import select

from chassis.database import Database
from identity.imports.models import import_pieces

PIECE = 512 * 1024
"""Bytes of every piece but the last."""


class StoredFile(io.RawIOBase):
    """For a thread beside the event loop, which fetches the pieces."""

    def __init__(self, database: Database, import_id: UUID, size: int) -> None:
        self._database = database
        self._import_id = import_id
        self._size = size
        self._at = 0
        self._piece: tuple[int, bytes] = (-1, b"")
        self._loop = asyncio.get_running_loop()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._at >= self._size:
            return 0
        number, offset = divmod(self._at, PIECE)
        if self._piece[0] != number:
            fetching = asyncio.run_coroutine_threadsafe(self._fetch(number), self._loop)
            try:
                self._piece = (number, fetching.result(timeout=60))
            except OSError as error:  # unlike what openpyxl raises for a file that it does not like
                raise ConnectionError("a piece of the file can not be had now") from error
        content = self._piece[1][offset : offset + len(buffer)]
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)

    async def _fetch(self, number: int) -> bytes:
        of = import_pieces.c
        async with self._database.reading() as connection:
            found = await connection.scalar(
                select(of.content).where(of.import_id == self._import_id, of.number == number)
            )
        if found is None:
            raise FileNotFoundError("the file is gone")
        return bytes(found)
