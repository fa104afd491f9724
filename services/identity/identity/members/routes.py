"""HTTP: members of a company, by the merchant's staff or by who manages them; and who the caller is."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Header, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from chassis import clock
from chassis.errors import NotFound
from chassis.http.etag import etag
from chassis.http.paging import Cursor, Limit, Page, page
from chassis.http.routing import Reading, Router, Session
from chassis.service import resource
from contracts.identity.operations import SIGNED_IN_ONLY, staff_or_member
from contracts.identity.tokens import StaffClaims
from contracts.identity.values import Capability, CustomerStatus, Permission, StaffPermission
from contracts.shared.values import Code, Language, Money
from identity.access import MemberCaller, StaffOrMember, may_manage
from identity.contacts.email import Email
from identity.members import queries
from identity.members.adding import AddPerson, add_person
from identity.members.commands import EditMember, RemoveMember, edit_member, remove_member
from identity.members.grants import Granter, MemberTerms
from identity.money import SpendingLimit
from identity.policies import status_table
from identity.sign_in.passwords import LONGEST, Passwords

router = Router(prefix="/v1", tags=["members"])
Locations = Annotated[frozenset[UUID], Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=120, examples=["Bram Jansen"])]


def granter_of(caller: StaffClaims | MemberCaller) -> Granter | None:
    """Bounds what a member grants; the merchant's staff grant anything."""
    if isinstance(caller, StaffClaims):
        return None
    return Granter(caller.administers, caller.permissions, caller.locations)


def managed_company(caller: StaffClaims | MemberCaller) -> UUID | None:
    """The only company in which the caller finds members and invitations; None: all, for staff.

    Raises:
        Forbidden: he may not manage members.
    """
    if isinstance(caller, StaffClaims):
        return None
    may_manage(caller, caller.company_id)
    return caller.company_id


class Terms(BaseModel):
    """Role, permissions and conditions of a member."""

    model_config = ConfigDict(extra="forbid")

    role: Code
    """One of `GET /v1/roles`."""
    permissions: frozenset[Permission] | None = None
    """Left out: those of the role."""
    always_attested: bool = False
    limit_per_order: SpendingLimit | None = None
    limit_per_month: SpendingLimit | None = None
    locations: Locations | None = None
    """For which of the company's locations he acts; left out: for all."""

    def given_by(self, caller: StaffClaims | MemberCaller) -> MemberTerms:
        return MemberTerms(
            role=self.role,
            permissions=self.permissions,
            always_attested=self.always_attested,
            limit_per_order=self.limit_per_order,
            limit_per_month=self.limit_per_month,
            locations=self.locations,
            granter=granter_of(caller),
        )


NEW_MEMBER: JsonDict = {
    "name": "Bram Jansen",
    "email": "bram@bakkerij.example",
    "language": "nl",
    "role": "user",
    "permissions": ["buy", "see_prices", "see_own_orders"],
    "limit_per_order": {"amount": "500.00", "currency": "EUR"},
}


class NewMember(Terms):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [NEW_MEMBER]})

    name: Name
    email: Email
    language: Language
    password: Annotated[str, Field(max_length=LONGEST)] | None = None
    """Of a new account; without it he is mailed a link to choose one. An account that exists keeps its own."""


class MemberRef(BaseModel):
    member_id: UUID


class MemberView(BaseModel):
    member_id: UUID
    company_id: UUID
    contact_id: UUID
    name: str
    email: str
    language: Language
    role: Code
    administers: bool
    permissions: frozenset[Permission]
    always_attested: bool
    limit_per_order: Money | None
    limit_per_month: Money | None
    locations: frozenset[UUID] | None
    substitute_id: UUID | None
    """The member who attests orders for him, in that time."""
    substitute_since: AwareDatetime | None
    substitute_until: AwareDatetime | None
    active: bool
    added_at: AwareDatetime
    version: int
    """For `If-Match`."""


def _view(row: Any) -> MemberView:
    return MemberView(member_id=row.id, version=row.sequence, **columns_of(row, MemberView))


def columns_of(row: Any, view: type[BaseModel]) -> dict[str, Any]:
    """Those columns of a row that the view shows under the same name."""
    return {name: value for name, value in row._mapping.items() if name in view.model_fields}


@router.get(
    "/companies/{company_id}/members",
    summary="Members of a company",
    openapi_extra=staff_or_member(StaffPermission.SEE_CUSTOMERS),
)
async def get_members(
    company_id: UUID,
    caller: StaffOrMember,
    connection: Reading,
    removed: Annotated[bool, Query(description="Also those that were removed")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[MemberView]:
    may_manage(caller, company_id)
    if not await queries.company_exists(connection, company_id):
        raise NotFound
    rows = await queries.members_of(connection, company_id, removed=removed, limit=limit, cursor=cursor)
    return page([_view(row) for row in rows], limit, lambda last: (last.member_id,))


@router.post(
    "/companies/{company_id}/members",
    status_code=201,
    summary="Add a member at once",
    openapi_extra=staff_or_member(StaffPermission.MANAGE_MEMBERS),
)
async def post_member(
    company_id: UUID,
    body: NewMember,
    caller: StaffOrMember,
    session: Session,
    passwords: Annotated[Passwords, resource(Passwords)],
    response: Response,
) -> MemberRef:
    """With the account of his address, or a new one. The answer is the same in both cases."""
    may_manage(caller, company_id)
    hashed = await passwords.hash(body.password, about=(body.name, body.email)) if body.password else None
    person = AddPerson(company_id, body.name, body.email, body.language, hashed, body.given_by(caller))
    member = await add_person(session, person, clock.now())
    response.headers["Location"] = f"/v1/members/{member.id}"
    return MemberRef(member_id=member.id)


class MemberChange(BaseModel):
    """What is left out stays; a limit of null is taken away, locations of null are all; a new role brings its own permissions."""

    model_config = ConfigDict(extra="forbid")

    role: Code | None = None
    permissions: frozenset[Permission] | None = None
    always_attested: bool | None = None
    limit_per_order: SpendingLimit | None = None
    limit_per_month: SpendingLimit | None = None
    locations: Locations | None = None


class MemberChanged(MemberRef):
    role: Code
    permissions: frozenset[Permission]
    always_attested: bool
    active: bool


@router.patch(
    "/members/{member_id}", summary="Change a member", openapi_extra=staff_or_member(StaffPermission.MANAGE_MEMBERS)
)
async def patch_member(
    member_id: UUID,
    body: MemberChange,
    caller: StaffOrMember,
    session: Session,
    response: Response,
    if_match: Annotated[str, Header()],
) -> MemberChanged:
    """The last administrator of a company stays one: `last-administrator`."""
    command = EditMember(
        member_id=member_id,
        company_id=managed_company(caller),
        if_match=if_match,
        role=body.role,
        permissions=body.permissions,
        always_attested=body.always_attested,
        limits=frozenset(body.model_fields_set),
        limit_per_order=body.limit_per_order,
        limit_per_month=body.limit_per_month,
        locations=body.locations,
        granter=granter_of(caller),
    )
    member = await edit_member(session, command)
    response.headers["ETag"] = etag(member.sequence)
    return MemberChanged(
        member_id=member.id,
        role=member.role,
        permissions=member.permissions,
        always_attested=member.always_attested,
        active=member.active,
    )


@router.delete(
    "/members/{member_id}",
    status_code=204,
    summary="Remove a member",
    openapi_extra=staff_or_member(StaffPermission.MANAGE_MEMBERS),
)
async def delete_member(member_id: UUID, caller: StaffOrMember, session: Session) -> None:
    """Out of every service within a second as a rule. Removed already: nothing happens."""
    command = RemoveMember(member_id, managed_company(caller), granter_of(caller))
    await remove_member(session, command, clock.now())


class CompanyOfCaller(BaseModel):
    company_id: UUID
    number: str
    legal_name: str
    status: CustomerStatus
    allowed: frozenset[Capability]


class Me(BaseModel):
    kind: Literal["staff", "member"]
    name: str
    email: str
    staff_id: UUID | None = None
    permissions: list[str] | None = None
    """Of staff."""
    representative: Code | None = None
    """Of staff: the sales representative whose companies are his."""
    member: MemberView | None = None
    company: CompanyOfCaller | None = None


@router.get("/me", summary="Who the caller is, and what he may do", openapi_extra=SIGNED_IN_ONLY)
async def get_me(caller: StaffOrMember, connection: Reading) -> Me:
    if isinstance(caller, StaffClaims):
        staff = await queries.staff_member(connection, caller.sub)
        return Me(
            kind="staff",
            name=staff.name,
            email=staff.email,
            staff_id=staff.id,
            permissions=sorted(caller.permissions),
            representative=caller.representative,
        )
    row = await queries.member_and_company(connection, caller.member_id)
    allowed = (await status_table(connection)).allowed.get(row.status, frozenset())
    company = CompanyOfCaller(**columns_of(row, CompanyOfCaller), allowed=allowed)
    return Me(kind="member", name=row.name, email=row.email, member=_view(row), company=company)
