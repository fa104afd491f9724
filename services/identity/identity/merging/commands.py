"""The merge: one transaction, so that it is done or not. The other services follow the states that it publishes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, Invalid, NotFound, Problem
from contracts.identity.activities import InvitationStatus
from contracts.identity.events import PriceListsOfMerged
from identity.coded import CODED, Coded
from identity.companies.models import Company
from identity.contacts.models import Contact
from identity.invitations.models import Invitation
from identity.members.models import Member
from identity.members.substitution import end_substitutions_by
from identity.merging.rules import Fate, codes_there, fates, hindrances
from identity.sign_in.ending import end_sessions
from identity.sign_in.models import EndedBecause, SignInSession


@dataclass(frozen=True)
class MergeCompany:
    company_id: UUID
    """The duplicate."""
    into: UUID
    price_lists: PriceListsOfMerged


async def merge_company(session: AsyncSession, command: MergeCompany, at: datetime) -> Company:
    """Makes a duplicate the company that it is a duplicate of (ID-26). Done already: nothing happens.

    Raises:
        NotFound: there is no such company.
        Invalid: `merge-target-unknown`, `merged-into-itself`.
        Conflict: one of the `hindrances`.
    """
    duplicate, into = await _lock_both(session, command)
    if duplicate.merged_into == into.id:
        return duplicate
    for hindrance in hindrances(duplicate, into):
        facts: dict[str, object] = {"hindrances": [one.code for one in hindrances(duplicate, into)]}
        raise Conflict(hindrance.code, hindrance.detail, facts=facts)
    await _revoke_invitations(session, duplicate, at)
    await _move_contacts(session, duplicate, into)
    for kind in CODED:
        await _move_coded(session, kind, duplicate, into)
    administrators = await _move_members(session, duplicate, into, at)
    await end_sessions(session, SignInSession.company_id == duplicate.id, EndedBecause.REVOKED, at)
    duplicate.merge_into(into, command.price_lists, administrators, at)
    into.absorb(duplicate)
    for earlier in await _merged_before(session, duplicate):
        earlier.follow(into, at)
    return duplicate


async def _lock_both(session: AsyncSession, command: MergeCompany) -> tuple[Company, Company]:
    """In the order of their ids, so that two merges at once wait for one another."""
    if command.company_id == command.into:
        raise _not_into("merged-into-itself", "A company is not its own duplicate.")
    wanted = select(Company).where(Company.id.in_((command.company_id, command.into))).order_by(Company.id)
    found = {one.id: one for one in await session.scalars(wanted.with_for_update())}
    if command.company_id not in found:
        raise NotFound
    if command.into not in found:
        raise _not_into("merge-target-unknown", "There is no such company.")
    return found[command.company_id], found[command.into]


def _not_into(code: str, detail: str) -> Invalid:
    return Invalid(code, detail, problems=[Problem("/into", code, detail)])


async def _revoke_invitations(session: AsyncSession, duplicate: Company, at: datetime) -> None:
    """They offer a company that is none any more; their processes end. Who is still wanted is invited into the other."""
    wanted = select(Invitation).where(Invitation.company_id == duplicate.id, Invitation.status == InvitationStatus.OPEN)
    for invitation in await session.scalars(wanted.order_by(Invitation.id).with_for_update()):
        invitation.revoke(at=at)


async def _move_contacts(session: AsyncSession, duplicate: Company, into: Company) -> None:
    wanted = select(Contact).where(Contact.company_id == duplicate.id, Contact.erased_at.is_(None))
    for contact in await session.scalars(wanted.order_by(Contact.id).with_for_update()):
        contact.change({"company_id": into.id, "company_name": into.legal_name})


async def _move_coded(session: AsyncSession, kind: type[Coded], duplicate: Company, into: Company) -> None:
    wanted: Any = select(kind).where(kind.company_id == duplicate.id).order_by(kind.id).with_for_update()
    moved: dict[UUID, Coded] = {one.id: one for one in await session.scalars(wanted)}
    taken = set(await session.scalars(select(kind.code).where(kind.company_id == into.id)))
    for moved_id, code in codes_there({one.id: one.code for one in moved.values()}, taken).items():
        moved[moved_id].move(into.id, code)


async def _move_members(session: AsyncSession, duplicate: Company, into: Company, at: datetime) -> list[UUID]:
    """Also of memberships that end the row goes along: whoever follows the members must never find a company whose orders
    wait without anybody, before he is told that it was merged.

    Returns the contacts who administered the duplicate and sign in for the other now.
    """
    decided = await fates(session, duplicate, into.id)
    wanted = select(Member).where(Member.id.in_(decided)).order_by(Member.id).with_for_update()
    administrators = []
    for member in await session.scalars(wanted):
        if member.administers and decided[member.id] is not Fate.NEVER_HAD_ACCESS:
            administrators.append(member.contact_id)
        if decided[member.id] is Fate.MOVES:
            member.move(into.id)
        else:
            member.remove(at=at)
            await end_substitutions_by(session, member)
            member.company_id = into.id
    return administrators


async def _merged_before(session: AsyncSession, duplicate: Company) -> list[Company]:
    wanted = select(Company).where(Company.merged_into == duplicate.id).order_by(Company.id)
    return list(await session.scalars(wanted.with_for_update()))
