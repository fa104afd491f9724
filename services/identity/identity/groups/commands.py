"""The only writers of groups."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, NotFound
from chassis.http.etag import check_version
from chassis.ids import new_id
from chassis.policies import PolicyVersion, policy_name
from contracts.shared.values import Code, Money
from identity.companies.models import Company
from identity.contacts.models import Contact
from identity.groups.models import Group
from identity.policies import RegistrationPolicy
from identity.storefronts.models import Storefront


@dataclass(frozen=True)
class CreateGroup:
    code: Code
    names: dict[str, str]
    sales_representative: str | None
    pays_by_invoice: bool | None
    invoice_days: int | None
    credit_limit: Money | None


async def create_group(session: AsyncSession, command: CreateGroup, at: datetime) -> Group:
    """
    Raises:
        Conflict: there is one of this code.
    """
    values = {"id": new_id(), "sequence": 0, **vars(command), "active": True, "created_at": at}
    made = insert(Group).values(values).on_conflict_do_nothing(index_elements=["code"])
    group: Group | None = await session.scalar(made.returning(Group))
    if group is None:
        raise Conflict("group-exists", "There is a group of this code.")
    group.create()
    return group


@dataclass(frozen=True)
class ChangeGroup:
    code: Code
    if_match: str
    values: dict[str, Any]
    """Columns and their new values."""


async def change_group(session: AsyncSession, command: ChangeGroup) -> Group:
    """
    Raises:
        NotFound, StaleVersion.
    """
    group = await _lock(session, command.code)
    check_version(command.if_match, group.sequence)
    group.change(command.values)
    return group


async def remove_group(session: AsyncSession, code: Code) -> None:
    """
    Raises:
        NotFound.
        Conflict: `group-in-use`. It can be made inactive.
    """
    group = await _lock(session, code)
    if await _is_in_use(session, code):
        raise Conflict("group-in-use", "Companies, contacts, storefronts or registration name this group.")
    group.remove()
    await session.delete(group)


async def _lock(session: AsyncSession, code: Code) -> Group:
    """Waits for everybody who is naming it; nobody names it until this transaction ends."""
    group = await session.scalar(select(Group).where(Group.code == code).with_for_update())
    if group is None:
        raise NotFound
    return group


async def _is_in_use(session: AsyncSession, code: Code) -> bool:
    named = [exists().where(table.groups.contains([code])) for table in (Company, Contact, Storefront)]
    in_force = (
        select(PolicyVersion.document)
        .where(PolicyVersion.name == policy_name(RegistrationPolicy))
        .ext(distinct_on(PolicyVersion.scope))
        .order_by(PolicyVersion.scope, PolicyVersion.version.desc())
        .subquery()
    )
    by_policy = exists().where(func.jsonb_exists(in_force.c.document["groups"], code))
    return bool(await session.scalar(select(or_(*named, by_policy))))
