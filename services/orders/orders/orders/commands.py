"""The only writers of orders. Each locks its order; one that ends gives back what it reserved in the same transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, Forbidden, Invalid, NotFound, NotYet, Problem
from chassis.ids import new_id
from chassis.policies import policy
from contracts.orders.values import OrderStatus, PaymentChoice
from contracts.pricing.priced_cart import PricedCart
from orders.buyers.models import Account, Buyer
from orders.buyers.queries import active_members, find_submitter, is_bookable, is_open_location
from orders.limits.commands import give_back, reserve
from orders.orders.gate import gate
from orders.orders.lines import write_lines
from orders.orders.models import GIVES_BACK, NEXT_NUMBER, Order, References, order_number
from orders.policies import AttestationPolicy, PlacementPolicy
from orders.refusal import Refusal


async def lock_order(session: AsyncSession, order_id: UUID, *, account: Account | None = None) -> Order:
    """
    Args:
        account: whose it must be; None: the merchant's staff, or a process.

    Raises:
        NotFound: absent, or another company's.
    """
    wanted = select(Order).where(Order.id == order_id)
    if account is not None:
        wanted = wanted.where(Order.company_id.in_(account.companies))
    order = await session.scalar(wanted.with_for_update())
    if order is None:
        raise NotFound
    return order


@dataclass(frozen=True)
class SubmitOrder:
    """
    Attributes:
        cart: verified, and the buyer's.
        line_references: by line number of the cart.
    """

    buyer: Buyer
    cart: PricedCart
    payment: PaymentChoice
    terms_accepted: bool
    at: datetime
    references: References = field(default_factory=References)
    line_references: Mapping[int, str] = field(default_factory=dict)


async def submit_order(session: AsyncSession, command: SubmitOrder) -> Order:
    """The one path of every new order (OR-02): it is refused, waits for its company, or is placed.

    Raises:
        Forbidden: the gate says no, and why.
        Invalid: terms not accepted, a reference to a line that the cart has not, or no open location or
            project of the company.
        Conflict: the cart became an order already.
    """
    _check_form(command)
    cart, buyer, at = command.cart, command.buyer, command.at
    location_id = await _location(session, buyer, command.references.location_id)
    await _check_project(session, buyer, command.references.project_id, at)
    order = Order.submit(
        new_id(),
        order_number((await NEXT_NUMBER.rows(session, {}))[0]["number"]),
        cart,
        buyer,
        command.payment,
        replace(command.references, location_id=location_id),
        at,
    )
    verdict = gate(buyer, order.purchase, await reserve(session, order.reservation, buyer.company.predecessors))
    if isinstance(verdict, Refusal):
        raise verdict.as_error()
    if verdict.rule is not None:
        deadlines = await policy(session, AttestationPolicy, order.storefront)
        members = await active_members(session, order.company_id, at)
        order.request_attestation(verdict.rule, deadlines, list(members), at)
    else:
        _place(order, await policy(session, PlacementPolicy, order.storefront), at)
    session.add(order)
    try:
        await session.flush()
    except IntegrityError as error:
        if getattr(error.driver_exception, "constraint_name", None) == "uq_orders_cart_id":
            raise Conflict("priced-cart-used", "This priced cart became an order already.") from error
        raise
    await write_lines(session, order.id, cart.lines, command.line_references)
    return order


async def _location(session: AsyncSession, buyer: Buyer, named: UUID | None) -> UUID | None:
    """For which of its locations a company orders: the one that is named, or the only one that the member acts for.

    Raises:
        Forbidden: `location-not-yours`.
        Invalid: `location-not-named`, `location-unknown`.
    """
    member = buyer.member
    if named is None and member is not None and member.locations is not None:
        if len(member.locations) != 1:
            raise _of_location("location-not-named", "Name one of the locations that you act for.")
        (named,) = member.locations
    if named is None:
        return None
    if member is not None and not member.acts_for(named):
        raise Forbidden("location-not-yours", "You act for other locations of the company only.")
    if not await is_open_location(session, buyer.company.company_id, named):
        raise _of_location("location-unknown", "The company has no such open location.")
    return named


def _of_location(code: str, detail: str) -> Invalid:
    return Invalid(code, detail, problems=[Problem("/location_id", code, detail)])


async def _check_project(session: AsyncSession, buyer: Buyer, named: UUID | None, at: datetime) -> None:
    """
    Raises:
        Invalid: `project-unknown`.
    """
    if named is not None and not await is_bookable(session, buyer, named, at.date()):
        problem = Problem("/project_id", "project-unknown", "The company has no such project to book on today.")
        raise Invalid("project-unknown", problem.detail, problems=[problem])


def _check_form(command: SubmitOrder) -> None:
    if not command.terms_accepted:
        raise Invalid(
            "terms-not-accepted",
            "The terms must be accepted.",
            problems=[Problem("/terms_accepted", "terms-not-accepted", "Must be true.")],
        )
    known = {line.line for line in command.cart.lines}
    unknown = sorted(command.line_references.keys() - known)
    if unknown:
        raise Invalid(
            "line-unknown",
            "A reference names a line that the cart does not have.",
            problems=[
                Problem(f"/line_references/{line}", "line-unknown", "The cart has no such line.") for line in unknown
            ],
        )


async def place_order(session: AsyncSession, order_id: UUID, at: datetime) -> Order:
    """Passes the gate again and places an attested order, or refuses it (OR-07). In any other status it does nothing."""
    order = await lock_order(session, order_id)
    if order.status is not OrderStatus.ATTESTED:
        return order
    buyer = await find_submitter(
        session, order.company_id, order.member_id, order.contact_id, storefront=order.storefront, at=at
    )
    if buyer is None:
        raise NotYet("company-unknown", "The company has not arrived here.")
    placement = await policy(session, PlacementPolicy, order.storefront)
    verdict = gate(buyer, order.purchase, None, submitter_left=placement.submitter_left)
    if isinstance(verdict, Refusal):
        order.refuse(verdict, at)
        await settle_budget(session, order)
    else:
        _place(order, placement, at)
    return order


def _place(order: Order, placement: PlacementPolicy, at: datetime) -> None:
    order.place(at)
    by_invoice = order.payment is PaymentChoice.INVOICE
    if placement.confirm_invoice_orders_at_once if by_invoice else placement.confirm_provider_orders_at_once:
        order.confirm(at)


async def settle_budget(session: AsyncSession, order: Order) -> None:
    """Gives back what an order that has ended had reserved or spent, once (OR-09)."""
    if order.status in GIVES_BACK and order.holds_budget:
        order.holds_budget = False
        await give_back(session, order.reservation)


@dataclass(frozen=True)
class ConfirmOrder:
    order_id: UUID
    at: datetime


async def confirm_order(session: AsyncSession, command: ConfirmOrder) -> Order:
    """
    Raises:
        Conflict: it is not placed.
    """
    order = await lock_order(session, command.order_id)
    order.confirm(command.at)
    return order


@dataclass(frozen=True)
class CancelOrder:
    order_id: UUID
    reason: str
    at: datetime


async def cancel_order(session: AsyncSession, command: CancelOrder) -> Order:
    """
    Raises:
        Conflict: it has ended otherwise.
    """
    order = await lock_order(session, command.order_id)
    order.cancel(command.reason, command.at)
    await settle_budget(session, order)
    return order


@dataclass(frozen=True)
class WithdrawOrder:
    order_id: UUID
    buyer: Buyer
    at: datetime


async def withdraw_order(session: AsyncSession, command: WithdrawOrder) -> Order:
    """By who submitted it, or an administrator of his company.

    Raises:
        Forbidden: by another.
        Conflict: it is decided already.
    """
    order = await lock_order(session, command.order_id, account=command.buyer.company.account)
    member = command.buyer.member
    if member is None or not (member.administers or member.contact_id == order.contact_id):
        raise Forbidden("order-not-yours", "Only who submitted it, or an administrator, withdraws an order.")
    order.withdraw(command.at)
    await settle_budget(session, order)
    return order
