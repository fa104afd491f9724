"""Begins imports, and asks for them to be switched on. The reading and the switching are done in the background."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import NotFound
from chassis.ids import new_id
from pricing.imports import article_rows, price_rows
from pricing.imports.csv_file import CsvFile
from pricing.imports.models import Import, ImportFile, ImportKind, ImportStatus
from pricing.price_lists.models import PriceList, PriceVersion


@dataclass(frozen=True)
class BeginImport:
    content: bytes
    price_list: str | None = None
    """Its code; None: these are articles."""


async def begin_import(session: AsyncSession, command: BeginImport, *, at: datetime) -> Import:
    """Takes the file in; its rows are read later (PR-13).

    Raises:
        Invalid: the file as a whole can not be read (`CsvFile`).
        NotFound: the price list.
    """
    columns = article_rows.COLUMNS if command.price_list is None else price_rows.COLUMNS
    file = CsvFile(command.content, columns)
    version = await _pending_version(session, command.price_list) if command.price_list else None
    begun = Import(
        id=new_id(),
        kind=ImportKind.PRICES if command.price_list else ImportKind.ARTICLES,
        price_list=command.price_list,
        price_version=version,
        status=ImportStatus.READING,
        rows=file.lines,
        read=0,
        accepted=0,
        rejected=0,
        applied=0,
        begun_at=at,
    )
    session.add(begun)
    await session.flush()
    session.add(ImportFile(import_id=begun.id, content=command.content))
    return begun


async def _pending_version(session: AsyncSession, code: str) -> int:
    number = await session.scalar(select(PriceList.number).where(PriceList.code == code))
    if number is None:
        raise NotFound
    version = PriceVersion(list_number=number, recorded_from=None)
    session.add(version)
    await session.flush()
    return version.number


async def apply_import(session: AsyncSession, import_id: UUID, *, at: datetime) -> Import:
    """Asks for all accepted rows to be switched on together, now or at a stated time (PR-13).

    Raises:
        NotFound: there is no such import.
        Conflict: it is not previewed, or nothing was accepted.
    """
    found = await session.scalar(select(Import).where(Import.id == import_id).with_for_update())
    if found is None:
        raise NotFound
    found.apply(at)
    return found


async def discard_version(session: AsyncSession, version: int | None) -> None:
    """Forgets the prices of an import that will never be applied."""
    if version is None:
        return
    await session.execute(
        text(
            "DELETE FROM prices p USING price_versions v WHERE v.number = :version AND v.recorded_from IS NULL "
            "AND p.list_number = v.list_number AND p.version = v.number"
        ),
        {"version": version},
    )
    await session.execute(
        text("DELETE FROM price_versions WHERE number = :version AND recorded_from IS NULL"), {"version": version}
    )
