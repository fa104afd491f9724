"""Companies as files of others name them: whoever names a merged company means the one that it is now (ID-26)."""

from collections.abc import Collection

from sqlalchemy import ARRAY, ColumnElement, Text, any_, cast, false, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from identity.bulk import planned_anew
from identity.companies.models import Company

_Named = aliased(Company, name="named")


class NamedCompanies:
    """Companies by the customer numbers and external keys by which they were asked for."""

    def __init__(self, found: Collection[tuple[Company, str, dict[str, str]]]) -> None:
        self.by_number = {number: company for company, number, _ in found}
        self.by_key = {item: company for company, _, keys in found for item in keys.items()}

    @classmethod
    async def of(
        cls, session: AsyncSession, numbers: Collection[str], keys: Collection[dict[str, str]] = (), *, lock: bool
    ) -> "NamedCompanies":
        named: list[ColumnElement[bool]] = []
        if numbers:
            named.append(_Named.number == any_(cast(list(numbers), ARRAY(Text))))
        if keys:
            named.append(_Named.external_keys.op("@>", is_comparison=True)(any_(cast(list(keys), ARRAY(JSONB)))))
        query = (
            select(Company, _Named.number, _Named.external_keys)
            .join(_Named, Company.id == func.coalesce(_Named.merged_into, _Named.id))
            .where(or_(false(), *named))
            .order_by(Company.id)
        )
        async with planned_anew(session):
            rows = await session.execute(query.with_for_update(of=Company) if lock else query)
        return cls([(company, number, external) for company, number, external in rows.all()])
