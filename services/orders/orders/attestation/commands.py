"""The decision of a company on an order, and what time does to one that waits."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, Forbidden
from contracts.orders.values import AskedOf, OrderStatus
from orders.attestation.attesters import Merchant, may_attest
from orders.buyers.models import Account, CompanyRow, Member
from orders.buyers.queries import account_of, active_members, members_to_decide_by, with_absent
from orders.orders.commands import lock_order, settle_budget
from orders.orders.models import Order


@dataclass(frozen=True)
class AttestOrder:
    order_id: UUID
    by: Member | Merchant
    at: datetime


async def attest_order(session: AsyncSession, command: AttestOrder) -> Order:
    """
    Raises:
        NotFound: it is no order of his company.
        Forbidden: he may not.
        Conflict: it was decided otherwise.
    """
    order = await lock_order(session, command.order_id, account=_account_of(command.by))
    order.attest(by=await _as_he_is(session, command.by, command.at), at=command.at)
    return order


@dataclass(frozen=True)
class DeclineOrder:
    order_id: UUID
    by: Member | Merchant
    comment: str
    at: datetime


async def decline_order(session: AsyncSession, command: DeclineOrder) -> Order:
    """Raises as `attest_order` does, and Invalid without a comment."""
    order = await lock_order(session, command.order_id, account=_account_of(command.by))
    by = await _as_he_is(session, command.by, command.at)
    order.decline(by=by, comment=command.comment, at=command.at)
    await settle_budget(session, order)
    return order


async def _as_he_is(session: AsyncSession, by: Member | Merchant, at: datetime) -> Member | Merchant:
    """With those for whom he stands in."""
    return await with_absent(session, by, at) if isinstance(by, Member) else by


def _account_of(by: Member | Merchant) -> Account | None:
    return by.account if isinstance(by, Member) else None


async def do_if_possible(session: AsyncSession, order_id: UUID, act: Callable[[Order], None]) -> Order:
    """For processes: tries a move, and answers with what stands. A timer that lost against a decision obeys it."""
    order = await lock_order(session, order_id)
    with suppress(Conflict, Forbidden):
        act(order)
    await settle_budget(session, order)
    return order


@dataclass(frozen=True)
class EscalateAttestation:
    order_id: UUID
    step: int
    due: datetime
    at: datetime


async def escalate_attestation(session: AsyncSession, command: EscalateAttestation) -> Order:
    """Asks the next in line, found now."""
    order = await lock_order(session, command.order_id)
    members = await active_members(session, order.company_id, command.at)
    order.escalate(command.step, command.due, members, command.at)
    return order


async def see_asked(session: AsyncSession, order_id: UUID, company_id: UUID, at: datetime) -> Order | None:
    """Sees that whoever an order was put to may still decide, and puts it to others where he may not.

    Who left in the moment in which it was submitted was asked, and the change of members did not find it waiting. The
    members are locked before the order, as by a change of members.
    """
    asked = await session.scalar(select(Order.askings).where(Order.id == order_id))
    contacts = {UUID(one["contact_id"]) for one in asked[-1]["members"]} if asked else set()
    members = await members_to_decide_by(session, contacts, await account_of(session, company_id)) if contacts else []
    order = await session.get(Order, order_id, with_for_update=True)
    if order is not None and contacts - {one.contact_id for one in members if may_attest(order, one) is None}:
        order.ask_again(await active_members(session, company_id, at), at)
    return order


async def ask_again(session: AsyncSession, company_ids: Collection[UUID], at: datetime) -> None:
    """Orders that wait in these companies, and in those merged into them, are put to whoever may decide since their
    members changed."""
    merged = select(cast(CompanyRow.key, Uuid)).where(CompanyRow.merged_into.in_(company_ids))
    concerned = {*company_ids, *await session.scalars(merged)}
    orders = await session.scalars(
        select(Order)
        .where(
            Order.company_id.in_(concerned),
            Order.status == OrderStatus.AWAITING_ATTESTATION,
            Order.asked_of != AskedOf.MERCHANT,
        )
        .order_by(Order.id)
        .with_for_update()
    )
    by_company: dict[UUID, list[Order]] = {}
    for order in orders:
        by_company.setdefault(order.company_id, []).append(order)
    for company_id, waiting in by_company.items():
        members = await active_members(session, company_id, at)
        for order in waiting:
            order.ask_again(members, at)
