"""Terms over HTTP, for staff."""

from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from chassis import clock
from chassis.errors import Invalid, NotFound, Problem
from chassis.http.routing import Reading, Router, Session
from contracts.identity.operations import staff_may
from contracts.identity.values import StaffPermission
from contracts.pricing.states import AssigneeKind
from contracts.shared.values import Code
from pricing.access import Staff
from pricing.terms import queries
from pricing.terms.commands import AssignList, give_list, take_list_back

router = Router(prefix="/v1/terms", tags=["terms"])

Assignee = Annotated[str, Field(max_length=64, description="A contact's or company's id, or a group's code")]


FOR_A_GROUP: JsonDict = {"assignee_kind": "group", "assignee": "horeca", "price_list": "wholesale-2026"}


class TermsBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [FOR_A_GROUP]})

    assignee_kind: AssigneeKind
    assignee: Code
    """The contact's or company's id, or the group's code."""
    price_list: Code


class TermsAnswer(BaseModel):
    assignee_kind: AssigneeKind
    assignee: str
    price_lists: list[str]
    has_valid_price_list: bool
    """One that is valid now and not the base list is among them (PR-04)."""


def _named(kind: AssigneeKind, assignee: str) -> str:
    """An id in its usual form, since it is a key.

    Raises:
        Invalid: it is not an id.
    """
    if kind is AssigneeKind.GROUP:
        return assignee
    try:
        return str(UUID(assignee))
    except ValueError as error:
        problem = Problem("/assignee", "uuid-parsing", f"a {kind} is named by its id")
        raise Invalid("assignee-malformed", f"A {kind} is named by its id.", problems=[problem]) from error


@router.post("", status_code=201, openapi_extra=staff_may(StaffPermission.MANAGE_PRICES))
async def give(body: TermsBody, session: Session, response: Response, _: Staff) -> TermsAnswer:
    """Give a price list to a contact, a company or a group; given twice, it is given once (PR-03, PR-04)."""
    assignee = _named(body.assignee_kind, body.assignee)
    found = await give_list(session, AssignList(body.assignee_kind, assignee, body.price_list), at=clock.now())
    response.headers["Location"] = f"/v1/terms/{body.assignee_kind}/{assignee}"
    return TermsAnswer.model_validate(found, from_attributes=True)


@router.delete(
    "/{kind}/{assignee}/{price_list}", status_code=204, openapi_extra=staff_may(StaffPermission.MANAGE_PRICES)
)
async def take_back(kind: AssigneeKind, assignee: Assignee, price_list: Code, session: Session, _: Staff) -> None:
    """Take a price list back."""
    if not await take_list_back(session, AssignList(kind, _named(kind, assignee), price_list), at=clock.now()):
        raise NotFound


@router.get("/{kind}/{assignee}", openapi_extra=staff_may(StaffPermission.SEE_PRICES, for_own=True))
async def read(kind: AssigneeKind, assignee: Assignee, connection: Reading, caller: Staff) -> TermsAnswer:
    """Which price lists a contact, company or group has; empty where nothing was ever given.

    Who acts for his own companies alone sees those of his companies (ID-20).
    """
    assignee = _named(kind, assignee)
    if not caller.sees_all_companies:
        his = kind is AssigneeKind.COMPANY and caller.sees(await queries.representative_of(connection, assignee))
        if not his:
            raise NotFound
    row = await queries.terms(connection, kind, assignee)
    return TermsAnswer(
        assignee_kind=kind,
        assignee=assignee,
        price_lists=row.price_lists if row else [],
        has_valid_price_list=bool(row and row.has_valid_price_list),
    )
