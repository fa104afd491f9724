"""The only reader of second factors behind HTTP."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.second_factor.models import RecoveryCode, SecondFactor


async def factor_of(connection: AsyncConnection, subject_id: UUID) -> Any:
    """Since when, and how many recovery codes are left; None: he has none that counts."""
    left = select(func.count()).where(RecoveryCode.subject_id == SecondFactor.subject_id).scalar_subquery()
    query = select(SecondFactor.confirmed_at, left.label("recovery_codes_left")).where(
        SecondFactor.subject_id == subject_id, SecondFactor.confirmed_at.is_not(None)
    )
    return (await connection.execute(query)).first()
