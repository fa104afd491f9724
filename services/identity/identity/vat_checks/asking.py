"""Asks the EU about VAT numbers that are due, in the background, one after the other: VIES refuses who asks in crowds.

What is due stands in the row of the company (`vat_check_due_at`), so an outage and a restart lose nothing.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.clock import now
from chassis.database import Database
from chassis.service import Resources
from identity.companies.commands import lock_company
from identity.companies.models import Company
from identity.vat_checks.vies import Said, Vies

_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended('vies', 0))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended('vies', 0))")


async def ask_vies(database: Database, resources: Resources, at: datetime) -> bool:
    """Background work: asks about one number; False if none is due, nobody is to be asked, or another worker asks."""
    vies: Vies = resources[Vies]
    if not vies.is_asked:
        return False
    async with database.reading() as connection:
        if not await connection.scalar(_LOCK):
            return False
        try:
            due = await connection.execute(
                select(Company.id, Company.vat_number)
                .where(Company.vat_check_due_at <= at, Company.vat_number.is_not(None))
                .order_by(Company.vat_check_due_at)
                .limit(1)
            )
            found = due.first()
            if found is None:
                return False
            said = await vies.ask(found.vat_number)
            async with database.transaction() as session:
                await note_answer(session, found.id, found.vat_number, said, now())
            return True
        finally:
            await connection.execute(_UNLOCK)


async def note_answer(session: AsyncSession, company_id: UUID, vat_number: str, said: Said, at: datetime) -> Company:
    """What was said of this number; nothing, where the company has another one by now.

    Raises:
        NotFound: there is no such company.
    """
    company = await lock_company(session, company_id)
    if company.vat_number == vat_number:
        company.note_vat_check(said.result, said.consultation, at)
    return company
