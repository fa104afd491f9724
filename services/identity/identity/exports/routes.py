"""Exports over HTTP, for staff: the columns of an import, filtered as the lists are."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import StreamingResponse

from chassis.http.routing import Router
from contracts.identity.operations import staff_may
from contracts.identity.values import StaffPermission
from contracts.shared.values import Code
from identity.access import Staff
from identity.companies.filters import Companies
from identity.exports import queries
from identity.exports.files import Format, download
from identity.staff.companies import own_companies

router = Router(prefix="/v1/exports", tags=["exports"])
Form = Annotated[Format, Query(alias="format")]


@router.get(
    "/companies", openapi_extra=staff_may(StaffPermission.EXPORT, for_own=True), response_class=StreamingResponse
)
async def export_companies(
    request: Request, caller: Staff, wanted: Companies, form: Form = Format.CSV
) -> StreamingResponse:
    """Companies, oldest first (ID-24)."""
    database = request.app.state.database
    chosen = await queries.companies(database, own_companies(caller), wanted)
    return await download("companies", chosen.rows(database), form)


@router.get(
    "/contacts", openapi_extra=staff_may(StaffPermission.EXPORT, for_own=True), response_class=StreamingResponse
)
async def export_contacts(
    request: Request, caller: Staff, form: Form = Format.CSV, company_id: UUID | None = None, group: Code | None = None
) -> StreamingResponse:
    """Contacts, oldest first, with our id, by which a row of an import knows them again (ID-24)."""
    chosen = queries.contacts(own_companies(caller), company_id=company_id, group=group)
    return await download("contacts", chosen.rows(request.app.state.database), form)


@router.get("/members", openapi_extra=staff_may(StaffPermission.EXPORT, for_own=True), response_class=StreamingResponse)
async def export_members(
    request: Request, caller: Staff, form: Form = Format.CSV, company_id: UUID | None = None
) -> StreamingResponse:
    """Who is a member now, oldest first (ID-24)."""
    chosen = queries.members(own_companies(caller), company_id=company_id)
    return await download("members", chosen.rows(request.app.state.database), form)
