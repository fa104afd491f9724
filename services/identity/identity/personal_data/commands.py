"""The only ones who erase a person."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, NotFound
from chassis.outbox import forget_states
from contracts.identity.activities import InvitationStatus
from contracts.identity.topics import CONTACT_STATE
from contracts.identity.values import Capability
from identity.access_requests.commands import erase_requests_of
from identity.applications.models import OPEN, Application, Question
from identity.companies.models import Company
from identity.contacts.models import ERASED, Contact
from identity.external_sign_in.models import ExternalLogin
from identity.invitations.models import Invitation
from identity.members.models import Member
from identity.members.substitution import end_substitutions_by
from identity.policies import status_table
from identity.second_factor.challenges import forget_challenges
from identity.second_factor.models import SecondFactor
from identity.sign_in.models import Credential, SignInLink, SignInSession, SubjectKind
from identity.sign_in.throttling import forget_person
from identity.staff.commands import lock_one_even_erased
from identity.staff.models import StaffMember


async def erase_person(session: AsyncSession, contact_id: UUID, at: datetime) -> Contact:
    """Takes everything that tells who a contact was, here and, by a tombstone, wherever identity told it. Orders and
    applications stay, without him; so does a company that may not sign in, were he its last administrator.
    Erased twice, he is erased once.

    Raises:
        NotFound: there is none.
        Conflict: `person-in-use`: he is a member of a company that may sign in, or is invited, or has applied; that is to be
            ended first.
    """
    companies = await _lock_companies(session, contact_id)
    contact = await session.scalar(select(Contact).where(Contact.id == contact_id).with_for_update())
    if contact is None:
        raise NotFound
    if not contact.is_erased:
        members = await _members(session, contact_id)
        await _refuse_in_use(session, contact_id, await _signing_in(session, members, companies))
        for member in members:
            member.remove(at=at)
            await end_substitutions_by(session, member)
        await _forget_sign_in(session, SubjectKind.MEMBER, contact)
        await _forget_words(session, contact_id)
        contact.erase(at)
        await forget_states(session, CONTACT_STATE, contact.key)
    return contact


async def erase_staff(session: AsyncSession, staff_id: UUID, at: datetime) -> StaffMember:
    """The same of one of the staff who has left, and of what he wrote to become one. His id stays, so that histories tell
    what one person did. Erased twice, he is erased once.

    Raises:
        NotFound: there is none.
        Conflict: `staff-active`: he is deactivated first, which the last who may manage staff never is.
    """
    member = await lock_one_even_erased(session, staff_id)
    if member.active:
        raise Conflict("staff-active", "He is still one of the staff: deactivate him first.")
    if not member.is_erased:
        await erase_requests_of(session, member, at)
        await _forget_sign_in(session, SubjectKind.STAFF, member)
        member.erase(at)
        await forget_states(session, CONTACT_STATE, member.key)
    return member


async def _lock_companies(session: AsyncSession, contact_id: UUID) -> dict[UUID, Company]:
    """Of which he is a member, or the one to be told."""
    memberships = select(Member.company_id).where(Member.contact_id == contact_id, Member.active)
    his = select(Company).where(or_(Company.first_contact_id == contact_id, Company.id.in_(memberships)))
    found = await session.scalars(his.order_by(Company.id).with_for_update())
    return {company.id: company for company in found}


async def _members(session: AsyncSession, contact_id: UUID) -> Sequence[Member]:
    his = select(Member).where(Member.contact_id == contact_id, Member.active).order_by(Member.id)
    return (await session.scalars(his.with_for_update())).all()


async def _signing_in(
    session: AsyncSession, members: Sequence[Member], companies: Mapping[UUID, Company]
) -> list[Member]:
    """Those whose company may sign in, or has only now got him as a member."""
    table = await status_table(session)
    barred = {one.id for one in companies.values() if not table.allows(one.status, Capability.LOG_IN)}
    return [member for member in members if member.company_id not in barred]


async def _refuse_in_use(session: AsyncSession, contact_id: UUID, members: Sequence[Member]) -> None:
    uses = {
        "invitations": select(Invitation.id).where(
            Invitation.contact_id == contact_id, Invitation.status == InvitationStatus.OPEN
        ),
        "applications": select(Application.id).where(
            Application.contact_id == contact_id, Application.status.in_(OPEN)
        ),
    }
    found = {name: [str(one) for one in await session.scalars(ids)] for name, ids in uses.items()}
    found["members"] = [str(member.id) for member in members]
    if any(found.values()):
        raise Conflict(
            "person-in-use",
            "Remove the member, revoke the invitation and close the application of this person first.",
            facts={name: ids for name, ids in found.items() if ids},
        )


async def _forget_sign_in(session: AsyncSession, kind: SubjectKind, person: Contact | StaffMember) -> None:
    """Password, second factor, links, sessions, and what is counted of his attempts."""
    await forget_challenges(session, person.id)
    await forget_person(session, kind, person.id, person.email)
    for gone in (
        delete(Credential).where(Credential.subject_id == person.id),
        delete(SecondFactor).where(SecondFactor.subject_id == person.id),
        delete(ExternalLogin).where(ExternalLogin.subject_id == person.id),
        delete(SignInLink).where(SignInLink.contact_id == person.id),
        delete(SignInSession).where(SignInSession.subject_id == person.id),
    ):
        await session.execute(gone)


async def _forget_words(session: AsyncSession, contact_id: UUID) -> None:
    """What was written to him and by him, and that companies name him to be told."""
    his = select(Application.id).where(Application.contact_id == contact_id).scalar_subquery()
    await session.execute(update(Question).where(Question.application_id.in_(his)).values(text=ERASED))
    await session.execute(
        update(Question).where(Question.application_id.in_(his), Question.answer.is_not(None)).values(answer=ERASED)
    )
    await session.execute(
        update(Application)
        .where(Application.contact_id == contact_id, Application.comment.is_not(None))
        .values(comment=ERASED)
    )
    await session.execute(update(Company).where(Company.first_contact_id == contact_id).values(first_contact_id=None))
