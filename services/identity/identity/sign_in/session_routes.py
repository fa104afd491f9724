"""HTTP: a person's open sessions, and who ends them."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from chassis import clock
from chassis.http.paging import Cursor, Limit, Page, page
from chassis.http.routing import Reading, Router, Session
from contracts.identity.operations import SIGNED_IN_ONLY, staff_may, staff_or_member
from contracts.identity.values import StaffPermission
from identity.access import Staff, StaffOrMember
from identity.members.routes import granter_of, managed_company
from identity.sign_in.current import Own
from identity.sign_in.ending import (
    RevokeOfMember,
    end_sessions,
    others,
    revoke_of_member,
    revoke_of_person,
    revoke_own,
)
from identity.sign_in.models import EndedBecause, SubjectKind
from identity.sign_in.queries import sessions_of

router = Router(prefix="/v1", tags=["sign-in"])


class SessionView(BaseModel):
    session_id: UUID
    company_id: UUID | None
    """For which it was opened; null: of staff."""
    client: str | None
    """What opened it says it is, cut short."""
    opened_at: AwareDatetime
    last_used_at: AwareDatetime
    """When it was opened or last renewed."""
    current: bool
    """The one that asks."""


class Revoked(BaseModel):
    revoked: int
    """How many were open."""


@router.get("/sessions", summary="The caller's open sessions", openapi_extra=SIGNED_IN_ONLY)
async def get_sessions(own: Own, connection: Reading, cursor: Cursor = None, limit: Limit = 50) -> Page[SessionView]:
    """Latest first, for whatever company they were opened."""
    rows = await sessions_of(connection, own.subject_id, clock.now(), limit=limit, cursor=cursor)
    views = [
        SessionView(
            session_id=row.id,
            company_id=row.company_id,
            client=row.client,
            opened_at=row.opened_at,
            last_used_at=row.last_used_at,
            current=row.id == own.id,
        )
        for row in rows
    ]
    return page(views, limit, lambda last: (last.session_id,))


@router.delete("/sessions/{session_id}", status_code=204, summary="Revoke one of them", openapi_extra=SIGNED_IN_ONLY)
async def delete_one_session(session_id: UUID, own: Own, session: Session) -> None:
    """Its refresh token is dead at once; an access token ends within its five minutes."""
    await revoke_own(session, own, session_id, clock.now())


@router.post("/sessions/revoke-others", summary="Revoke all of them but this one", openapi_extra=SIGNED_IN_ONLY)
async def post_revoke_others(own: Own, session: Session) -> Revoked:
    ended = await end_sessions(session, others(own), EndedBecause.REVOKED, clock.now())
    return Revoked(revoked=len(ended))


@router.delete(
    "/members/{member_id}/sessions",
    status_code=204,
    summary="Revoke a member's sessions",
    openapi_extra=staff_or_member(StaffPermission.MANAGE_MEMBERS),
)
async def delete_sessions_of_member(member_id: UUID, caller: StaffOrMember, session: Session) -> None:
    """By staff, or who manages the members of his company; an administrator's by an administrator alone."""
    command = RevokeOfMember(member_id, managed_company(caller), granter_of(caller))
    await revoke_of_member(session, command, clock.now())


@router.delete(
    "/contacts/{contact_id}/sessions",
    status_code=204,
    summary="Revoke a contact's sessions",
    openapi_extra=staff_may(StaffPermission.MANAGE_MEMBERS),
)
async def delete_sessions_of_contact(contact_id: UUID, _: Staff, session: Session) -> None:
    """In all companies."""
    await revoke_of_person(session, SubjectKind.MEMBER, contact_id, clock.now())


@router.delete(
    "/staff/{staff_id}/sessions",
    status_code=204,
    summary="Revoke a colleague's sessions",
    openapi_extra=staff_may(StaffPermission.MANAGE_STAFF),
)
async def delete_sessions_of_staff(staff_id: UUID, _: Staff, session: Session) -> None:
    await revoke_of_person(session, SubjectKind.STAFF, staff_id, clock.now())
