"""Mails that belong to no process: queued by consumers, sent and tried again by the worker (NO-01)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from chassis.consumers import Delivery as Delivered
from chassis.consumers import Inserts
from chassis.context import Cause, caused_by
from chassis.database import Database
from chassis.ids import new_id
from contracts.identity.events import (
    CompanyCreated,
    CompanyMerged,
    CompanyOrigin,
    CompanyStatusChanged,
    ContactPasswordChanged,
    ContactSecondFactorEnabled,
    ContactSecondFactorRemoved,
    PasswordResetRequested,
    PriceListsOfMerged,
    VerificationRequested,
)
from contracts.identity.staff_events import (
    AccessRequestRefused,
    AccessRequestSubmitted,
    StaffPasswordChanged,
    StaffPasswordLinkIssued,
    StaffSecondFactorRemoved,
)
from contracts.identity.values import AccessRefusal, CustomerStatus
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
from contracts.orders.values import PaymentChoice
from contracts.shared.envelope import Envelope
from contracts.shared.event import Event
from contracts.shared.values import Language, Money
from notifications.app import service
from notifications.deliveries.background import attempt_due
from notifications.deliveries.models import GIVE_UP_AFTER, LEASE, Delivery, DeliveryStatus
from notifications.deliveries.sending import Post
from tests.notifications.conftest import KEYS, NOW, AddContact, Broken
from tests.notifications.scripted_smtp import ScriptedServer

Handle = Callable[..., Awaitable[None]]
Round = Callable[..., Awaitable[int]]
TOTAL = Money(amount=Decimal("12.50"), currency="EUR")
ORDER: dict[str, Any] = {"order_id": new_id(), "number": "O-000001", "company_id": new_id()}
PLACED: dict[str, Any] = {**ORDER, "placed_at": NOW, "total": TOTAL, "payment": PaymentChoice.INVOICE}
COMPANY: dict[str, Any] = {"company_id": new_id(), "number": "C-000001"}
HANDLERS = {kind: handler for one in service.subscriptions for kind, handler in one.handlers.items()}


@pytest.fixture
def handle(database: Database) -> Handle:
    async def run(event: Event, *, at: datetime = NOW, event_id: UUID | None = None) -> None:
        envelope = Envelope(event_id or new_id(), event.type, "/countersign/test", "key", NOW, 1, 1)
        async with database.transaction() as session:
            inserts = Inserts()
            await HANDLERS[type(event)](Delivered(session, None, envelope, at, inserts), event)  # type: ignore[arg-type]
            await inserts.write(session)

    return run


@pytest.fixture
def send_round(database: Database, post: Post) -> Round:
    async def run(at: datetime = NOW) -> int:
        return await attempt_due(database, post, at)

    return run


async def queued(database: Database) -> list[Delivery]:
    async with database.transaction() as session:
        return list((await session.scalars(select(Delivery).order_by(Delivery.id))).all())


async def only(database: Database) -> Delivery:
    (delivery,) = await queued(database)
    return delivery


def confirmed(contact: UUID | None) -> OrderConfirmed:
    return OrderConfirmed(**ORDER, contact_id=contact, confirmed_at=NOW)


def refused(contact: UUID | None) -> OrderRefused:
    return OrderRefused(**ORDER, contact_id=contact, total=TOTAL, refused_at=NOW, reason="customer-disabled")


def merged(administrators: tuple[UUID, ...]) -> CompanyMerged:
    return CompanyMerged(
        **COMPANY, merged_into=new_id(), merged_into_number="C-000002", price_lists=PriceListsOfMerged.MOVE,
        merged_at=NOW, administrators=administrators,
    )  # fmt: skip


CONTACT = UUID(int=7)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (
            CompanyCreated(
                **COMPANY, origin=CompanyOrigin.CREATED_BY_MERCHANT, storefront="s", contact_id=CONTACT,
                with_account_access=True,
            ),
            {"company-created": CONTACT},
        ),
        (
            CompanyCreated(
                **COMPANY, origin=CompanyOrigin.APPLIED, storefront="s", contact_id=CONTACT, with_account_access=True
            ),
            {},
        ),
        (
            CompanyStatusChanged(
                **COMPANY, old=CustomerStatus.ENABLED, new=CustomerStatus.DISABLED, reason="suspended",
                contact_id=CONTACT,
            ),
            {"company-suspended": CONTACT},
        ),
        (
            CompanyStatusChanged(
                **COMPANY, old=CustomerStatus.DISABLED, new=CustomerStatus.REGISTERED, reason="reactivated",
                contact_id=CONTACT,
            ),
            {"company-reactivated": CONTACT},
        ),
        (
            CompanyStatusChanged(
                **COMPANY, old=CustomerStatus.NONE, new=CustomerStatus.NOT_INVITED, reason="price-list-given",
                contact_id=CONTACT,
            ),
            {},
        ),
        (merged((CONTACT,)), {"company-merged": CONTACT}),
        (merged(()), {}),
        (VerificationRequested(contact_id=CONTACT, issue=1), {"address-verification": CONTACT}),
        (PasswordResetRequested(contact_id=CONTACT, issue=1), {"password-reset": CONTACT}),
        (ContactPasswordChanged(contact_id=CONTACT), {"password-changed": CONTACT}),
        (ContactSecondFactorEnabled(contact_id=CONTACT), {"second-factor-enabled": CONTACT}),
        (ContactSecondFactorRemoved(contact_id=CONTACT), {"second-factor-removed": CONTACT}),
        (StaffPasswordChanged(staff_id=CONTACT), {"password-changed": CONTACT}),
        (StaffSecondFactorRemoved(staff_id=CONTACT), {"second-factor-removed": CONTACT}),
        (StaffPasswordLinkIssued(staff_id=CONTACT, issue=1), {"staff-password": CONTACT}),
        (StaffPasswordLinkIssued(staff_id=CONTACT, issue=1, until=NOW), {"staff-password": CONTACT}),
        (AccessRequestSubmitted(request_id=CONTACT), {"access-requested-merchant": None}),
        (AccessRequestRefused(request_id=CONTACT, reason=AccessRefusal.NOT_NEEDED), {"access-refused": CONTACT}),
        (
            OrderSubmitted(
                **ORDER, member_id=None, contact_id=CONTACT, on_behalf=False, total=TOTAL,
                payment=PaymentChoice.INVOICE, order_reference=None, cost_centre=None, cart_id=new_id(),
            ),
            {"order-received": CONTACT},
        ),
        (OrderPlaced(**PLACED, contact_id=CONTACT), {"order-placed": CONTACT, "order-placed-merchant": None}),
        (OrderPlaced(**PLACED, contact_id=None), {"order-placed-merchant": None}),
        (refused(CONTACT), {"order-refused": CONTACT}),
        (refused(None), {}),
        (
            OrderDeclined(**ORDER, contact_id=CONTACT, total=TOTAL, declined_by=None, declined_at=NOW),
            {"order-declined": CONTACT},
        ),
        (OrderExpired(**ORDER, contact_id=CONTACT, total=TOTAL, expired_at=NOW), {"order-expired": CONTACT}),
        (OrderWithdrawn(**ORDER, contact_id=CONTACT, total=TOTAL, withdrawn_at=NOW), {"order-withdrawn": CONTACT}),
        (confirmed(CONTACT), {"order-confirmed": CONTACT}),
        (confirmed(None), {}),
        (
            OrderCancelled(**ORDER, contact_id=CONTACT, cancelled_at=NOW, reason="merchant"),
            {"order-cancelled": CONTACT},
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Event) else "-".join(value) or "nobody",
)  # fmt: skip
async def test_who_is_told_of_what(
    database: Database, handle: Handle, event: Event, told: dict[str, UUID | None]
) -> None:
    await handle(event)
    assert {one.template.value: one.contact_id for one in await queued(database)} == told


async def test_everybody_who_administered_a_merged_company_is_mailed_once(database: Database, handle: Handle) -> None:
    """ID-26: with the numbers of both, also where the event comes twice."""
    event, event_id = merged((UUID(int=1), UUID(int=2))), new_id()
    for _ in range(2):
        await handle(event, event_id=event_id)
    mails = await queued(database)
    assert len(mails) == 2
    assert {one.contact_id for one in mails} == set(event.administrators)
    assert {(one.parameters["number"], one.parameters["into"]) for one in mails} == {("C-000001", "C-000002")}


@pytest.mark.parametrize(
    "event",
    [
        VerificationRequested(contact_id=CONTACT, issue=3),
        PasswordResetRequested(contact_id=CONTACT, issue=3),
        ContactPasswordChanged(contact_id=CONTACT),
        OrderPlaced(**PLACED, contact_id=CONTACT),
        refused(CONTACT),
        OrderCancelled(**ORDER, contact_id=CONTACT, cancelled_at=NOW, reason="out-of-stock"),
    ],
    ids=lambda event: type(event).__name__,
)
async def test_what_is_queued_can_be_printed(
    database: Database, handle: Handle, send_round: Round, smtp: ScriptedServer, add_contact: AddContact, event: Event
) -> None:
    contact = await add_contact()
    await handle(event.model_copy(update={"contact_id": contact}))
    assert await send_round()
    assert {one.status for one in await queued(database)} == {DeliveryStatus.SENT}
    if "issue" in type(event).model_fields:
        body = smtp.taken[0][1].get_body(("plain",))
        assert body is not None
        assert f".{contact.hex}.3." in body.get_content()
        purpose = "verification" if isinstance(event, VerificationRequested) else "reset"
        token = next(line for line in body.get_content().splitlines() if "https://" in line).rpartition("/")[2]
        assert KEYS.verify(token, purpose, "jan@example.com")
    assert not await send_round()


async def test_a_clock_that_was_fast_when_a_mail_was_queued_keeps_it_waiting_no_longer(
    handle: Handle, send_round: Round, smtp: ScriptedServer, add_contact: AddContact
) -> None:
    await handle(confirmed(await add_contact()), at=NOW + timedelta(minutes=10))
    assert await send_round(NOW)
    assert len(smtp.taken) == 1


async def test_an_event_handled_twice_is_one_mail(
    handle: Handle, send_round: Round, smtp: ScriptedServer, add_contact: AddContact
) -> None:
    event, event_id = confirmed(await add_contact()), new_id()
    await handle(event, event_id=event_id)
    await send_round()
    await handle(event, event_id=event_id)
    assert not await send_round()
    assert len(smtp.taken) == 1


async def test_no_mail_for_what_is_older_than_48_hours(
    database: Database, handle: Handle, add_contact: AddContact
) -> None:
    event = confirmed(await add_contact())
    await handle(event, at=NOW + GIVE_UP_AFTER)
    assert await queued(database) == []
    await handle(event, at=NOW + GIVE_UP_AFTER - timedelta(seconds=1))
    assert len(await queued(database)) == 1


async def test_a_mail_put_off_is_tried_with_growing_pauses_and_given_up_after_48_hours(
    database: Database, handle: Handle, send_round: Round, smtp: ScriptedServer, add_contact: AddContact
) -> None:
    await handle(confirmed(await add_contact()))
    smtp.refuse["jan@example.com"] = "450 4.2.1 busy"
    at, pauses = NOW, []
    while (delivery := await only(database)).next_attempt_at is not None:
        pauses.append((delivery.next_attempt_at - at).total_seconds())
        at = delivery.next_attempt_at
        assert await send_round(at)
    assert pauses[:6] == [0, 1, 1, 2, 4, 8]
    assert max(pauses) == 900
    assert len(pauses) < 250
    assert timedelta(0) <= at - NOW - GIVE_UP_AFTER < timedelta(minutes=15)
    assert (delivery.status, delivery.reason) == (DeliveryStatus.FAILED, "too-old")
    async with database.reading() as connection:
        assert (await connection.scalars(text("SELECT type FROM outbox"))).all() == [
            "countersign.notifications.delivery.failed.v1"
        ]


async def test_the_server_comes_back(
    database: Database, handle: Handle, send_round: Round, smtp: ScriptedServer, add_contact: AddContact
) -> None:
    await handle(confirmed(await add_contact()))
    smtp.answers["CONNECT"] = ["drop"]
    assert await send_round()
    assert (await only(database)).reason == "mail-server-away"
    assert not await send_round()
    assert await send_round(NOW + timedelta(seconds=1))
    delivery = await only(database)
    assert (delivery.status, delivery.reason, delivery.closed_at) == (
        DeliveryStatus.SENT, None, NOW + timedelta(seconds=1),
    )  # fmt: skip


async def test_once_the_server_has_taken_a_mail_those_that_waited_for_it_are_due(
    database: Database, handle: Handle, send_round: Round, smtp: ScriptedServer, add_contact: AddContact
) -> None:
    """Else a mail waits once more for as long as the server was away."""
    for number in range(3):
        await handle(confirmed(await add_contact(f"{number}@example.com")))
    later = NOW + timedelta(minutes=5)
    smtp.answers["CONNECT"] = ["drop"] * 6
    await send_round()
    await send_round(later)
    assert {one.next_attempt_at for one in await queued(database)} == {later + timedelta(minutes=5)}
    await handle(confirmed(await add_contact("new@example.com")))
    back = later + timedelta(seconds=1)
    while await send_round(back):
        pass
    assert {one.status for one in await queued(database)} == {DeliveryStatus.SENT}


async def test_a_contact_may_arrive_after_its_event(
    database: Database, handle: Handle, send_round: Round, smtp: ScriptedServer, add_contact: AddContact
) -> None:
    await handle(confirmed(new_id()))
    assert await send_round()
    assert (await only(database)).reason == "recipient-unknown"
    late = await add_contact(language=Language.FRENCH)
    async with database.transaction() as session:
        await session.execute(update(Delivery).values(contact_id=late))
    await send_round(NOW + timedelta(seconds=2))
    assert smtp.taken[0][1]["Content-Language"] == "fr"


async def test_a_recipient_refused_for_good_is_not_tried_again(
    database: Database, handle: Handle, send_round: Round, smtp: ScriptedServer, add_contact: AddContact
) -> None:
    await handle(confirmed(await add_contact()))
    smtp.answers["RCPT"] = ["550 5.1.1 no"]
    await send_round()
    delivery = await only(database)
    assert (delivery.status, delivery.reason, delivery.next_attempt_at) == (
        DeliveryStatus.FAILED, "smtp-550-5.1.1", None,
    )  # fmt: skip


async def test_a_mail_whose_sender_died_is_taken_up_after_its_lease_under_the_same_message_id(
    database: Database, handle: Handle, post: Post, send_round: Round, smtp: ScriptedServer, add_contact: AddContact,
    nothing_can_be_noted: Broken,
) -> None:  # fmt: skip
    await handle(confirmed(await add_contact()))
    with nothing_can_be_noted():
        await send_round()
    post.unnoted.clear()  # what a process knows dies with it
    assert (await only(database)).status is DeliveryStatus.SENDING
    assert not await send_round(NOW + LEASE - timedelta(seconds=1))
    assert await send_round(NOW + LEASE)
    assert (await only(database)).status is DeliveryStatus.SENT
    assert len(smtp.message_ids) == 2
    assert len(set(smtp.message_ids)) == 1


async def test_two_workers_share_the_queue(
    database: Database, handle: Handle, send_round: Round, smtp: ScriptedServer, add_contact: AddContact
) -> None:
    for number in range(12):
        await handle(confirmed(await add_contact(f"{number}@example.com")))
    while any(await asyncio.gather(send_round(), send_round())):
        pass
    assert sorted(address for address, _ in smtp.taken) == sorted(f"{number}@example.com" for number in range(12))


async def test_events_say_what_caused_the_mail(
    database: Database, handle: Handle, send_round: Round, add_contact: AddContact
) -> None:
    with caused_by(Cause("request-1", "event-1", "member:x")):
        await handle(confirmed(await add_contact()))
    await send_round()
    async with database.reading() as connection:
        headers = await connection.scalar(text("SELECT headers FROM outbox"))
    assert (headers["correlation_id"], headers["causation_id"]) == ("request-1", "event-1")
