"""The only writers of storefronts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, NotFound
from chassis.http.etag import check_version
from chassis.ids import new_id
from contracts.identity.storefronts import StorefrontAccess
from contracts.shared.values import Code
from identity.groups.naming import check_groups
from identity.storefronts.models import Storefront


@dataclass(frozen=True)
class CreateStorefront:
    code: Code
    name: str
    access: StorefrontAccess
    groups: list[str]
    catalogues: list[str]


async def create_storefront(session: AsyncSession, command: CreateStorefront, at: datetime) -> Storefront:
    """
    Raises:
        Invalid: `group-unknown`.
        Conflict: there is one of this code.
    """
    await check_groups(session, command.groups)
    values = {"id": new_id(), "sequence": 0, **vars(command), "active": True, "created_at": at}
    made = insert(Storefront).values(values).on_conflict_do_nothing(index_elements=["code"])
    storefront: Storefront | None = await session.scalar(made.returning(Storefront))
    if storefront is None:
        raise Conflict("storefront-exists", "There is a storefront of this code.")
    storefront.create()
    return storefront


@dataclass(frozen=True)
class ChangeStorefront:
    code: Code
    if_match: str
    values: dict[str, Any]
    """Columns and their new values."""


async def change_storefront(session: AsyncSession, command: ChangeStorefront) -> Storefront:
    """
    Raises:
        NotFound, StaleVersion.
        Invalid: `group-unknown`.
    """
    storefront = await session.scalar(select(Storefront).where(Storefront.code == command.code).with_for_update())
    if storefront is None:
        raise NotFound
    check_version(command.if_match, storefront.sequence)
    await check_groups(session, command.values.get("groups", ()), already=storefront.groups)
    storefront.change(command.values)
    return storefront
