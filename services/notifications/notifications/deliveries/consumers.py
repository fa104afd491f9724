"""Entry point: mails that belong to no process (NO-01). A handler only queues them; the mail server holds up no event."""

from uuid import UUID

from chassis.consumers import Delivery as Delivered
from chassis.consumers import Handler, Subscription
from contracts.identity.events import (
    CompanyCreated,
    CompanyMerged,
    CompanyOrigin,
    CompanyStatusChanged,
    ContactErased,
    ContactPasswordChanged,
    ContactSecondFactorEnabled,
    ContactSecondFactorRemoved,
    PasswordResetRequested,
    VerificationRequested,
)
from contracts.identity.staff_events import (
    AccessRequestErased,
    AccessRequestRefused,
    AccessRequestSubmitted,
    StaffErased,
    StaffPasswordChanged,
    StaffPasswordLinkIssued,
    StaffSecondFactorEnabled,
    StaffSecondFactorRemoved,
)
from contracts.identity.topics import ACCESS_REQUEST, COMPANY, CONTACT, STAFF
from contracts.identity.values import CustomerStatus, LinkPurpose
from contracts.notifications.activities import Link, Template
from contracts.orders.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderDeclined,
    OrderExpired,
    OrderPlaced,
    OrderRefused,
    OrderSubmitted,
    OrderWithdrawn,
)
from contracts.orders.topics import ORDER
from contracts.shared.values import Money
from notifications.deliveries.commands import OpenDelivery, give_up_on, queue_mail


def _queue(
    delivered: Delivered,
    template: Template,
    contact_id: UUID | None,
    link: Link | None = None,
    **parameters: str,
) -> None:
    """To a contact, or to the merchant (None)."""
    queue_mail(
        delivered.inserts,
        OpenDelivery(
            notification=f"event/{delivered.envelope.id}/{template.value}",
            template=template,
            contact_id=contact_id,
            link=link,
            parameters=parameters,
            at=delivered.now,
            queued_for=delivered.envelope.time,
        ),
    )


def _printed(total: Money) -> str:
    return f"{total.amount} {total.currency}"


async def company_created(delivered: Delivered, event: CompanyCreated) -> None:
    if event.origin is CompanyOrigin.CREATED_BY_MERCHANT and event.contact_id is not None:
        _queue(delivered, Template.COMPANY_CREATED, event.contact_id, number=event.number)


async def company_status_changed(delivered: Delivered, event: CompanyStatusChanged) -> None:
    """Suspended weighs more than any other fact, so `disabled` comes and goes by suspension alone (ID-12)."""
    if event.contact_id is None or event.old is event.new:
        return
    if event.new is CustomerStatus.DISABLED:
        _queue(delivered, Template.COMPANY_SUSPENDED, event.contact_id, number=event.number)
    elif event.old is CustomerStatus.DISABLED:
        _queue(delivered, Template.COMPANY_REACTIVATED, event.contact_id, number=event.number)


async def company_merged(delivered: Delivered, event: CompanyMerged) -> None:
    """Who administered it learns where its orders are now, and for whom he signs in (ID-26)."""
    for contact_id in event.administrators:
        _queue(delivered, Template.COMPANY_MERGED, contact_id, number=event.number, into=event.merged_into_number)


async def verification_requested(delivered: Delivered, event: VerificationRequested) -> None:
    link = Link(purpose=LinkPurpose.VERIFICATION, subject=event.contact_id, issue=event.issue)
    _queue(delivered, Template.ADDRESS_VERIFICATION, event.contact_id, link)


async def password_reset_requested(delivered: Delivered, event: PasswordResetRequested) -> None:
    link = Link(purpose=LinkPurpose.RESET, subject=event.contact_id, issue=event.issue)
    _queue(delivered, Template.PASSWORD_RESET, event.contact_id, link)


ContactChange = ContactPasswordChanged | ContactSecondFactorEnabled | ContactSecondFactorRemoved
StaffChange = StaffPasswordChanged | StaffSecondFactorEnabled | StaffSecondFactorRemoved


def account_changed(template: Template) -> Handler:
    """Whoever did it, the person is told, so that a stranger's doing does not go unnoticed (ID-23)."""

    async def handle(delivered: Delivered, event: ContactChange | StaffChange) -> None:
        whose = event.contact_id if isinstance(event, ContactChange) else event.staff_id
        _queue(delivered, template, whose)

    return handle


async def contact_erased(delivered: Delivered, event: ContactErased) -> None:
    await give_up_on(delivered.session, event.contact_id, at=delivered.now)


async def staff_password_link_issued(delivered: Delivered, event: StaffPasswordLinkIssued) -> None:
    """One of the staff is reached by his id, as contacts are by theirs (ID-21)."""
    link = Link(purpose=LinkPurpose.STAFF_PASSWORD, subject=event.staff_id, issue=event.issue)
    until = {"until": event.until.isoformat()} if event.until else {}
    _queue(delivered, Template.STAFF_PASSWORD, event.staff_id, link, **until)


async def staff_erased(delivered: Delivered, event: StaffErased) -> None:
    await give_up_on(delivered.session, event.staff_id, at=delivered.now)


async def access_request_submitted(delivered: Delivered, event: AccessRequestSubmitted) -> None:
    _queue(delivered, Template.ACCESS_REQUESTED_MERCHANT, None)


async def access_request_refused(delivered: Delivered, event: AccessRequestRefused) -> None:
    _queue(delivered, Template.ACCESS_REFUSED, event.request_id, reason=event.reason)


async def access_request_erased(delivered: Delivered, event: AccessRequestErased) -> None:
    await give_up_on(delivered.session, event.request_id, at=delivered.now)


async def order_submitted(delivered: Delivered, event: OrderSubmitted) -> None:
    if event.contact_id is not None:
        total = _printed(event.total)
        _queue(delivered, Template.ORDER_RECEIVED, event.contact_id, number=event.number, total=total)


Outcome = OrderPlaced | OrderRefused | OrderDeclined | OrderExpired | OrderWithdrawn


def outcome(template: Template) -> Handler:
    """The submitter is told what became of his order."""

    async def handle(delivered: Delivered, event: Outcome) -> None:
        if event.contact_id is not None:
            reason = {"reason": event.reason} if isinstance(event, OrderRefused) else {}
            total = _printed(event.total)
            _queue(delivered, template, event.contact_id, None, number=event.number, total=total, **reason)

    return handle


async def order_placed(delivered: Delivered, event: OrderPlaced) -> None:
    """The merchant is told too."""
    total = _printed(event.total)
    _queue(delivered, Template.ORDER_PLACED_MERCHANT, None, number=event.number, total=total)
    await outcome(Template.ORDER_PLACED)(delivered, event)


async def order_confirmed(delivered: Delivered, event: OrderConfirmed) -> None:
    if event.contact_id is not None:
        _queue(delivered, Template.ORDER_CONFIRMED, event.contact_id, number=event.number)


async def order_cancelled(delivered: Delivered, event: OrderCancelled) -> None:
    if event.contact_id is not None:
        _queue(delivered, Template.ORDER_CANCELLED, event.contact_id, number=event.number, reason=event.reason)


subscriptions = [
    Subscription(
        COMPANY,
        {
            CompanyCreated: company_created,
            CompanyStatusChanged: company_status_changed,
            CompanyMerged: company_merged,
        },
    ),
    Subscription(
        CONTACT,
        {
            VerificationRequested: verification_requested,
            PasswordResetRequested: password_reset_requested,
            ContactPasswordChanged: account_changed(Template.PASSWORD_CHANGED),
            ContactSecondFactorEnabled: account_changed(Template.SECOND_FACTOR_ENABLED),
            ContactSecondFactorRemoved: account_changed(Template.SECOND_FACTOR_REMOVED),
            ContactErased: contact_erased,
        },
    ),
    Subscription(
        STAFF,
        {
            StaffPasswordLinkIssued: staff_password_link_issued,
            StaffErased: staff_erased,
            StaffPasswordChanged: account_changed(Template.PASSWORD_CHANGED),
            StaffSecondFactorEnabled: account_changed(Template.SECOND_FACTOR_ENABLED),
            StaffSecondFactorRemoved: account_changed(Template.SECOND_FACTOR_REMOVED),
        },
    ),
    Subscription(
        ACCESS_REQUEST,
        {
            AccessRequestSubmitted: access_request_submitted,
            AccessRequestRefused: access_request_refused,
            AccessRequestErased: access_request_erased,
        },
    ),
    Subscription(
        ORDER,
        {
            OrderSubmitted: order_submitted,
            OrderPlaced: order_placed,
            OrderRefused: outcome(Template.ORDER_REFUSED),
            OrderDeclined: outcome(Template.ORDER_DECLINED),
            OrderExpired: outcome(Template.ORDER_EXPIRED),
            OrderWithdrawn: outcome(Template.ORDER_WITHDRAWN),
            OrderConfirmed: order_confirmed,
            OrderCancelled: order_cancelled,
        },
    ),
]
