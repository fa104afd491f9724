"""Rows of a file of members, known by the company's number together with the address."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field
from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import DomainError
from contracts.identity.values import Permission
from contracts.shared.values import Code, Language
from identity.companies.models import Company
from identity.companies.naming import NamedCompanies
from identity.contacts.email import Email
from identity.contacts.models import Contact
from identity.imports.cells import amount, amount_of, joined, yes_or_no
from identity.imports.columns import Columns, Values, listed, missing, refusal_by
from identity.imports.company_rows import Switch
from identity.imports.models import Outcome, Refused, Settled
from identity.imports.row import Said, money
from identity.locations.commands import check_locations, unknown_locations
from identity.locations.models import Location
from identity.members.adding import AddPerson, add_person
from identity.members.commands import EditMember, edit_member
from identity.members.grants import Grant, MemberTerms, granted
from identity.members.models import Member
from identity.members.routes import Name
from identity.money import SpendingLimit

Permissions = Annotated[list[Permission], BeforeValidator(listed)]
LocationCodes = Annotated[list[Code], Field(max_length=200), BeforeValidator(listed)]
Limit = Annotated[SpendingLimit | None, BeforeValidator(amount_of)]
_LIMITS = ("limit_per_order", "limit_per_month", "locations")
Locations = Mapping[tuple[UUID, str], UUID]
"""Those that rows name, by company and code."""


class MemberValues(Values):
    company: Code = ""
    email: Email = ""
    name: Name | None = None
    language: Language | None = None
    role: Code = ""
    permissions: Permissions = Field(default_factory=list)
    always_attested: Switch = False
    limit_per_order: Limit = None
    limit_per_month: Limit = None
    locations: LocationCodes = Field(default_factory=list)


class MemberRows:
    """Name and language are those of a new account: who has one keeps his own."""

    columns = Columns(
        MemberValues,
        required=("company", "email"),
        optional=tuple(name for name in MemberValues.model_fields if name not in ("company", "email")),
    )
    batch = 50

    def key(self, said: Said) -> str | Refused:
        return f"{said['company']} {said['email']}"

    async def settle(self, session: AsyncSession, rows: Sequence[Said], at: datetime | None) -> list[Settled]:
        companies = await _companies(session, rows, lock=at is not None)
        members = await _members(session, rows, companies)
        locations = await _locations(session, rows, companies)
        settled = []
        for said in rows:
            company = companies.get(said["company"])
            try:
                if company is None:
                    unknown = Refused("company-unknown", "company", "no company has this number")
                    settled.append(Settled.refusing(unknown))
                elif member := members.get((company.id, said["email"])):
                    settled.append(await _change(session, member, said, locations, at))
                else:
                    settled.append(await _add(session, company, said, locations, at))
            except DomainError as error:
                if at is not None:
                    raise
                settled.append(Settled.refusing(refusal_by(error)))
        return settled


async def _companies(session: AsyncSession, rows: Sequence[Said], *, lock: bool) -> dict[str, Company]:
    return (await NamedCompanies.of(session, {said["company"] for said in rows}, lock=lock)).by_number


async def _members(
    session: AsyncSession, rows: Sequence[Said], companies: dict[str, Company]
) -> dict[tuple[UUID, str], Member]:
    named = {(companies[said["company"]].id, said["email"]) for said in rows if said["company"] in companies}
    found = await session.execute(
        select(Member, Contact.email)
        .join(Contact, Contact.id == Member.contact_id)
        .where(Member.active, tuple_(Member.company_id, Contact.email).in_(named))
        .order_by(Member.id.desc())
    )
    return {(member.company_id, email): member for member, email in found.all()}


async def _locations(session: AsyncSession, rows: Sequence[Said], companies: dict[str, Company]) -> Locations:
    """Closed ones, too: who acts for one keeps it."""
    codes = {code for said in rows for code in said.get("locations", ())}
    if not codes:
        return {}
    of_companies = Location.company_id.in_([company.id for company in companies.values()])
    found = await session.execute(
        select(Location.company_id, Location.code, Location.id).where(of_companies, Location.code.in_(codes))
    )
    return {(company_id, code): location for company_id, code, location in found}


def _terms(said: Said, role: str, company_id: UUID, locations: Locations) -> MemberTerms:
    """
    Raises:
        Invalid: `location-unknown`.
    """
    codes = said.get("locations", ())
    if unknown := {code for code in codes if (company_id, code) not in locations}:
        raise unknown_locations(unknown)
    return MemberTerms(
        role=role,
        permissions=frozenset(map(Permission, said["permissions"])) if said.get("permissions") else None,
        always_attested=said.get("always_attested", False),
        limit_per_order=money(said.get("limit_per_order")),
        limit_per_month=money(said.get("limit_per_month")),
        locations=frozenset(locations[company_id, code] for code in codes) or None,
    )


async def _add(
    session: AsyncSession, company: Company, said: Said, locations: Locations, at: datetime | None
) -> Settled:
    if refused := missing(said, ("role", "name", "language")):
        return Settled.refusing(refused)
    terms = _terms(said, said["role"], company.id, locations)
    if at is None:
        company.require_account_access()
        await granted(session, company.id, terms)
    else:
        person = AddPerson(company.id, said["name"], said["email"], Language(said["language"]), None, terms)
        await add_person(session, person, at)
    return Settled(Outcome.CREATED)


async def _change(
    session: AsyncSession, member: Member, said: Said, locations: Locations, at: datetime | None
) -> Settled:
    held = member.grant
    wanted = await _wanted(session, member, said, locations)
    fields = tuple(
        name for name in vars(held) if name != "administers" and getattr(held, name) != getattr(wanted, name)
    )
    if fields and at is not None:
        await edit_member(
            session,
            EditMember(
                member_id=member.id,
                company_id=member.company_id,
                if_match="*",
                role=wanted.role,
                permissions=wanted.permissions,
                always_attested=wanted.always_attested,
                limits=frozenset(_LIMITS),
                limit_per_order=wanted.limit_per_order,
                limit_per_month=wanted.limit_per_month,
                locations=wanted.locations,
            ),
        )
    return Settled(Outcome.CHANGED if fields else Outcome.UNCHANGED, fields)


async def _wanted(session: AsyncSession, member: Member, said: Said, locations: Locations) -> Grant:
    """A new role brings its own permissions where the row names none. A location that is closed is kept, and not given."""
    held = member.grant
    role = said.get("role") or held.role
    terms = _terms(said, role, member.company_id, locations)
    if "locations" in said and terms.locations != held.locations:
        await check_locations(session, member.company_id, terms.locations)
    if role != held.role:
        given = await granted(session, member.company_id, terms)
    else:
        permissions = held.permissions if terms.permissions is None else frozenset(terms.permissions)
        given = Grant(role=role, administers=held.administers, permissions=permissions)
    named = {
        name: getattr(terms, name) if name in said else getattr(held, name) for name in ("always_attested", *_LIMITS)
    }
    return replace(held, role=given.role, administers=given.administers, permissions=given.permissions, **named)


def member_cells(member: Any, contact: Any, company: str, locations: Sequence[str] | None) -> list[str]:
    """A member as a row of a file with all columns.

    Args:
        locations: their codes; None: he acts for all.
    """
    return [
        company, contact.email, contact.name, contact.language, member.role, joined(sorted(member.permissions)),
        yes_or_no(member.always_attested), amount(member.limit_per_order), amount(member.limit_per_month),
        joined(locations or ()),
    ]  # fmt: skip
