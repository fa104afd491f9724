"""Which companies exist for one of the staff: all, or those of whom he is the sales representative (ID-20)."""

from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import ColumnElement, Select, false, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.errors import NotFound
from contracts.identity.tokens import StaffClaims
from identity.applications.models import Application
from identity.companies.models import Company
from identity.contacts.models import Contact
from identity.invitations.models import Invitation
from identity.locations.models import Location
from identity.members.models import Member
from identity.projects.models import Project

_OWNED = {
    "application_id": Application,
    "contact_id": Contact,
    "invitation_id": Invitation,
    "location_id": Location,
    "member_id": Member,
    "project_id": Project,
}
"""What a path names, beside companies. A contact is his company's, wherever else he is a member."""


def own_companies(caller: StaffClaims) -> ColumnElement[bool]:
    """For a statement over companies."""
    if caller.sees_all_companies:
        return true()
    return Company.sales_representative == caller.representative if caller.representative else false()


def own_contacts(caller: StaffClaims) -> ColumnElement[bool]:
    """For a statement over contacts. One of no company is nobody's own."""
    if caller.sees_all_companies:
        return true()
    return Contact.company_id.in_(select(Company.id).where(own_companies(caller)))


async def must_own(session: AsyncSession | AsyncConnection, caller: StaffClaims, company_id: UUID | None) -> None:
    """Before something is made for a company, or for none.

    Raises:
        NotFound: there is no such company for him.
    """
    found = select(Company.id).where(Company.id == company_id, own_companies(caller))
    if not caller.sees_all_companies and await session.scalar(found) is None:
        raise NotFound


async def leads_to_own_company(connection: AsyncConnection, request: Request, caller: StaffClaims) -> bool:
    """Whether the path names one of his companies, or what belongs to one. False: it names nothing of a company.

    Raises:
        NotFound: it names what is of another.
    """
    named = request.path_params.keys() & {"company_id", *_OWNED}
    for name in named:
        if (
            await connection.scalar(_company_of(name, _id(request.path_params[name])).where(own_companies(caller)))
            is None
        ):
            raise NotFound
    return bool(named)


def _company_of(name: str, named: UUID) -> Select[Any]:
    if name == "company_id":
        return select(Company.id).where(Company.id == named)
    owned: Any = _OWNED[name]
    return select(Company.id).join(owned, owned.company_id == Company.id).where(owned.id == named)


def _id(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise NotFound from None
