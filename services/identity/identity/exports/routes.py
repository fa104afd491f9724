"""Exports over HTTP, for staff: the columns of an import, filtered as the lists are."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import StreamingResponse

from chassis.http.routing import Router
from contracts.identity.values import CustomerStatus
from contracts.shared.values import Code
from identity.access import Staff
from identity.companies.routes import Search
from identity.exports import queries
from identity.exports.files import Format, download

router = Router(prefix="/v1/exports", tags=["exports"])
STAFF = {"x-access": "staff"}
Form = Annotated[Format, Query(alias="format")]


@router.get("/companies", openapi_extra=STAFF, response_class=StreamingResponse)
async def export_companies(
    request: Request,
    _: Staff,
    form: Form = Format.CSV,
    status: CustomerStatus | None = None,
    group: Code | None = None,
    storefront: Code | None = None,
    search: Search = None,
) -> StreamingResponse:
    """Companies, oldest first (ID-24)."""
    database = request.app.state.database
    chosen = await queries.companies(database, status=status, group=group, storefront=storefront, search=search)
    return await download("companies", chosen.rows(database), form)


@router.get("/contacts", openapi_extra=STAFF, response_class=StreamingResponse)
async def export_contacts(
    request: Request, _: Staff, form: Form = Format.CSV, company_id: UUID | None = None, group: Code | None = None
) -> StreamingResponse:
    """Contacts, oldest first, with our id, by which a row of an import knows them again (ID-24)."""
    chosen = queries.contacts(company_id=company_id, group=group)
    return await download("contacts", chosen.rows(request.app.state.database), form)


@router.get("/members", openapi_extra=STAFF, response_class=StreamingResponse)
async def export_members(
    request: Request, _: Staff, form: Form = Format.CSV, company_id: UUID | None = None
) -> StreamingResponse:
    """Who is a member now, oldest first (ID-24)."""
    chosen = queries.members(company_id=company_id)
    return await download("members", chosen.rows(request.app.state.database), form)
