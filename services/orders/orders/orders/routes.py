"""Orders over HTTP."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict
from sqlalchemy.ext.asyncio import AsyncSession

from chassis import clock
from chassis.errors import NotFound, NotYet
from chassis.http.etag import etag
from chassis.http.paging import Cursor, Limit, Page, page
from chassis.http.routing import HotWritingRoute, Reading, Router, Session
from chassis.keys import KeyRing
from chassis.service import resource
from contracts.identity.operations import staff_may, staff_or_member
from contracts.identity.tokens import StaffClaims
from contracts.identity.values import StaffPermission
from contracts.orders.values import OrderStatus, PaymentChoice
from contracts.shared.values import Code, Moment
from orders.access import MEMBER, MemberCaller, Staff, StaffOrMember, member_of
from orders.attestation.attesters import Merchant
from orders.attestation.commands import AttestOrder, DeclineOrder, attest_order, decline_order
from orders.buyers.models import Buyer, Member
from orders.buyers.queries import active_members, find_buyer
from orders.orders import commands
from orders.orders.export import csv_rows
from orders.orders.lines import read_lines
from orders.orders.models import Order, References
from orders.orders.priced_carts import must_belong, verified_cart
from orders.orders.queries import Search, as_he_is, find_order, list_orders
from orders.orders.views import OrderOverview, OrderView, order_view, overview

router = Router(prefix="/v1/orders", tags=["orders"])
submission = Router(prefix="/v1/orders", tags=["orders"], kind=HotWritingRoute)

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
LineNumber = Annotated[int, Field(ge=1)]
OrderId = Annotated[UUID, Path()]


SUBMISSION: JsonDict = {
    "signed": "eyJhbGciOiJFUzI1NiIsImtpZCI6Ii4uLiJ9.eyJsaW5lcyI6Wy4uLl19.MEUCIQ",
    "terms_accepted": True,
    "payment": "invoice",
    "order_reference": "Kitchen, week 12",
    "line_references": {"1": "Terrace"},
}


class SubmitBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [SUBMISSION]})

    signed: Annotated[str, Field(min_length=1, description="The signed priced cart, as pricing answered it")]
    terms_accepted: bool
    payment: PaymentChoice
    order_reference: Words | None = None
    cost_centre: Words | None = None
    location_id: UUID | None = None
    """Of the company's locations; a member who acts for one only need not name it."""
    project_id: UUID | None = None
    """What it is booked on, of the company's projects."""
    line_references: Annotated[dict[LineNumber, Words], Field(max_length=2_000)] = Field(default_factory=dict)
    """By line number of the cart."""
    wanted_on: date | None = None


class OrderAnswer(BaseModel):
    order_id: UUID
    number: str
    status: OrderStatus


TOO_DEAR: JsonDict = {"reason": "Over the budget of this month."}


class DeclineBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [TOO_DEAR]})

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    """In words, for who submitted it."""


class CancelBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Code


class Scope(StrEnum):
    OWN = "own"
    COMPANY = "company"


def _answer(order: Order, response: Response) -> OrderAnswer:
    response.headers["ETag"] = etag(order.sequence)
    return OrderAnswer(order_id=order.id, number=order.number, status=order.status)


@submission.post(
    "",
    status_code=201,
    response_model=OrderAnswer,
    openapi_extra=staff_or_member(StaffPermission.ORDER_FOR_CUSTOMERS, for_own=True),
    summary="Submit an order from a priced cart",
)
async def submit_order(
    body: SubmitBody,
    caller: StaffOrMember,
    session: Session,
    keys: Annotated[KeyRing, resource(KeyRing)],
) -> Response:
    """Staff submit on behalf of the company that the cart was priced for; such an order needs no attestation."""
    at = clock.now()
    cart = await verified_cart(session, keys, body.signed, at)
    buyer = await _buyer(session, caller, cart.company_id)
    must_belong(cart, buyer)
    order = await commands.submit_order(
        session,
        commands.SubmitOrder(
            buyer=buyer,
            cart=cart,
            payment=body.payment,
            terms_accepted=body.terms_accepted,
            at=at,
            references=References(
                body.order_reference, body.cost_centre, body.wanted_on, body.location_id, body.project_id
            ),
            line_references=body.line_references,
        ),
    )
    answer = OrderAnswer(order_id=order.id, number=order.number, status=order.status)
    headers = {"Location": f"/v1/orders/{order.id}", "ETag": etag(order.sequence)}
    return Response(answer.model_dump_json(), 201, headers, "application/json")


async def _buyer(session: AsyncSession, caller: StaffClaims | Buyer, company_id: UUID) -> Buyer:
    if isinstance(caller, Buyer):
        return caller
    buyer = await find_buyer(session, company_id, None)
    if not caller.sees_all_companies and (buyer is None or not caller.sees(buyer.company.sales_representative)):
        raise NotFound
    if buyer is None:
        raise NotYet("company-unknown", "The company has not arrived here yet.")
    return replace(buyer, staff_id=caller.sub)


@router.get(
    "",
    openapi_extra=staff_or_member(StaffPermission.SEE_ORDERS, for_own=True),
    summary="Orders that the caller may see, newest first",
)
async def search_orders(
    caller: StaffOrMember,
    connection: Reading,
    scope: Scope = Scope.COMPANY,
    status: OrderStatus | None = None,
    search: Annotated[str | None, Query(max_length=120, description="Number, or part of the reference")] = None,
    company_id: UUID | None = None,
    member_id: UUID | None = None,
    location_id: UUID | None = None,
    project_id: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[OrderOverview]:
    wanted = Search(
        own=scope is Scope.OWN,
        status=status,
        text=search,
        company_id=company_id,
        member_id=member_id,
        location_id=location_id,
        project_id=project_id,
    )
    caller = await as_he_is(connection, caller, clock.now())
    rows = await list_orders(connection, caller, wanted, cursor, limit)
    return page([overview(row) for row in rows], limit, lambda shown: (str(shown.order_id),))


@router.get(
    "/export",
    openapi_extra=staff_may(StaffPermission.EXPORT, for_own=True),
    summary="Orders as CSV, a row per line, oldest first",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}}},
)
async def export_orders(
    request: Request,
    caller: Staff,
    status: OrderStatus | None = None,
    company_id: UUID | None = None,
    submitted_from: Moment | None = None,
    submitted_until: Moment | None = None,
) -> Response:
    wanted = Search(
        status=status, company_id=company_id, submitted_from=submitted_from, submitted_until=submitted_until
    )

    async def rows() -> AsyncIterator[str]:
        async with request.app.state.database.reading() as connection:
            async for part in csv_rows(connection, caller, wanted):
                yield part

    headers = {"Content-Disposition": 'attachment; filename="orders.csv"'}
    return StreamingResponse(rows(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get(
    "/{order_id}",
    openapi_extra=staff_or_member(StaffPermission.SEE_ORDERS),
    summary="One order, with why it stands where it stands",
)
async def read_order(order_id: OrderId, caller: StaffOrMember, connection: Reading, response: Response) -> OrderView:
    at = clock.now()
    caller = await as_he_is(connection, caller, at)
    row = await find_order(connection, order_id, caller)
    lines = await read_lines(connection, [order_id])
    waits = row["status"] is OrderStatus.AWAITING_ATTESTATION
    members = await active_members(connection, row["company_id"], at) if waits else []
    response.headers["ETag"] = etag(row["sequence"])
    return order_view(row, lines, members, caller)


def _decider(caller: StaffClaims | Buyer) -> Member | Merchant:
    return Merchant() if isinstance(caller, StaffClaims) else member_of(caller)


@router.post(
    "/{order_id}/attest", openapi_extra=staff_or_member(StaffPermission.MANAGE_ORDERS), summary="The company says yes"
)
async def attest(order_id: OrderId, caller: StaffOrMember, session: Session, response: Response) -> OrderAnswer:
    """Staff may only when it has come to the merchant."""
    order = await attest_order(session, AttestOrder(order_id, _decider(caller), clock.now()))
    return _answer(order, response)


@router.post(
    "/{order_id}/decline", openapi_extra=staff_or_member(StaffPermission.MANAGE_ORDERS), summary="The company says no"
)
async def decline(
    order_id: OrderId, body: DeclineBody, caller: StaffOrMember, session: Session, response: Response
) -> OrderAnswer:
    order = await decline_order(session, DeclineOrder(order_id, _decider(caller), body.reason, clock.now()))
    return _answer(order, response)


@router.post("/{order_id}/withdraw", openapi_extra=MEMBER, summary="Take an order back before it is decided")
async def withdraw(order_id: OrderId, caller: MemberCaller, session: Session, response: Response) -> OrderAnswer:
    order = await commands.withdraw_order(session, commands.WithdrawOrder(order_id, caller, clock.now()))
    return _answer(order, response)


@router.post(
    "/{order_id}/confirm",
    openapi_extra=staff_may(StaffPermission.MANAGE_ORDERS),
    summary="The merchant will deliver it",
)
async def confirm(order_id: OrderId, caller: Staff, session: Session, response: Response) -> OrderAnswer:
    order = await commands.confirm_order(session, commands.ConfirmOrder(order_id, clock.now()))
    return _answer(order, response)


@router.post(
    "/{order_id}/cancel",
    openapi_extra=staff_may(StaffPermission.MANAGE_ORDERS),
    summary="The merchant will not deliver it",
)
async def cancel(
    order_id: OrderId, body: CancelBody, caller: Staff, session: Session, response: Response
) -> OrderAnswer:
    order = await commands.cancel_order(session, commands.CancelOrder(order_id, body.reason, clock.now()))
    return _answer(order, response)
