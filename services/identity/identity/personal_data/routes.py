"""HTTP, for the merchant's staff: a person asks what is kept of him, or that it be erased (ID-27)."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from chassis import clock
from chassis.http.routing import Reading, Router, Session
from contracts.identity.operations import staff_may
from contracts.identity.values import StaffPermission
from identity.access import Staff
from identity.personal_data.commands import erase_person, erase_staff
from identity.personal_data.queries import PersonalData, PersonalDataOfStaff, personal_data, personal_data_of_staff

router = Router(prefix="/v1/contacts", tags=["personal data"])
staff_router = Router(prefix="/v1/staff", tags=["personal data"])
routers = [router, staff_router]
STAFF = staff_may(StaffPermission.MANAGE_PERSONAL_DATA)


class Erased(BaseModel):
    contact_id: UUID
    erased_at: AwareDatetime


@router.get("/{contact_id}/personal-data", summary="What is kept of a person", openapi_extra=STAFF)
async def get_personal_data(contact_id: UUID, connection: Reading, _: Staff) -> PersonalData:
    """To be given to him. For each membership, his orders are in `GET /v1/orders?member_id=` of orders and what he did in
    `GET /v1/activity?actor=member:<id>`; his mails are in `GET /v1/deliveries?contact_id=` of notifications."""
    return await personal_data(connection, contact_id)


@router.post("/{contact_id}/erase", summary="Erase a person", openapi_extra=STAFF)
async def post_erase(contact_id: UUID, session: Session, _: Staff) -> Erased:
    """Takes name, address and all else that tells who he was; orders and what was decided stay.

    Refused with `person-in-use` while he is a member, is invited, or has an open application.
    """
    contact = await erase_person(session, contact_id, clock.now())
    assert contact.erased_at is not None
    return Erased(contact_id=contact.id, erased_at=contact.erased_at)


class StaffErased(BaseModel):
    staff_id: UUID
    erased_at: AwareDatetime


@staff_router.get("/{staff_id}/personal-data", summary="What is kept of one of the staff", openapi_extra=STAFF)
async def get_personal_data_of_staff(staff_id: UUID, connection: Reading, _: Staff) -> PersonalDataOfStaff:
    """To be given to him. What he did is in `GET /v1/activity?actor=staff:<id>`; his mails are in
    `GET /v1/deliveries?contact_id=` of notifications."""
    return await personal_data_of_staff(connection, staff_id)


@staff_router.post("/{staff_id}/erase", summary="Erase one of the staff who has left", openapi_extra=STAFF)
async def post_erase_staff(staff_id: UUID, session: Session, _: Staff) -> StaffErased:
    """Takes name, address and all else that tells who he was; what he did stays, under his id.

    Refused with `staff-active` until he is deactivated, which the last who may manage staff never is.
    """
    member = await erase_staff(session, staff_id, clock.now())
    assert member.erased_at is not None
    return StaffErased(staff_id=member.id, erased_at=member.erased_at)
