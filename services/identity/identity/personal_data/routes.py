"""HTTP, for the merchant's staff: a person asks what is kept of him, or that it be erased (ID-27)."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from chassis import clock
from chassis.http.routing import Reading, Router, Session
from contracts.identity.operations import staff_may
from contracts.identity.values import StaffPermission
from identity.access import Staff
from identity.personal_data.commands import erase_person
from identity.personal_data.queries import PersonalData, personal_data

router = Router(prefix="/v1/contacts", tags=["personal data"])
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
