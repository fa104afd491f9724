"""The order: submitted, attested where it must be, placed, confirmed; or one of the ways in which it ends."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Index, Numeric, Sequence, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.errors import Conflict, Invalid
from chassis.hot import HotStatement
from chassis.metadata import metadata_of
from contracts.orders.events import (
    AttestationRequested,
    OrderAttested,
    OrderCancelled,
    OrderConfirmed,
    OrderDeclined,
    OrderExpired,
    OrderPlaced,
    OrderRefused,
    OrderState,
    OrderSubmitted,
    OrderWithdrawn,
)
from contracts.orders.values import OrderStatus, PaymentChoice
from contracts.pricing.priced_cart import PricedCart
from contracts.shared.values import Money
from orders.attestation.attesters import Merchant, decides_for, may_attest
from orders.attestation.models import Attestation
from orders.buyers.models import Buyer, Member
from orders.limits.commands import Reservation
from orders.limits.models import month_of
from orders.orders.gate import MatchedRule, Purchase
from orders.policies import AttestationPolicy
from orders.refusal import Refusal

S = OrderStatus

Sequence("order_numbers", metadata=metadata_of("orders"))
NEXT_NUMBER = HotStatement("SELECT nextval('order_numbers') AS number")


def order_number(value: int) -> str:
    """`O-000123`: what people call the order."""
    return f"O-{value:06d}"


MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
    S.SUBMITTED: frozenset({S.AWAITING_ATTESTATION, S.PLACED}),
    S.AWAITING_ATTESTATION: frozenset({S.ATTESTED, S.DECLINED, S.EXPIRED, S.WITHDRAWN, S.CANCELLED}),
    S.ATTESTED: frozenset({S.PLACED, S.REFUSED, S.CANCELLED}),
    S.PLACED: frozenset({S.CONFIRMED, S.CANCELLED}),
    S.CONFIRMED: frozenset({S.CANCELLED}),
    S.DECLINED: frozenset(),
    S.EXPIRED: frozenset(),
    S.WITHDRAWN: frozenset(),
    S.REFUSED: frozenset(),
    S.CANCELLED: frozenset(),
}
"""Every legal move."""

GIVES_BACK = frozenset({S.DECLINED, S.EXPIRED, S.WITHDRAWN, S.REFUSED, S.CANCELLED})
"""Statuses of an order that takes nothing of a limit any more (OR-09)."""

_NEEDS = {
    S.ATTESTED: "order-not-awaiting-attestation",
    S.DECLINED: "order-not-awaiting-attestation",
    S.EXPIRED: "order-not-awaiting-attestation",
    S.WITHDRAWN: "order-not-awaiting-attestation",
    S.CONFIRMED: "order-not-placed",
}


@dataclass(frozen=True)
class References:
    """What the buyer writes on his order (OR-01), for which location it is (ID-18), on which project it is booked (ID-04)."""

    order_reference: str | None = None
    cost_centre: str | None = None
    wanted_on: date | None = None
    location_id: UUID | None = None
    project_id: UUID | None = None


class Order(Attestation):
    """One order. Its lines are bulk children, written once with it and never changed (`orders.orders.lines`).

    Transitions raise `Conflict` on an illegal move and do nothing when the order is there already.
    """

    __tablename__ = "orders"
    __table_args__ = (
        Index("ix_orders_company_id_id", "company_id", text("id DESC")),
        Index("ix_orders_member_id_id", "member_id", text("id DESC")),
        Index("ix_orders_contact_id_id", "contact_id", text("id DESC")),
        Index(
            "ix_orders_open",
            "company_id",
            postgresql_where=text("status IN ('awaiting_attestation', 'attested')"),
        ),
    )

    number: Mapped[str] = mapped_column(Text, unique=True)
    cart_id: Mapped[UUID] = mapped_column(unique=True)
    """A priced cart becomes one order at most."""
    company_number: Mapped[str] = mapped_column(Text)
    storefront: Mapped[str] = mapped_column(Text)
    on_behalf: Mapped[bool]
    staff_id: Mapped[UUID | None]
    """Who of the staff ordered on its behalf."""
    payment: Mapped[PaymentChoice]
    order_reference: Mapped[str | None] = mapped_column(Text)
    cost_centre: Mapped[str | None] = mapped_column(Text)
    project_id: Mapped[UUID | None]
    """What it is booked on, of the company's projects (ID-04)."""
    wanted_on: Mapped[date | None] = mapped_column(Date)
    currency: Mapped[str] = mapped_column(Text)
    net: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    vat: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    total: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    vat_totals: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    ship_to_country: Mapped[str] = mapped_column(Text)
    ship_to: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    lines: Mapped[int]
    """How many."""
    month: Mapped[date] = mapped_column(Date)
    """In which it counts against limits."""
    holds_budget: Mapped[bool] = mapped_column(default=True)
    priced_at: Mapped[datetime]
    submitted_at: Mapped[datetime]
    placed_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(Text)
    """Code of a refusal or cancellation."""

    @classmethod
    def submit(
        cls,
        id: UUID,
        number: str,
        cart: PricedCart,
        buyer: Buyer,
        payment: PaymentChoice,
        refs: References,
        at: datetime,
    ) -> "Order":
        """A new order with the prices, VAT and totals of the cart, frozen (OR-07)."""
        order = cls(
            id=id,
            number=number,
            status=S.SUBMITTED,
            cart_id=cart.cart_id,
            company_id=buyer.company.company_id,
            company_number=buyer.company.number,
            storefront=buyer.company.storefront,
            member_id=buyer.member.member_id if buyer.member else None,
            contact_id=buyer.member.contact_id if buyer.member else None,
            on_behalf=buyer.member is None,
            staff_id=buyer.staff_id,
            payment=payment,
            order_reference=refs.order_reference,
            cost_centre=refs.cost_centre,
            location_id=refs.location_id,
            project_id=refs.project_id,
            wanted_on=refs.wanted_on or cart.wanted_on,
            currency=cart.currency,
            net=cart.net,
            vat=cart.vat,
            total=cart.total,
            vat_totals=[total.model_dump(mode="json") for total in cart.vat_totals],
            ship_to_country=cart.ship_to_country,
            ship_to=cart.ship_to.model_dump(mode="json") if cart.ship_to else None,
            lines=len(cart.lines),
            month=month_of(at),
            holds_budget=True,
            priced_at=cart.priced_at,
            submitted_at=at,
            changed_at=at,
        )
        order.record(
            OrderSubmitted(
                **order.facts(),
                member_id=order.member_id,
                contact_id=order.contact_id,
                on_behalf=order.on_behalf,
                staff_id=order.staff_id,
                total=order.money,
                payment=payment,
                order_reference=order.order_reference,
                cost_centre=order.cost_centre,
                location_id=order.location_id,
                project_id=order.project_id,
                cart_id=cart.cart_id,
            )
        )
        return order

    # -- the company decides ------------------------------------------------------------------------------------------

    def request_attestation(
        self, rule: MatchedRule, policy: AttestationPolicy, members: list[Member], at: datetime
    ) -> None:
        """The company must say yes first (OR-04)."""
        if moved := self._move_to(S.AWAITING_ATTESTATION, at):
            self.start_waiting(rule, policy, members, moved)
            assert self.asked_of is not None
            assert self.expires_at is not None
            self.record(
                AttestationRequested(
                    **self.facts(),
                    company_number=self.company_number,
                    rule=rule.rule,
                    total=self.money,
                    asked_of=self.asked_of,
                    contacts=self.asked,
                    expires_at=self.expires_at,
                )
            )

    def attest(self, *, by: Member | Merchant, at: datetime) -> None:
        """The company's own yes. Who may say it: `orders.attestation.attesters`.

        Raises:
            Forbidden: he may not.
            Conflict: the decision was another.
        """
        self._may_decide(by)
        if self.attested_at is None and (moved := self._move_to(S.ATTESTED, at)):
            self.attested_at = moved
            self._decided(by, moved)
            self.record(
                OrderAttested(
                    **self.facts(),
                    attested_by=self.decided_by,
                    attested_for=self.decided_for,
                    attested_at=moved,
                    total=self.money,
                )
            )

    def decline(self, *, by: Member | Merchant, comment: str, at: datetime) -> None:
        """The company's own no, with its reason.

        Raises:
            Forbidden: he may not.
            Conflict: the decision was another.
            Invalid: there is no reason.
        """
        self._may_decide(by)
        if not comment.strip():
            raise Invalid("reason-missing", "Say why it is declined.")
        if moved := self._move_to(S.DECLINED, at):
            self.decision_comment = comment.strip()
            self._decided(by, moved)
            self.record(
                OrderDeclined(
                    **self._outcome(),
                    declined_by=self.decided_by,
                    declined_for=self.decided_for,
                    declined_at=moved,
                )
            )

    def expire(self, due: datetime, at: datetime) -> None:
        """Nobody decided in time. If it is decided, or `due` is not its deadline any more, nothing happens."""
        waits = self.status is S.AWAITING_ATTESTATION and self.expires_at == due
        if waits and (moved := self._move_to(S.EXPIRED, at)):
            self.record(OrderExpired(**self._outcome(), expired_at=moved))

    def withdraw(self, at: datetime) -> None:
        """Taken back before it was decided."""
        if moved := self._move_to(S.WITHDRAWN, at):
            self.record(OrderWithdrawn(**self._outcome(), withdrawn_at=moved))

    # -- after the company ---------------------------------------------------------------------------------------------

    def place(self, at: datetime) -> None:
        """It passed the gate, and its company said yes where it had to."""
        if moved := self._move_to(S.PLACED, at):
            self.placed_at = moved
            self.record(
                OrderPlaced(
                    **self._outcome(),
                    placed_at=moved,
                    payment=self.payment,
                    attested=self.attested_at is not None,
                    location_id=self.location_id,
                    project_id=self.project_id,
                )
            )

    def refuse(self, refusal: Refusal, at: datetime) -> None:
        """Attested, but it may not be placed any more (OR-07)."""
        if moved := self._move_to(S.REFUSED, at):
            self.reason = refusal.code
            self.record(OrderRefused(**self._outcome(), refused_at=moved, reason=refusal.code))

    def confirm(self, at: datetime) -> None:
        """The merchant will deliver it."""
        if moved := self._move_to(S.CONFIRMED, at):
            self.confirmed_at = moved
            self.record(OrderConfirmed(**self.facts(), contact_id=self.contact_id, confirmed_at=moved))

    def cancel(self, reason: str, at: datetime) -> None:
        """The merchant will not deliver it."""
        if moved := self._move_to(S.CANCELLED, at):
            self.reason = reason
            self.record(OrderCancelled(**self.facts(), contact_id=self.contact_id, cancelled_at=moved, reason=reason))

    # -- what it is ----------------------------------------------------------------------------------------------------

    @property
    def money(self) -> Money:
        """Its total."""
        return self._money(self.total)

    @property
    def purchase(self) -> Purchase:
        """What the gate looks at."""
        return Purchase(self.money, self.payment, self.on_behalf)

    @property
    def reservation(self) -> Reservation:
        """What it takes of limits while `holds_budget`."""
        return Reservation(self.company_id, self.member_id, self.month, self.money)

    def facts(self) -> dict[str, Any]:
        return {"order_id": self.id, "number": self.number, "company_id": self.company_id}

    def _outcome(self) -> dict[str, Any]:
        return {**self.facts(), "contact_id": self.contact_id, "total": self.money}

    def state(self) -> OrderState:
        return OrderState(
            **self.facts(),
            member_id=self.member_id,
            status=self.status,
            on_behalf=self.on_behalf,
            payment=self.payment,
            net=self._money(self.net),
            vat=self._money(self.vat),
            total=self.money,
            lines=self.lines,
            order_reference=self.order_reference,
            cost_centre=self.cost_centre,
            wanted_on=self.wanted_on,
            submitted_at=self.submitted_at,
            changed_at=self.changed_at,
        )

    def _money(self, amount: Decimal) -> Money:
        return Money(amount=amount, currency=self.currency)

    def _may_decide(self, by: Member | Merchant) -> None:
        refusal = may_attest(self, by)
        if refusal:
            raise refusal.as_error()

    def _decided(self, by: Member | Merchant, at: datetime) -> None:
        self.decided_at = at
        self.decided_by = by.member_id if isinstance(by, Member) else None
        absent = decides_for(self, by) if isinstance(by, Member) else None
        self.decided_for = absent.member_id if absent else None

    def _move_to(self, status: OrderStatus, at: datetime) -> datetime | None:
        """Returns when it moved: not before its last change, whatever the clock of this process says. None: it is there."""
        if self.status is status:
            return None
        if status not in MOVES[self.status]:
            raise Conflict(
                _NEEDS.get(status, "order-closed"),
                f"The order is {self.status.value.replace('_', ' ')}.",
                facts={"order_status": self.status.value},
            )
        self.status = status
        self.changed_at = max(at, self.changed_at)
        return self.changed_at
