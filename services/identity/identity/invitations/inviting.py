"""Inviting several addresses at once: one outcome each, and none that tells whether a stranger has an account (ID-13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict
from contracts.shared.values import Language
from identity.companies.commands import lock_company
from identity.companies.models import Company
from identity.contacts.commands import CreateContact, create_contact
from identity.contacts.models import Contact
from identity.invitations.commands import IssueInvitation, issue_invitation
from identity.members.commands import check_may_invite
from identity.members.grants import MemberTerms


@dataclass(frozen=True)
class Invitee:
    name: str
    email: str
    """Normalised."""
    language: Language


@dataclass(frozen=True)
class InvitePeople:
    company_id: UUID
    invitees: Sequence[Invitee]
    terms: MemberTerms
    first_administrator: bool = False
    invited_by: UUID | None = None


class InvitingOutcome(StrEnum):
    INVITED = "invited"
    ALREADY_MEMBER = "already_member"
    ALREADY_INVITED = "already_invited"


@dataclass(frozen=True)
class Invited:
    email: str
    outcome: InvitingOutcome
    invitation_id: UUID | None = None


async def invite_people(session: AsyncSession, command: InvitePeople, at: datetime) -> list[Invited]:
    """Invites each on the same terms. The same address twice is invited once.

    Raises:
        NotFound: no such company.
        Conflict: `company-without-account-access`; `one-first-administrator`, where several would be.
        Invalid, Forbidden: see `issue_invitation`.
    """
    company = await lock_company(session, command.company_id)
    await check_may_invite(session, company, command.terms.granter)
    if command.first_administrator and len({one.email for one in command.invitees}) > 1:
        raise Conflict("one-first-administrator", "A company has one first administrator; invite the others later.")
    outcomes: dict[str, Invited] = {}
    for invitee in command.invitees:
        if invitee.email not in outcomes:
            contact = await _invited_contact(session, company, invitee, at)
            issue = IssueInvitation(
                company.id, contact.id, command.terms, command.first_administrator, command.invited_by
            )
            outcomes[invitee.email] = await _invite(session, invitee, issue, at)
    return list(outcomes.values())


async def _invite(session: AsyncSession, invitee: Invitee, issue: IssueInvitation, at: datetime) -> Invited:
    try:
        invitation = await issue_invitation(session, issue, at)
    except Conflict as refused:
        match refused.code:
            case "already-member":
                return Invited(invitee.email, InvitingOutcome.ALREADY_MEMBER)
            case "already-invited":
                found = UUID(str(refused.facts["invitation_id"]))
                return Invited(invitee.email, InvitingOutcome.ALREADY_INVITED, found)
            case _:
                raise
    await session.flush()
    return Invited(invitee.email, InvitingOutcome.INVITED, invitation.id)


async def _invited_contact(session: AsyncSession, company: Company, invitee: Invitee, at: datetime) -> Contact:
    """A contact of this company with that address, a new guest if there is none. An account elsewhere is not looked at,
    so that nothing here looks different where one exists; acceptance finds it."""
    known = await session.scalar(
        select(Contact)
        .where(Contact.company_id == company.id, Contact.email == invitee.email)
        .order_by(Contact.created_at.desc())
        .limit(1)
    )
    if known:
        return known
    guest = CreateContact(name=invitee.name, email=invitee.email, language=invitee.language, company=company)
    return await create_contact(session, guest, at)
