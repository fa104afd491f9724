"""HTTP: the merchant's staff adds its colleagues."""

from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from chassis import clock
from chassis.http.routing import Router, Session
from chassis.service import resource
from identity.access import Staff
from identity.contacts.email import Email
from identity.sign_in.passwords import LONGEST, Passwords
from identity.staff.commands import AddStaff, add_staff

router = Router(prefix="/v1/staff", tags=["staff"])


class NewStaff(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=120, examples=["Sanne de Vries"])]
    email: Email
    password: Annotated[str, Field(max_length=LONGEST)]


class StaffRef(BaseModel):
    staff_id: UUID


@router.post("", status_code=201, summary="Add one of the staff", openapi_extra={"x-access": "staff"})
async def post_staff(
    body: NewStaff,
    caller: Staff,
    session: Session,
    passwords: Annotated[Passwords, resource(Passwords)],
    response: Response,
) -> StaffRef:
    """Refused with `staff-exists` where one has this address."""
    hashed = await passwords.hash(body.password, about=(body.name, body.email))
    command = AddStaff(name=body.name, email=body.email, password_hash=hashed, added_by=caller.sub)
    added = await add_staff(session, command, clock.now())
    response.headers["Location"] = f"/v1/staff/{added.id}"
    return StaffRef(staff_id=added.id)
