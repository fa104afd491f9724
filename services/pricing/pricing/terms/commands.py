"""The only writers of terms."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Invalid, NotFound, Problem
from chassis.ids import new_id
from contracts.pricing.states import AssigneeKind
from pricing.buyers.models import KnownMember
from pricing.price_lists.models import PriceList
from pricing.terms.models import AssignedList, Terms


@dataclass(frozen=True)
class AssignList:
    assignee_kind: AssigneeKind
    assignee: str
    """A contact's or company's id, or a group's code. Only contacts are looked up: processes give a list to a company that
    may be known here a moment later, and groups are words of identity's."""
    price_list: str


class ListUnusable(Invalid):
    """`price-list-unknown`, or `price-list-expired`: its validity has ended."""


class ContactUnknown(Invalid):
    """`contact-unknown`: none of the members that are known here is this contact."""


async def give_list(session: AsyncSession, command: AssignList, *, at: datetime) -> Terms:
    """Assigns a price list; given twice, it is given once (PR-04).

    Raises:
        ListUnusable: it is unknown or has ended. One that begins later may be given.
        ContactUnknown: the assignee is a contact of no member.
    """
    price_list = await _price_list(session, command.price_list)
    if price_list is None:
        raise ListUnusable("price-list-unknown", "There is no price list of this code.")
    if price_list.has_ended(at):
        raise ListUnusable("price-list-expired", "The validity of this price list has ended.")
    if command.assignee_kind is AssigneeKind.CONTACT:
        await _require_contact(session, command.assignee)
    terms = await _lock_or_begin(session, command)
    if terms.give(price_list.code, await _valid(session, [*terms.price_lists, price_list.code], at)):
        session.add(
            AssignedList(
                assignee_kind=command.assignee_kind,
                assignee=command.assignee,
                list_number=price_list.number,
                recorded_from=at,
            )
        )
    return terms


async def take_list_back(session: AsyncSession, command: AssignList, *, at: datetime) -> bool:
    """Takes a price list away again; False if the assignee does not have it."""
    terms = await _lock(session, command)
    if terms is None:
        return False
    remaining = [code for code in terms.price_lists if code != command.price_list]
    if not terms.take_back(command.price_list, await _valid(session, remaining, at)):
        return False
    number = select(PriceList.number).where(PriceList.code == command.price_list).scalar_subquery()
    await session.execute(
        update(AssignedList)
        .where(
            AssignedList.assignee_kind == command.assignee_kind,
            AssignedList.assignee == command.assignee,
            AssignedList.list_number == number,
            AssignedList.recorded_until.is_(None),
        )
        .values(recorded_until=at)
    )
    return True


@dataclass(frozen=True)
class MoveLists:
    company_id: UUID
    into: UUID


async def move_lists(session: AsyncSession, command: MoveLists, *, at: datetime) -> None:
    """Gives one company the price lists of another, in their order, and takes them from that one; a list that has ended
    is only taken (ID-26)."""
    owned = AssignList(AssigneeKind.COMPANY, str(command.company_id), "")
    terms = await _lock(session, owned)
    for code in terms.price_lists if terms else ():
        with suppress(ListUnusable):
            await give_list(session, AssignList(AssigneeKind.COMPANY, str(command.into), code), at=at)
        await take_list_back(session, replace(owned, price_list=code), at=at)


async def _price_list(session: AsyncSession, code: str) -> PriceList | None:
    # shared lock: its validity does not change under the decision
    return await session.scalar(select(PriceList).where(PriceList.code == code).with_for_update(read=True))


async def _require_contact(session: AsyncSession, contact: str) -> None:
    if not await session.scalar(select(exists().where(KnownMember.contact_id == UUID(contact)))):
        problem = Problem("/assignee", "contact-unknown", "no member of a company is this contact")
        raise ContactUnknown("contact-unknown", "No member of a company is this contact.", problems=[problem])


async def _lock(session: AsyncSession, command: AssignList) -> Terms | None:
    return await session.scalar(
        select(Terms)
        .where(Terms.assignee_kind == command.assignee_kind, Terms.assignee == command.assignee)
        .with_for_update()
    )


async def _lock_or_begin(session: AsyncSession, command: AssignList) -> Terms:
    begun = insert(Terms).values(
        id=new_id(),
        sequence=0,
        assignee_kind=command.assignee_kind,
        assignee=command.assignee,
        price_lists=[],
        has_valid_price_list=False,
    )
    await session.execute(begun.on_conflict_do_nothing())
    terms = await _lock(session, command)
    if terms is None:
        raise NotFound
    return terms


async def _valid(session: AsyncSession, codes: list[str], at: datetime) -> list[str]:
    """Those that count for PR-04: valid at this moment, and not the base list."""
    query = select(PriceList.code).where(
        PriceList.code.in_(codes),
        ~PriceList.base,
        PriceList.valid_from.is_(None) | (PriceList.valid_from <= at),
        PriceList.valid_until.is_(None) | (PriceList.valid_until > at),
    )
    return list((await session.scalars(query)).all())


_CHANGED = text(
    """
    SELECT t.id FROM terms t
    WHERE (CAST(:list AS int) IS NULL OR EXISTS (
            SELECT FROM assigned_lists g WHERE g.list_number = :list AND g.recorded_until IS NULL
            AND g.assignee = t.assignee AND g.assignee_kind = t.assignee_kind))
    AND t.has_valid_price_list <> EXISTS (
        SELECT FROM assigned_lists g JOIN price_lists l ON l.number = g.list_number
        WHERE g.assignee = t.assignee AND g.assignee_kind = t.assignee_kind AND g.recorded_until IS NULL
        AND NOT l.base AND coalesce(l.valid_from <= :at, true) AND coalesce(l.valid_until > :at, true))
    ORDER BY t.id LIMIT 1000
    """
)


async def note_lapses(session: AsyncSession, at: datetime, *, price_list: int | None = None) -> None:
    """Finds whose only valid list ended or began by the clock alone, or by a change of this one list; a duty (PR-04)."""
    changed = (await session.scalars(_CHANGED, {"at": at, "list": price_list})).all()
    for terms_id in changed:
        terms = await session.scalar(select(Terms).where(Terms.id == terms_id).with_for_update())
        assert terms is not None  # terms are never deleted
        terms.note(has_valid_price_list=bool(await _valid(session, terms.price_lists, at)))
