"""The only writers of invitations. The company row is locked first, then contact, member and invitation."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, Invalid, NotFound, Problem
from chassis.ids import new_id
from chassis.policies import policy
from contracts.identity.activities import InvitationStatus
from identity.companies.commands import lock_company, lock_company_even_merged
from identity.companies.models import Company
from identity.contacts.commands import lock_contact
from identity.contacts.models import Contact
from identity.invitations.models import Invitation
from identity.invitations.policies import InvitationPolicy
from identity.members.commands import check_may_invite, member_of_address
from identity.members.grants import MemberTerms, granted


@dataclass(frozen=True)
class IssueInvitation:
    company_id: UUID
    contact_id: UUID
    """Whose address it is sent to."""
    terms: MemberTerms
    first_administrator: bool = False
    """Accepting it enables the company; its contact may be a member already, by the company's application."""
    invited_by: UUID | None = None
    """The contact of the member who invites; None: the merchant."""


async def issue_invitation(session: AsyncSession, command: IssueInvitation, at: datetime) -> Invitation:
    """Invites one contact; the process mails the link.

    Raises:
        NotFound: no such company or contact.
        Conflict: `company-without-account-access`, `already-member`, `already-invited`.
        Invalid: `role-unknown`; an administrator that does not manage members, a first one that is none.
        Forbidden: the granter gives more than he may, or his company's status does not let it invite.
    """
    company = await lock_company(session, command.company_id)
    await check_may_invite(session, company, command.terms.granter)
    contact = await lock_contact(session, command.contact_id)
    grant = await granted(session, company.id, command.terms)
    if command.first_administrator and not grant.administers:
        problem = Problem("/role", "first-administrator-administers", "The first administrator has a role that is one.")
        raise Invalid("first-administrator-administers", problem.detail, problems=[problem])
    await _check_is_new(session, company, contact, command.first_administrator)
    rules = await policy(session, InvitationPolicy, company.storefront)
    invitation = Invitation(
        id=new_id(),
        company_id=company.id,
        company_number=company.number,
        contact_id=contact.id,
        first_administrator=command.first_administrator,
        invited_by=command.invited_by,
        status=InvitationStatus.OPEN,
        issue=1,
        remind_after=rules.remind_after,
        expire_after=rules.expire_after,
        **vars(grant),
    )
    invitation.send_out(at=at)
    session.add(invitation)
    if command.first_administrator:
        company.note_first_invitation(live=True, reason="invitation-issued")
    return invitation


async def _check_is_new(session: AsyncSession, company: Company, contact: Contact, first_administrator: bool) -> None:
    """By address, since one person may be several contacts."""
    member_id = await member_of_address(session, company.id, contact.email)
    if member_id and not first_administrator:
        raise Conflict("already-member", "This person is a member already.", facts={"member_id": str(member_id)})
    invitation_id = await session.scalar(
        select(Invitation.id)
        .join(Contact, Contact.id == Invitation.contact_id)
        .where(
            Invitation.company_id == company.id,
            Invitation.status == InvitationStatus.OPEN,
            Contact.email == contact.email,
        )
    )
    if invitation_id:
        raise Conflict(
            "already-invited", "This person is invited already.", facts={"invitation_id": str(invitation_id)}
        )


async def lock_invitation(session: AsyncSession, invitation_id: UUID) -> tuple[Company, Invitation]:
    """With its company, whose row is locked first.

    Raises:
        NotFound: there is none.
    """
    company_id = await session.scalar(select(Invitation.company_id).where(Invitation.id == invitation_id))
    if company_id is None:
        raise NotFound
    company = await lock_company_even_merged(session, company_id)
    invitation = await session.scalar(select(Invitation).where(Invitation.id == invitation_id).with_for_update())
    assert invitation is not None
    return company, invitation


@dataclass(frozen=True)
class ChangeInvitation:
    """
    Attributes:
        company_id: the only company in which to look; None: staff, or the process.
    """

    invitation_id: UUID
    company_id: UUID | None = None


async def _lock(session: AsyncSession, command: ChangeInvitation) -> tuple[Company, Invitation]:
    company, invitation = await lock_invitation(session, command.invitation_id)
    if command.company_id not in (None, company.id):
        raise NotFound
    return company, invitation


async def resend_invitation(session: AsyncSession, command: ChangeInvitation, at: datetime) -> Invitation:
    """
    Raises:
        NotFound.
        Conflict: it has ended.
    """
    _, invitation = await _lock(session, command)
    invitation.resend(at=at)
    return invitation


@dataclass(frozen=True)
class ExtendBy:
    """From the expiry that is set now."""

    by: timedelta


async def extend_invitation(session: AsyncSession, command: ChangeInvitation, until: datetime | ExtendBy) -> Invitation:
    """
    Raises:
        NotFound.
        Conflict: it has ended.
    """
    _, invitation = await _lock(session, command)
    invitation.extend(until=until if isinstance(until, datetime) else invitation.expires_at + until.by)
    return invitation


async def revoke_invitation(session: AsyncSession, command: ChangeInvitation, at: datetime) -> Invitation:
    """
    Raises:
        NotFound.
        Conflict: it has ended otherwise.
    """
    company, invitation = await _lock(session, command)
    invitation.revoke(at=at)
    _note_end(company, invitation)
    return invitation


async def decline_invitation(session: AsyncSession, command: ChangeInvitation, at: datetime) -> Invitation:
    """
    Raises:
        NotFound.
        Conflict: it has ended otherwise.
    """
    company, invitation = await _lock(session, command)
    invitation.decline(at=at)
    _note_end(company, invitation)
    return invitation


async def remind_invitee(
    session: AsyncSession, command: ChangeInvitation, at: datetime, *, issue: int, reminder: int
) -> Invitation:
    """Notes this reminder of this issue, once, unless the invitation has ended."""
    _, invitation = await _lock(session, command)
    invitation.remind(issue=issue, reminder=reminder, at=at)
    return invitation


async def expire_invitation(session: AsyncSession, command: ChangeInvitation, issue: int, at: datetime) -> Invitation:
    """The timer's command; answers with what stands where somebody was faster. Frees the address."""
    company, invitation = await _lock(session, command)
    if invitation.expire(issue=issue, at=at):
        _note_end(company, invitation)
    return invitation


def _note_end(company: Company, invitation: Invitation) -> None:
    """The company's status leads back where it came from."""
    if invitation.first_administrator:
        company.note_first_invitation(live=False, reason=f"invitation-{invitation.status.value}")
