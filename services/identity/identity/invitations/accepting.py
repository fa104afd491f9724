"""Using the link of an invitation: showing it, accepting, declining. Whoever holds it reads mail at its address."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.errors import Conflict, Invalid, NotFound, Problem
from contracts.identity.states import ContactKind
from contracts.identity.values import LinkPurpose
from contracts.shared.links import LinkKeys
from identity.companies.models import Company
from identity.contacts.commands import lock_contact
from identity.contacts.models import Contact
from identity.invitations.commands import ChangeInvitation, decline_invitation, lock_invitation
from identity.invitations.models import Invitation
from identity.members.commands import AddMember, active_member, add_member, leave_an_administrator
from identity.members.logins import account_for, open_account
from identity.members.models import Member
from identity.sign_in.commands import SetPassword, has_password, set_password
from identity.sign_in.passwords import PasswordHash


@dataclass(frozen=True)
class LivingLink:
    invitation_id: UUID
    contact_id: UUID
    """Who holds it: the mail went to his address."""


async def read_link(connection: AsyncConnection | AsyncSession, keys: LinkKeys, token: str) -> LivingLink:
    """What this link is for.

    Raises:
        NotFound: it is none, or of an earlier issue, or the address has changed: the answer is the same.
    """
    try:
        invitation_id, issue = keys.read(token)
    except ValueError:
        raise NotFound from None
    row = (
        await connection.execute(
            select(Invitation.issue, Invitation.contact_id, Contact.email)
            .join(Contact, Contact.id == Invitation.contact_id)
            .where(Invitation.id == invitation_id)
        )
    ).first()
    if row is None or not keys.verify(token, LinkPurpose.INVITATION.value, row.email) or row.issue != issue:
        raise NotFound
    return LivingLink(invitation_id, row.contact_id)


@dataclass(frozen=True)
class AcceptInvitation:
    token: str
    keys: LinkKeys
    password_hash: PasswordHash | None
    """Needed, and allowed, only where the address has no password yet."""
    name: str | None = None


async def accept_invitation(session: AsyncSession, command: AcceptInvitation, at: datetime) -> Member:
    """Makes the holder of the link a member, with an account of his own where he has none, or one that stays the consumer's.

    The first administrator's acceptance enables the company.

    Raises:
        NotFound: no living link.
        Conflict: it has ended or expired; `password-exists`; he has become the last administrator meanwhile.
        Invalid: `password-missing`.
    """
    link = await read_link(session, command.keys, command.token)
    company, invitation = await lock_invitation(session, link.invitation_id)
    invitation.require_acceptable(at=at)
    invited = await lock_contact(session, invitation.contact_id)
    account = await account_for(session, invited.email, company.storefront) or invited
    await _open_account(session, account, company, command, at)
    member = await _make_member(session, company, invitation, account, at)
    await _leave_guest_behind(session, company, invited, account, at)
    invitation.accept(member_id=member.id, at=at)
    if invitation.first_administrator:
        company.accept(at)
    return member


async def _open_account(
    session: AsyncSession, account: Contact, company: Company, command: AcceptInvitation, at: datetime
) -> None:
    if await has_password(session, account.id):
        if command.password_hash:
            raise Conflict("password-exists", "This address has an account with a password; sign in with it.")
    elif command.password_hash is None:
        problem = Problem("/password", "password-missing", "Choose a password.")
        raise Invalid("password-missing", problem.detail, problems=[problem])
    else:
        await set_password(session, SetPassword(account.id, command.password_hash), at)
    if account.kind is ContactKind.GUEST:
        if command.name:
            account.change({"name": command.name})
        await open_account(session, account, company.storefront)
    account.verify(at)


async def _make_member(
    session: AsyncSession, company: Company, invitation: Invitation, account: Contact, at: datetime
) -> Member:
    """On the invitation's terms; a membership that exists already takes them over."""
    existing = await active_member(session, company.id, account.id)
    if existing:
        if not invitation.administers:
            await leave_an_administrator(session, company, existing)
        existing.edit(invitation.grant)
        return existing
    return await add_member(session, AddMember(company.id, account.id, invitation.grant), at)


async def _leave_guest_behind(
    session: AsyncSession, company: Company, invited: Contact, account: Contact, at: datetime
) -> None:
    """The applicant's guest contact was a member, and his address got an account elsewhere meanwhile: one of them stays."""
    if invited.id != account.id:
        guest = await active_member(session, company.id, invited.id)
        if guest:
            guest.remove(at=at)


async def decline_by_link(session: AsyncSession, keys: LinkKeys, token: str, at: datetime) -> Invitation:
    """
    Raises:
        NotFound: no living link.
        Conflict: it has ended otherwise.
    """
    link = await read_link(session, keys, token)
    return await decline_invitation(session, ChangeInvitation(link.invitation_id), at)
