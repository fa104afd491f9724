"""Whoever signs in: a contact, or one of the staff."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import NotFound
from identity.contacts.models import Contact
from identity.sign_in.models import SubjectKind
from identity.staff.models import StaffMember


async def lock_person(session: AsyncSession, kind: SubjectKind, subject_id: UUID) -> Contact | StaffMember:
    """
    Raises:
        NotFound: nobody of this kind.
    """
    person: Contact | StaffMember | None
    if kind is SubjectKind.MEMBER:
        person = await session.get(Contact, subject_id, with_for_update=True)
    else:
        person = await session.get(StaffMember, subject_id, with_for_update=True)
    if person is None:
        raise NotFound
    return person
