"""HTTP: who decides on orders for a member that is away; set by himself, by who manages members, or by staff."""

from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, ConfigDict

from chassis import clock
from chassis.http.routing import Router, Session
from contracts.identity.operations import staff_or_member
from contracts.identity.states import Substitution
from contracts.identity.tokens import StaffClaims
from contracts.identity.values import StaffPermission
from contracts.shared.values import Moment
from identity.access import MemberCaller, StaffOrMember
from identity.members.routes import granter_of, managed_company
from identity.members.substitution import SubstituteFor, set_substitution

router = Router(prefix="/v1/members", tags=["members"])
ACCESS = staff_or_member(StaffPermission.MANAGE_MEMBERS)
MemberId = Annotated[UUID, Path()]


class SubstitutionBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    substitute_id: UUID
    """Another member of the company who may attest orders."""
    since: Moment
    until: Moment
    """Within a year; over by itself."""


class SubstitutionView(BaseModel):
    member_id: UUID
    substitution: Substitution | None


@router.put("/{member_id}/substitution", openapi_extra=ACCESS, summary="Name who attests orders for him")
async def put_substitution(
    member_id: MemberId, body: SubstitutionBody, caller: StaffOrMember, session: Session
) -> SubstitutionView:
    """He is asked as well, and may decide on what the other might; never on an order of his own. Not passed on."""
    return await _set(session, caller, member_id, Substitution(**body.model_dump()))


@router.delete("/{member_id}/substitution", openapi_extra=ACCESS, summary="Nobody attests orders for him any more")
async def delete_substitution(member_id: MemberId, caller: StaffOrMember, session: Session) -> SubstitutionView:
    return await _set(session, caller, member_id, None)


async def _set(
    session: Session, caller: StaffClaims | MemberCaller, member_id: UUID, substitution: Substitution | None
) -> SubstitutionView:
    himself = isinstance(caller, MemberCaller) and caller.member_id == member_id
    company_id = caller.company_id if isinstance(caller, MemberCaller) and himself else managed_company(caller)
    granter = None if himself else granter_of(caller)
    member = await set_substitution(session, SubstituteFor(member_id, company_id, substitution, granter), clock.now())
    return SubstitutionView(member_id=member.id, substitution=member.substitution)
