"""Begins imports and asks for them to be applied. The reading and the applying are done in the background."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.context import cause
from chassis.errors import Invalid, NotFound
from chassis.ids import new_id
from identity.imports.models import Import, ImportKind, ImportStatus, import_pieces
from identity.imports.stored_file import PIECE


async def begin_import(session: AsyncSession, kind: ImportKind, content: AsyncIterator[bytes], at: datetime) -> Import:
    """Takes the file in, piece by piece as it comes (ID-24).

    Raises:
        Invalid: `file-empty`.
    """
    begun = Import(id=new_id(), kind=kind, status=ImportStatus.READING, size=0, begun_at=at)
    session.add(begun)
    await session.flush()
    async for number, piece in _pieces(content):
        await session.execute(insert(import_pieces), {"import_id": begun.id, "number": number, "content": piece})
        begun.size += len(piece)
    if not begun.size:
        raise Invalid("file-empty", "The file is empty.")
    return begun


async def _pieces(content: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, bytes]]:
    number, held = 0, bytearray()
    async for chunk in content:
        held += chunk
        while len(held) >= PIECE:
            yield number, bytes(held[:PIECE])
            number, held = number + 1, held[PIECE:]
    if held:
        yield number, bytes(held)


async def apply_import(session: AsyncSession, import_id: UUID, at: datetime) -> Import:
    """Asks for the rows of a previewed import to be done, after those of the imports that were asked for before.

    Raises:
        NotFound: there is no such import.
        Conflict: `import-not-previewed`, `import-empty`.
    """
    found = await session.scalar(select(Import).where(Import.id == import_id).with_for_update())
    if found is None:
        raise NotFound
    found.apply(by=cause().actor, correlation_id=cause().correlation_id, at=at)
    return found
