"""Everything that identity keeps of one person."""

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.applications.models import Application, Question
from identity.contacts.queries import ContactAnswer, read_contact
from identity.invitations.models import Invitation
from identity.members.models import Member
from identity.sign_in.models import SignInSession


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

    async def kept(kind: type[_Kept], wanted: Select[Any]) -> list[Any]:
        return [kind.model_validate(row) for row in await connection.execute(wanted)]

    members, invitations, applications = Member.__table__, Invitation.__table__, Application.__table__
    questions, sessions = Question.__table__, SignInSession.__table__
    return PersonalData(
        contact=ContactAnswer.model_validate(contact),
        members=await kept(KeptMember, select(members).where(members.c.contact_id == contact_id)),
        invitations=await kept(KeptInvitation, select(invitations).where(invitations.c.contact_id == contact_id)),
        applications=await kept(KeptApplication, select(applications).where(applications.c.contact_id == contact_id)),
        questions=await kept(
            KeptQuestion,
            select(questions)
            .join(applications, applications.c.id == questions.c.application_id)
            .where(applications.c.contact_id == contact_id)
            .order_by(questions.c.asked_at),
        ),
        sessions=await kept(KeptSession, select(sessions).where(sessions.c.subject_id == contact_id)),
    )
