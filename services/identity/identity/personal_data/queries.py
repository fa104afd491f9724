"""Everything that identity keeps of one person."""

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound
from identity.access_requests.models import AccessRequest
from identity.applications.models import Application, Question
from identity.contacts.queries import ContactAnswer, read_contact
from identity.invitations.models import Invitation
from identity.members.models import Member
from identity.sign_in.models import SignInSession
from identity.staff.models import StaffMember


class _Kept(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class KeptMember(_Kept):
    id: UUID
    """Orders name him by it, and the activity log by `member:<id>`."""
    company_id: UUID
    role: str
    added_at: AwareDatetime
    removed_at: AwareDatetime | None


class KeptInvitation(_Kept):
    id: UUID
    company_id: UUID
    status: str
    issued_at: AwareDatetime
    ended_at: AwareDatetime | None


class KeptQuestion(_Kept):
    application_id: UUID
    text: str
    asked_at: AwareDatetime
    answer: str | None
    answered_at: AwareDatetime | None


class KeptApplication(_Kept):
    id: UUID
    number: str
    company_id: UUID
    submitted_at: AwareDatetime
    status: str
    comment: str | None


class KeptSession(_Kept):
    opened_at: AwareDatetime
    expires_at: AwareDatetime
    ended_at: AwareDatetime | None


class PersonalData(BaseModel):
    """Of one person, in a form that a machine can read. His orders and mails are with those who keep them."""

    contact: ContactAnswer
    members: list[KeptMember]
    invitations: list[KeptInvitation]
    applications: list[KeptApplication]
    questions: list[KeptQuestion]
    sessions: list[KeptSession]


async def personal_data(connection: AsyncConnection, contact_id: UUID) -> PersonalData:
    """
    Raises:
        NotFound: there is no such contact.
    """
    contact = await read_contact(connection, contact_id)
    members, invitations, applications = Member.__table__, Invitation.__table__, Application.__table__
    questions, sessions = Question.__table__, SignInSession.__table__
    return PersonalData(
        contact=ContactAnswer.model_validate(contact),
        members=await _kept(connection, KeptMember, select(members).where(members.c.contact_id == contact_id)),
        invitations=await _kept(
            connection, KeptInvitation, select(invitations).where(invitations.c.contact_id == contact_id)
        ),
        applications=await _kept(
            connection, KeptApplication, select(applications).where(applications.c.contact_id == contact_id)
        ),
        questions=await _kept(
            connection,
            KeptQuestion,
            select(questions)
            .join(applications, applications.c.id == questions.c.application_id)
            .where(applications.c.contact_id == contact_id)
            .order_by(questions.c.asked_at),
        ),
        sessions=await _kept(connection, KeptSession, select(sessions).where(sessions.c.subject_id == contact_id)),
    )


async def _kept(connection: AsyncConnection, kind: type[_Kept], wanted: Select[Any]) -> list[Any]:
    return [kind.model_validate(row) for row in await connection.execute(wanted)]


class KeptStaff(_Kept):
    id: UUID
    """The activity log and what he decided name him by `staff:<id>`."""
    name: str
    email: str
    language: str
    active: bool
    role: str
    permissions: list[str]
    representative: str | None
    organisation: str | None
    until: AwareDatetime | None
    added_at: AwareDatetime
    erased_at: AwareDatetime | None


class KeptAccessRequest(_Kept):
    id: UUID
    name: str
    email: str
    organisation: str
    wanted_role: str
    reason: str
    requested_at: AwareDatetime
    decided_at: AwareDatetime | None


class PersonalDataOfStaff(BaseModel):
    """Of one of the merchant's people."""

    staff: KeptStaff
    access_requests: list[KeptAccessRequest]
    """By which he became one."""
    sessions: list[KeptSession]


async def personal_data_of_staff(connection: AsyncConnection, staff_id: UUID) -> PersonalDataOfStaff:
    """
    Raises:
        NotFound: there is none.
    """
    staff, requests, sessions = StaffMember.__table__, AccessRequest.__table__, SignInSession.__table__
    row = (await connection.execute(select(staff).where(staff.c.id == staff_id))).first()
    if row is None:
        raise NotFound
    return PersonalDataOfStaff(
        staff=KeptStaff.model_validate(row),
        access_requests=await _kept(
            connection, KeptAccessRequest, select(requests).where(requests.c.staff_id == staff_id)
        ),
        sessions=await _kept(connection, KeptSession, select(sessions).where(sessions.c.subject_id == staff_id)),
    )
