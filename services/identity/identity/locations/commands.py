"""The only writers of locations."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, Invalid, Problem
from chassis.http.etag import check_version
from chassis.ids import new_id
from contracts.shared.values import Code
from identity.coded import lock_coded
from identity.companies.commands import lock_company
from identity.locations.models import Location


@dataclass(frozen=True)
class OpenLocation:
    company_id: UUID
    code: Code
    name: str
    address: dict[str, Any]


async def open_location(session: AsyncSession, command: OpenLocation, at: datetime) -> Location:
    """
    Raises:
        NotFound: no such company.
        Conflict: it has one of this code.
    """
    await lock_company(session, command.company_id)
    same = select(Location.id).where(Location.company_id == command.company_id, Location.code == command.code)
    if await session.scalar(same):
        raise Conflict("location-exists", "The company has a location of this code.")
    location = Location(id=new_id(), opened_at=at, **vars(command))
    session.add(location)
    location.open()
    return location


@dataclass(frozen=True)
class ChangeLocation:
    location_id: UUID
    company_id: UUID | None
    """The only company in which to look; None: staff."""
    if_match: str
    values: dict[str, Any]
    """Columns and their new values."""


async def change_location(session: AsyncSession, command: ChangeLocation) -> Location:
    """
    Raises:
        NotFound, StaleVersion.
        Conflict: it is closed.
    """
    location = await lock_coded(session, Location, command.location_id, command.company_id)
    check_version(command.if_match, location.sequence)
    location.change(command.values)
    return location


async def close_location(session: AsyncSession, location_id: UUID, company_id: UUID | None, at: datetime) -> Location:
    """Members who act for no other location can order nothing until they are given another.

    Raises:
        NotFound.
    """
    location = await lock_coded(session, Location, location_id, company_id)
    location.close(at)
    return location


async def check_locations(session: AsyncSession, company_id: UUID, locations: Collection[UUID] | None) -> None:
    """
    Raises:
        Invalid: `location-unknown`: one of them is no open location of the company.
    """
    if locations is None:
        return
    known = await session.scalars(
        select(Location.id).where(
            Location.company_id == company_id, Location.id.in_(locations), Location.closed_at.is_(None)
        )
    )
    if unknown := set(locations) - set(known):
        raise unknown_locations(map(str, unknown))


def unknown_locations(named: Iterable[str]) -> Invalid:
    """What a company does not have is refused as it was named."""
    problem = Problem("/locations", "location-unknown", "The company has no such open location.")
    return Invalid("location-unknown", problem.detail, problems=[problem], facts={"locations": sorted(named)})
