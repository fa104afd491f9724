"""Who is calling. Every route has one of these dependencies, or is explicitly public."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import clock
from chassis.context import act_as
from chassis.errors import Forbidden, NotFound, Unauthenticated
from chassis.http.authentication import claims_of
from contracts.identity.operations import permission_lacking
from contracts.identity.status_table import refusal_code
from contracts.identity.tokens import MemberClaims, StaffClaims, claims_adapter
from contracts.identity.values import Capability, Permission
from identity.companies.models import Company
from identity.members.models import Member as MemberRow
from identity.policies import status_table
from identity.staff.companies import leads_to_own_company
from identity.staff.models import StaffMember, permissions_of


@dataclass(frozen=True)
class MemberCaller:
    """A member as identity's own tables know it now, whatever the token is older than."""

    member_id: UUID
    company_id: UUID
    contact_id: UUID
    administers: bool
    permissions: frozenset[Permission]
    locations: frozenset[UUID] | None = None
    """None: all of its company's."""


async def _claims(request: Request) -> StaffClaims | MemberClaims:
    claims = await claims_of(request)
    if claims is None:
        raise Unauthenticated("token-missing", "An access token is needed here.")
    return claims_adapter.validate_python(claims)


async def _admit_staff(request: Request, connection: AsyncConnection, claims: StaffClaims) -> StaffClaims:
    """As identity's own table knows him now, for what the operation declares (ID-21)."""
    row = (
        await connection.execute(
            select(StaffMember.role, StaffMember.permissions, StaffMember.representative)
            .where(StaffMember.id == claims.sub, StaffMember.active)
            .where(StaffMember.until.is_(None) | (StaffMember.until > clock.now()))
        )
    ).first()
    if row is None:
        raise Unauthenticated("token-invalid", "This account is not one of the staff's any more.")
    act_as(f"staff:{claims.sub}")
    now = {"permissions": permissions_of(row.role, row.permissions), "representative": row.representative}
    caller = claims.model_copy(update=now)
    leads_to_own = not caller.sees_all_companies and await leads_to_own_company(connection, request, caller)
    if lacking := permission_lacking(request.scope["route"].openapi_extra, caller, leads_to_own=leads_to_own):
        raise Forbidden("permission-missing", "Your role does not allow this.", facts={"permission": lacking})
    return caller


async def _admit_member(connection: AsyncConnection, claims: MemberClaims) -> MemberCaller:
    row = (
        await connection.execute(
            select(MemberRow.id, MemberRow.company_id, MemberRow.contact_id)
            .add_columns(MemberRow.administers, MemberRow.permissions, MemberRow.locations, Company.status)
            .join(Company, Company.id == MemberRow.company_id)
            .where(MemberRow.id == claims.member, MemberRow.company_id == claims.company)
            .where(MemberRow.active)
        )
    ).first()
    if row is None:
        raise Forbidden("member-inactive", "You are not a member of this company any more.")
    if not (await status_table(connection)).allows(row.status, Capability.LOG_IN):
        raise Forbidden(refusal_code(row.status), "The company may not sign in.", facts={"customer_status": row.status})
    act_as(f"member:{row.id}")
    permissions = frozenset(map(Permission, row.permissions))
    return MemberCaller(row.id, row.company_id, row.contact_id, row.administers, permissions, row.locations)


async def _staff(request: Request) -> StaffClaims:
    claims = await _claims(request)
    if not isinstance(claims, StaffClaims):
        raise Forbidden("staff-only", "Only the merchant's staff may do this.")
    async with request.app.state.database.reading() as connection:
        return await _admit_staff(request, connection, claims)


async def _member(request: Request) -> MemberCaller:
    claims = await _claims(request)
    if not isinstance(claims, MemberClaims):
        raise Forbidden("members-only", "Only a member of a company may do this.")
    async with request.app.state.database.reading() as connection:
        return await _admit_member(connection, claims)


async def _staff_or_member(request: Request) -> StaffClaims | MemberCaller:
    claims = await _claims(request)
    async with request.app.state.database.reading() as connection:
        if isinstance(claims, StaffClaims):
            return await _admit_staff(request, connection, claims)
        return await _admit_member(connection, claims)


StaffDependency = Depends(_staff)
Staff = Annotated[StaffClaims, StaffDependency]
"""One of the merchant's people. 403 `staff-only` for others."""
Member = Annotated[MemberCaller, Depends(_member)]
"""An active member of a company that may sign in."""
StaffOrMember = Annotated[StaffClaims | MemberCaller, Depends(_staff_or_member)]


def may_manage(caller: StaffClaims | MemberCaller, company_id: UUID) -> None:
    """Staff, or who manages the members of this company.

    Raises:
        NotFound: it is another company.
        Forbidden: he may not manage members.
    """
    if isinstance(caller, StaffClaims):
        return
    if caller.company_id != company_id:
        raise NotFound
    if Permission.MANAGE_MEMBERS not in caller.permissions:
        raise Forbidden("permission-missing", "You may not manage members.", facts={"permission": "manage_members"})
