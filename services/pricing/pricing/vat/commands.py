"""The only writer of VAT rates."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pricing.vat.models import VatRate


@dataclass(frozen=True)
class PutVatRate:
    country: str
    vat_class: str
    rate: Decimal
    valid_from: datetime


async def put_vat_rate(session: AsyncSession, command: PutVatRate, *, at: datetime) -> bool:
    """Sets the rate from a moment on (PR-06). False if it stands so already.

    A rate for the same beginning is replaced, and stays as history.
    """
    standing = await session.scalar(
        select(VatRate)
        .where(
            VatRate.country == command.country,
            VatRate.vat_class == command.vat_class,
            VatRate.valid_from == command.valid_from,
            VatRate.recorded_until.is_(None),
        )
        .with_for_update()
    )
    if standing is not None:
        if standing.rate == command.rate:
            return False
        standing.recorded_until = at
        await session.flush()
    session.add(VatRate(**vars(command), recorded_from=at))
    return True
