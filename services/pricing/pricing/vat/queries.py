"""VAT rates, behind HTTP."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from pricing.vat.models import VatRate


async def vat_rates(
    connection: AsyncConnection, country: str | None = None, vat_class: str | None = None
) -> Sequence[Any]:
    """Those that stand, past and future ones included."""
    query = (
        select(VatRate.country, VatRate.vat_class, VatRate.rate, VatRate.valid_from)
        .where(VatRate.recorded_until.is_(None))
        .order_by(VatRate.country, VatRate.vat_class, VatRate.valid_from)
    )
    if country is not None:
        query = query.where(VatRate.country == country)
    if vat_class is not None:
        query = query.where(VatRate.vat_class == vat_class)
    return (await connection.execute(query)).all()
