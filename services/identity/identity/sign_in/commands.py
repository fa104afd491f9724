"""The only writers of passwords, verification and reset links, and of what follows from using one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.errors import Conflict, Invalid, NotFound
from chassis.hot import HotStatement
from chassis.policies import EVERYWHERE
from contracts.identity.states import ContactKind
from contracts.identity.values import LinkPurpose
from contracts.shared.links import LinkKeys
from identity.companies.models import Company
from identity.contacts.commands import lock_contact, registered_contact
from identity.contacts.models import Contact
from identity.members.logins import account_for, memberships, open_account
from identity.members.models import Member
from identity.second_factor.challenges import forget_challenges
from identity.sign_in.ending import OwnSession, end_sessions, others
from identity.sign_in.models import LINK_LIFE, Credential, EndedBecause, SignInLink, SignInSession
from identity.sign_in.passwords import PasswordHash
from identity.sign_in.people import lock_person

INVALID_LINK = ("link-invalid", "This link is not valid, or not any more.")
NOT_AGAIN_WITHIN = timedelta(minutes=2)
"""A second request for the same mail within this time does nothing."""


@dataclass(frozen=True)
class SetPassword:
    subject_id: UUID
    """Of the contact or the staff member."""
    password_hash: PasswordHash


async def set_password(session: AsyncSession, command: SetPassword, at: datetime) -> None:
    """Stores it. Whoever it belongs to must still be registered, verified and active to sign in."""
    values = {"password_hash": command.password_hash, "changed_at": at}
    stored = insert(Credential).values(subject_id=command.subject_id, **values)
    await session.execute(stored.on_conflict_do_update(index_elements=["subject_id"], set_=values))


async def has_password(session: AsyncSession, subject_id: UUID) -> bool:
    found = await session.scalar(select(Credential.subject_id).where(Credential.subject_id == subject_id))
    return found is not None


_STANDS = HotStatement.of(
    select(Credential.password_hash).where(Credential.subject_id == bindparam("subject_id")).with_for_update(read=True)
)


async def password_stands(session: AsyncSession, subject_id: UUID, password_hash: str | None) -> bool:
    """Whether this still is the hash that it is verified by. It stays so until the transaction ends: a session that is
    opened with a password is not opened past the change that ends all sessions of that password."""
    rows = await _STANDS.rows(session, {"subject_id": subject_id})
    return password_hash is not None and [row["password_hash"] for row in rows] == [password_hash]


async def renew_hash(session: AsyncSession, subject_id: UUID, known_hash: str, password_hash: PasswordHash) -> bool:
    """Another hash of the same password, unless it is not this one any more."""
    renewed = update(Credential).where(Credential.subject_id == subject_id, Credential.password_hash == known_hash)
    done = renewed.values(password_hash=password_hash).returning(Credential.subject_id)
    return await session.scalar(done) is not None


async def change_password(
    session: AsyncSession, of: OwnSession, known_hash: str, password_hash: PasswordHash, at: datetime
) -> None:
    """By who knows the present one, of this hash; his other sessions end.

    Raises:
        Conflict: it was changed in the meantime.
    """
    person = await lock_person(session, of.kind, of.subject_id)
    stored = select(Credential.password_hash).where(Credential.subject_id == of.subject_id).with_for_update()
    if await session.scalar(stored) != known_hash:
        raise Conflict("password-changed", "The password was changed in the meantime.")
    person.change_password()
    await set_password(session, SetPassword(of.subject_id, password_hash), at)
    await end_sessions(session, others(of), EndedBecause.PASSWORD_CHANGED, at)
    await forget_challenges(session, of.subject_id)


# -- links -------------------------------------------------------------------------------------------------------------


async def request_verification(session: AsyncSession, contact: Contact, at: datetime) -> None:
    """The contact, locked, is mailed a link by which he proves his address."""
    contact.request_verification()
    _add_link(session, contact, LinkPurpose.VERIFICATION, contact.verification_issue, at)


async def request_reset(session: AsyncSession, contact: Contact, at: datetime) -> None:
    """The contact, locked, is mailed a link by which he chooses a password."""
    contact.request_reset()
    _add_link(session, contact, LinkPurpose.RESET, contact.reset_issue, at)


def _add_link(session: AsyncSession, contact: Contact, purpose: LinkPurpose, issue: int, at: datetime) -> None:
    link = SignInLink(
        contact_id=contact.id, purpose=purpose, issue=issue, requested_at=at, expires_at=at + LINK_LIFE[purpose]
    )
    session.add(link)


async def request_reset_of(session: AsyncSession, email: str, at: datetime) -> None:
    """Somebody asked for a new password for this normalised address. Who asked learns nothing from the answer.

    Who applied with a password and has not proved his address is mailed the link for that again.
    """
    contact = await registered_contact(session, email)
    if contact and not await _asked_just_now(session, contact, LinkPurpose.RESET, at):
        await request_reset(session, contact, at)
    applicant = await _applicant_of(session, email)
    if applicant and not await _asked_just_now(session, applicant, LinkPurpose.VERIFICATION, at):
        await request_verification(session, applicant, at)


async def _applicant_of(session: AsyncSession, email: str) -> Contact | None:
    """The last one who chose a password for a company that is, or may become, a customer, without proving his address."""
    his = memberships(Contact.email == email).with_only_columns(Member.contact_id)
    applicants = select(Contact).join(Credential, Credential.subject_id == Contact.id).where(Contact.id.in_(his))
    unproved = applicants.where(Contact.kind == ContactKind.GUEST, Contact.verified_at.is_(None))
    found: Contact | None = await session.scalar(
        unproved.order_by(Contact.id.desc()).limit(1).with_for_update(of=Contact)
    )
    return found


async def verify_again(session: AsyncSession, contact_id: UUID, at: datetime) -> None:
    """He knows his password but has not proved his address: he is mailed a new link."""
    contact = await lock_contact(session, contact_id)
    if contact.verified_at is None and not await _asked_just_now(session, contact, LinkPurpose.VERIFICATION, at):
        await request_verification(session, contact, at)


async def _asked_just_now(session: AsyncSession, contact: Contact, purpose: LinkPurpose, at: datetime) -> bool:
    last = await session.scalar(
        select(SignInLink.requested_at)
        .where(SignInLink.contact_id == contact.id, SignInLink.purpose == purpose)
        .order_by(SignInLink.issue.desc())
        .limit(1)
    )
    return last is not None and at - last < NOT_AGAIN_WITHIN


@dataclass(frozen=True)
class UseLink:
    token: str
    keys: LinkKeys

    @property
    def claimed_by(self) -> UUID | None:
        """The contact that the token names, not verified yet."""
        try:
            return self.keys.read(self.token)[0]
        except ValueError:
            return None


async def verify_address(session: AsyncSession, command: UseLink, at: datetime) -> Contact:
    """Who has chosen a password and proved his address has an account; what his company's status allows is another matter.

    Raises:
        Invalid: the link is not one that is alive.
    """
    contact = await _use(session, command, LinkPurpose.VERIFICATION, at)
    contact.verify(at)
    storefront = await session.scalar(select(Company.storefront).where(Company.id == contact.company_id)) or EVERYWHERE
    account = await account_for(session, contact.email, storefront)
    if account is None and await has_password(session, contact.id):
        await open_account(session, contact, storefront)
    return contact


async def reset_password(session: AsyncSession, command: UseLink, password_hash: PasswordHash, at: datetime) -> Contact:
    """Another password, chosen by who reads the mail: so the address is proved, and open sessions end.

    Raises:
        Invalid: the link is not one that is alive.
    """
    contact = await _use(session, command, LinkPurpose.RESET, at)
    if await has_password(session, contact.id):
        contact.change_password()
    await set_password(session, SetPassword(contact.id, password_hash), at)
    contact.verify(at)
    await end_sessions(session, SignInSession.subject_id == contact.id, EndedBecause.PASSWORD_CHANGED, at)
    await forget_challenges(session, contact.id)
    return contact


async def check_reset_link(connection: AsyncConnection, command: UseLink) -> None:
    """Whether it was made by us for the present address; whether it is alive is seen when it is used.

    Raises:
        Invalid: it was not.
    """
    try:
        contact_id, _ = command.keys.read(command.token)
    except ValueError:
        raise Invalid(*INVALID_LINK) from None
    email = await connection.scalar(select(Contact.email).where(Contact.id == contact_id))
    if email is None or not command.keys.verify(command.token, LinkPurpose.RESET.value, email):
        raise Invalid(*INVALID_LINK)


async def _use(session: AsyncSession, command: UseLink, purpose: LinkPurpose, at: datetime) -> Contact:
    """The contact, locked; the link is spent."""
    refusal = Invalid(*INVALID_LINK)
    try:
        contact_id, issue = command.keys.read(command.token)
        contact = await lock_contact(session, contact_id)
    except (ValueError, NotFound):
        raise refusal from None
    last = contact.verification_issue if purpose is LinkPurpose.VERIFICATION else contact.reset_issue
    link = await session.get(SignInLink, (contact_id, purpose, issue), with_for_update=True)
    if not command.keys.verify(command.token, purpose.value, contact.email) or link is None:
        raise refusal
    if issue != last or link.used_at is not None or at >= link.expires_at:
        raise refusal
    link.used_at = at
    return contact
