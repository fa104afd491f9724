"""What happens to an order. Its current state is on the state topic."""

from datetime import date, datetime
from uuid import UUID

from contracts.orders.topics import ORDER, ORDER_STATE
from contracts.orders.values import AskedOf, AttestationRule, OrderStatus, PaymentChoice
from contracts.shared.event import Event, State
from contracts.shared.values import Code, Money


class _OrderEvent(Event):
    order_id: UUID
    number: str
    company_id: UUID


class OrderSubmitted(_OrderEvent, type="countersign.orders.order.submitted.v1", topic=ORDER):
    member_id: UUID | None
    contact_id: UUID | None
    on_behalf: bool
    staff_id: UUID | None = None
    """Who of the merchant's staff ordered on its behalf (ID-20)."""
    total: Money
    payment: PaymentChoice
    order_reference: str | None
    cost_centre: str | None
    location_id: UUID | None = None
    """Of the company's locations, the one that it is for (ID-18)."""
    project_id: UUID | None = None
    """Of the company's projects, the one that it is booked on (ID-04)."""
    cart_id: UUID


class AttestationRequested(_OrderEvent, type="countersign.orders.order.attestation_requested.v1", topic=ORDER):
    """Starts the process `order-attestation/<number>`."""

    company_number: str
    rule: AttestationRule
    total: Money
    asked_of: AskedOf
    contacts: tuple[UUID, ...]
    """Contacts who were asked at once; empty: it is with the merchant."""
    expires_at: datetime


class AttestersAsked(_OrderEvent, type="countersign.orders.order.attesters_asked.v1", topic=ORDER):
    """It went a step further, or others may decide since the company's members changed."""

    step: int
    asked_of: AskedOf
    contacts: tuple[UUID, ...]
    """Contacts who may decide now; empty: it is with the merchant."""


class AttestationReminded(_OrderEvent, type="countersign.orders.order.attestation_reminded.v1", topic=ORDER):
    step: int
    reminded_at: datetime


class AttestationExtended(_OrderEvent, type="countersign.orders.order.attestation_extended.v1", topic=ORDER):
    expires_at: datetime


class OrderAttested(_OrderEvent, type="countersign.orders.order.attested.v1", topic=ORDER):
    attested_by: UUID | None
    """The member; None: the merchant, where it came to that."""
    attested_for: UUID | None = None
    """The member who was away, and in whose place he decided; None: in his own right."""
    attested_at: datetime
    total: Money


class _OutcomeEvent(_OrderEvent):
    """What became of it after it waited for its company, or at once."""

    contact_id: UUID | None
    """The submitter, who is told; None: the merchant's people submitted it."""
    total: Money


class OrderDeclined(_OutcomeEvent, type="countersign.orders.order.declined.v1", topic=ORDER):
    declined_by: UUID | None
    declined_for: UUID | None = None
    """As `attested_for`."""
    declined_at: datetime


class OrderExpired(_OutcomeEvent, type="countersign.orders.order.expired.v1", topic=ORDER):
    expired_at: datetime


class OrderWithdrawn(_OutcomeEvent, type="countersign.orders.order.withdrawn.v1", topic=ORDER):
    withdrawn_at: datetime


class OrderPlaced(_OutcomeEvent, type="countersign.orders.order.placed.v1", topic=ORDER):
    placed_at: datetime
    payment: PaymentChoice
    attested: bool = False
    """It waited for its company first."""
    location_id: UUID | None = None
    project_id: UUID | None = None


class OrderRefused(_OutcomeEvent, type="countersign.orders.order.refused.v1", topic=ORDER):
    refused_at: datetime
    reason: Code


class OrderConfirmed(_OrderEvent, type="countersign.orders.order.confirmed.v1", topic=ORDER):
    contact_id: UUID | None
    confirmed_at: datetime


class OrderCancelled(_OrderEvent, type="countersign.orders.order.cancelled.v1", topic=ORDER):
    contact_id: UUID | None
    cancelled_at: datetime
    reason: Code


class OrderState(State, type="countersign.orders.order.state.v1", topic=ORDER_STATE):
    """An order as it stands, without its lines: a subscriber that needs them asks the API, by id."""

    order_id: UUID
    number: str
    company_id: UUID
    member_id: UUID | None
    status: OrderStatus
    on_behalf: bool
    payment: PaymentChoice
    net: Money
    vat: Money
    total: Money
    lines: int
    order_reference: str | None
    cost_centre: str | None
    wanted_on: date | None
    submitted_at: datetime
    changed_at: datetime
