"""What a merge would do, before it is done."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.identity.activities import InvitationStatus
from contracts.identity.values import CustomerStatus
from contracts.shared.values import Code
from identity.coded import Coded
from identity.companies.queries import read_company
from identity.contacts.models import Contact
from identity.invitations.models import Invitation
from identity.locations.models import Location
from identity.members.models import Member
from identity.merging.rules import Fate, codes_there, fates, fields_that_differ, hindrances
from identity.projects.models import Project


class Side(BaseModel):
    company_id: UUID
    number: str
    legal_name: str
    status: CustomerStatus


class MemberFate(BaseModel):
    member_id: UUID
    name: str
    role: Code
    administers: bool
    fate: Fate


class Move(BaseModel):
    id: UUID
    code: Code
    code_there: Code


class KeyConflict(BaseModel):
    """Both have this external key; the value of the company that remains stands, the other still means it."""

    system: str
    kept: str
    given_up: str


class MergePreview(BaseModel):
    duplicate: Side
    into: Side
    hindrances: list[str]
    """Codes of what refuses the merge now; empty: it can be done."""
    members: list[MemberFate]
    contacts: int
    locations: list[Move]
    projects: list[Move]
    invitations_revoked: int
    external_keys_taken_over: list[str]
    external_key_conflicts: list[KeyConflict]
    differing_fields: list[str]
    """Of the record and the conditions: those of the company that remains stand."""
    elsewhere: dict[str, str]
    """Where other services tell what they have of the duplicate: its orders, its limits, its price lists."""


async def preview_merge(connection: AsyncConnection, company_id: UUID, into_id: UUID) -> MergePreview:
    """
    Raises:
        NotFound: there is no such company.
    """
    duplicate, into = await read_company(connection, company_id), await read_company(connection, into_id)
    both = duplicate.external_keys.keys() & into.external_keys.keys()
    return MergePreview(
        duplicate=_side(duplicate),
        into=_side(into),
        hindrances=[one.code for one in hindrances(duplicate, into)],
        members=await _members(connection, duplicate, into),
        contacts=await _count_contacts(connection, duplicate),
        locations=await _moves(connection, Location, duplicate, into),
        projects=await _moves(connection, Project, duplicate, into),
        invitations_revoked=await _count_invitations(connection, duplicate),
        external_keys_taken_over=sorted(duplicate.external_keys.keys() - both),
        external_key_conflicts=[
            KeyConflict(system=system, kept=into.external_keys[system], given_up=duplicate.external_keys[system])
            for system in sorted(both)
            if into.external_keys[system] != duplicate.external_keys[system]
        ],
        differing_fields=fields_that_differ(duplicate, into),
        elsewhere={
            "orders": f"/v1/orders?company_id={company_id}",
            "limits": f"/v1/limits/companies/{company_id}",
            "price_lists": f"/v1/terms/company/{company_id}",
        },
    )


def _side(company: Row[Any]) -> Side:
    return Side(company_id=company.id, number=company.number, legal_name=company.legal_name, status=company.status)


async def _members(connection: AsyncConnection, duplicate: Row[Any], into: Row[Any]) -> list[MemberFate]:
    decided = await fates(connection, duplicate, into.id)
    rows = await connection.execute(
        select(Member.id, Contact.name, Member.role, Member.administers)
        .join(Contact, Contact.id == Member.contact_id)
        .where(Member.id.in_(decided))
        .order_by(Member.id)
    )
    return [
        MemberFate(member_id=row.id, name=row.name, role=row.role, administers=row.administers, fate=decided[row.id])
        for row in rows.all()
    ]


async def _moves(connection: AsyncConnection, kind: type[Coded], duplicate: Row[Any], into: Row[Any]) -> list[Move]:
    codes = select(kind.id, kind.code).where(kind.company_id == duplicate.id).order_by(kind.id)
    own = {row.id: row.code for row in (await connection.execute(codes)).all()}
    taken = set(await connection.scalars(select(kind.code).where(kind.company_id == into.id)))
    there = codes_there(own, taken)
    return [Move(id=one, code=code, code_there=there[one]) for one, code in own.items()]


async def _count_contacts(connection: AsyncConnection, duplicate: Row[Any]) -> int:
    counted = select(func.count()).where(Contact.company_id == duplicate.id, Contact.erased_at.is_(None))
    return await connection.scalar(counted) or 0


async def _count_invitations(connection: AsyncConnection, duplicate: Row[Any]) -> int:
    counted = select(func.count()).where(
        Invitation.company_id == duplicate.id, Invitation.status == InvitationStatus.OPEN
    )
    return await connection.scalar(counted) or 0
