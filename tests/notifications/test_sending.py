"""Each mail once per notification and recipient, also when the process dies in between (NO-01)."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from chassis.database import Database
from chassis.errors import Invalid
from chassis.ids import new_id
from chassis.policies import set_policy
from chassis.processes import ActivityEntry
from contracts.identity.values import LinkPurpose
from contracts.notifications.activities import Link, SendMail, Sent, Template, Undeliverable
from contracts.shared.values import Language
from notifications.deliveries import activities
from notifications.deliveries.commands import give_up_on
from notifications.deliveries.models import Delivery, DeliveryStatus
from notifications.deliveries.sending import Post, RecipientUnknown
from notifications.mails.mailer import MailDeferred, MailServerAway
from notifications.mails.policy import MailPolicy
from tests.notifications.conftest import KEYS, NOW, SHORT, AddContact, Broken, mailer_to
from tests.notifications.scripted_smtp import ScriptedServer
from tests.waiting import eventually

Send = Callable[[SendMail], Coroutine[Any, Any, Sent | Undeliverable]]


@pytest.fixture
def send(database: Database, post: Post) -> Send:
    return sending(database, post)


def sending(database: Database, post: Post) -> Send:
    async def run(command: SendMail) -> Sent | Undeliverable:
        entry = ActivityEntry(database, {Post: post}, NOW)
        answer = await activities.send_mail.implementation(entry, command)
        assert isinstance(answer, Sent | Undeliverable)
        return answer

    return run


def confirmed(*contacts: UUID, notification: str = "order/1/confirmed", **more: Any) -> SendMail:
    return SendMail(
        notification=notification,
        template=Template.ORDER_CONFIRMED,
        contacts=contacts,
        parameters={"number": "O-000001"},
        **more,
    )


async def held_up(
    send: Send, smtp: ScriptedServer, contact: UUID, *, at: str = "DATA"
) -> asyncio.Task[Sent | Undeliverable]:
    """An attempt that the server has left without an answer to this command."""
    smtp.answers[at] = ["hang"]
    attempt = asyncio.create_task(send(confirmed(contact)))
    await eventually(smtp.keeps_waiting)
    return attempt


async def deliveries(database: Database) -> list[Delivery]:
    async with database.transaction() as session:
        return list((await session.scalars(select(Delivery).order_by(Delivery.id))).all())


async def outcomes(database: Database) -> set[tuple[str, str | None]]:
    return {(one.status.value, one.reason) for one in await deliveries(database)}


async def published(database: Database) -> list[tuple[str, bytes]]:
    async with database.reading() as connection:
        rows = await connection.execute(text("SELECT type, value FROM outbox ORDER BY id"))
        return [(row.type.split(".")[-2], bytes(row.value)) for row in rows]


async def test_a_mail_is_sent_once(
    send: Send, smtp: ScriptedServer, database: Database, add_contact: AddContact
) -> None:
    contact = await add_contact()
    for _ in range(2):
        assert await send(confirmed(contact)) == Sent()
    ((address, message),) = smtp.taken
    assert address == "jan@example.com"
    assert message["Subject"] == "Bestelling O-000001 is bevestigd"
    assert message["From"] == "Countersign <no-reply@shop.example>"
    (delivery,) = await deliveries(database)
    assert (delivery.status, delivery.language, delivery.attempts) == (DeliveryStatus.SENT, Language.DUTCH, 1)
    assert delivery.message_id == message["Message-ID"]
    ((kind, body),) = await published(database)
    assert kind == "sent"
    assert b"jan" not in body.lower()


async def test_several_contacts_get_a_mail_each_in_their_language(
    send: Send, smtp: ScriptedServer, add_contact: AddContact
) -> None:
    contacts = [await add_contact(f"{one}@example.com", language=one) for one in Language]
    assert await send(confirmed(*contacts, contacts[0])) == Sent()
    assert {address: str(message["Content-Language"]) for address, message in smtp.taken} == {
        f"{one}@example.com": one.value for one in Language
    }
    assert len(set(smtp.message_ids)) == len(Language)


async def test_no_contact_is_the_merchant(send: Send, smtp: ScriptedServer, database: Database) -> None:
    async with database.transaction() as session:
        document = MailPolicy(
            merchant_mailbox="sales@grossist.example", merchant_language=Language.SWEDISH, merchant_name="Grossist, AB"
        )
        await set_policy(session, document, scope="*", expected=0, at=NOW)
    command = SendMail(
        notification="a/1", template=Template.APPLICATION_RECEIVED_MERCHANT, parameters={"number": "A-1"}
    )
    assert await send(command) == Sent()
    ((address, message),) = smtp.taken
    assert (address, message["Subject"]) == ("sales@grossist.example", "Ny ansökan A-1")
    assert message["From"].addresses[0].display_name == "Grossist, AB"


async def test_a_link_is_made_for_the_address_and_kept_nowhere(
    send: Send, smtp: ScriptedServer, database: Database, add_contact: AddContact
) -> None:
    contact, invitation = await add_contact(), new_id()
    link = Link(purpose=LinkPurpose.INVITATION, subject=invitation, issue=2)
    await send(SendMail(notification="i/1", template=Template.INVITATION, contacts=(contact,), link=link))
    token = KEYS.token("invitation", invitation, 2, "jan@example.com")
    body = smtp.taken[0][1].get_body(("plain",))
    assert body is not None
    assert f"https://shop.example/invitation/{token}" in body.get_content()
    secret = token.rpartition(".")[2]
    async with database.reading() as connection:
        for table in ("deliveries", "outbox"):
            rows = (await connection.execute(text(f"SELECT to_jsonb(t)::text AS row FROM {table} t"))).all()
            assert rows
            assert not any(secret in row.row or "example.com" in row.row for row in rows)


@pytest.mark.parametrize(
    "link", [None, Link(purpose=LinkPurpose.RESET, subject=UUID(int=1), issue=1)], ids=["absent", "of another purpose"]
)
async def test_a_mail_without_its_link_is_an_error_for_people(
    send: Send, smtp: ScriptedServer, add_contact: AddContact, link: Link | None
) -> None:
    command = SendMail(notification="i/1", template=Template.INVITATION, contacts=(await add_contact(),), link=link)
    with pytest.raises(Invalid, match="mail-link"):
        await send(command)
    assert not smtp.taken


async def test_a_contact_that_has_not_arrived_is_waited_for_and_the_others_are_not(
    send: Send, smtp: ScriptedServer, database: Database, add_contact: AddContact
) -> None:
    known = await add_contact()
    with pytest.raises(RecipientUnknown):
        await send(confirmed(new_id(), known))
    assert len(smtp.taken) == 1
    assert await outcomes(database) == {("pending", "recipient-unknown"), ("sent", None)}


async def test_nobody_waits_for_somebody_who_was_erased(
    send: Send, smtp: ScriptedServer, database: Database, add_contact: AddContact
) -> None:
    """ID-27: neither a process that asks for a mail to him only now, nor the others whom the mail is for."""
    waited_for, here = new_id(), await add_contact()
    with pytest.raises(RecipientUnknown):
        await send(confirmed(waited_for))
    for _ in range(2):  # an event comes again
        async with database.transaction() as session:
            await give_up_on(session, waited_for, at=NOW)
    assert await send(confirmed(waited_for)) == Undeliverable(reason="recipient-erased")
    assert await send(confirmed(waited_for, here, notification="order/2/confirmed")) == Sent()
    assert len(smtp.taken) == 1
    assert sorted(kind for kind, _ in await published(database)) == ["failed", "failed", "sent"]


async def test_a_mail_put_off_is_tried_again_and_says_why(
    send: Send, smtp: ScriptedServer, database: Database, add_contact: AddContact
) -> None:
    first, second = await add_contact("a@example.com"), await add_contact("b@example.com")
    smtp.answers["RCPT"] = ["450 4.2.1 a@example.com is busy"]
    with pytest.raises(MailDeferred) as why:
        await send(confirmed(first, second))
    assert "@" not in str(why.value)
    assert await outcomes(database) == {("pending", "mail-deferred"), ("sent", None)}
    assert await send(confirmed(first, second)) == Sent()
    assert sorted(address for address, _ in smtp.taken) == ["a@example.com", "b@example.com"]


async def test_a_recipient_refused_for_good(
    send: Send, smtp: ScriptedServer, database: Database, add_contact: AddContact
) -> None:
    gone, here = await add_contact("gone@example.com"), await add_contact("here@example.com")
    smtp.refuse["gone@example.com"] = "550 5.1.1 gone@example.com unknown"
    assert await send(confirmed(gone)) == Undeliverable(reason="smtp-550-5.1.1")
    assert await send(confirmed(gone)) == Undeliverable(reason="smtp-550-5.1.1")
    assert await send(confirmed(gone, here, notification="order/2/confirmed")) == Sent()
    assert sorted(kind for kind, _ in await published(database)) == ["failed", "failed", "sent"]
    assert not any(b"example.com" in body for _, body in await published(database))


async def test_an_address_that_can_not_be_mailed(send: Send, smtp: ScriptedServer, add_contact: AddContact) -> None:
    contact = await add_contact("jan@example.com>\r\nRCPT TO:<eve@example.com")
    assert await send(confirmed(contact)) == Undeliverable(reason="address-invalid")
    assert smtp.sessions == 0


async def test_taken_but_never_confirmed_is_sent_again_under_the_same_message_id(
    send: Send, smtp: ScriptedServer, add_contact: AddContact
) -> None:
    """The server has it, but dies before it says so."""
    contact = await add_contact()
    smtp.answers["DATA"] = ["drop"]
    with pytest.raises(MailServerAway):
        await send(confirmed(contact))
    assert await send(confirmed(contact)) == Sent()
    assert len(smtp.message_ids) == 2
    assert len(set(smtp.message_ids)) == 1


async def test_taken_and_dropped_afterwards_is_sent_once(
    send: Send, smtp: ScriptedServer, add_contact: AddContact
) -> None:
    smtp.drops_after_taking = True
    contact = await add_contact()
    for _ in range(2):
        assert await send(confirmed(contact)) == Sent()
    assert len(smtp.taken) == 1


@pytest.mark.parametrize("dies_at", ["MAIL", "DATA"])
async def test_a_crash_while_sending_leaves_a_row_that_says_so(
    send: Send, smtp: ScriptedServer, database: Database, add_contact: AddContact, dies_at: str
) -> None:
    """A killed process, by cancelling all that the attempt does while the server keeps it waiting."""
    contact = await add_contact()
    before = asyncio.all_tasks()
    attempt = await held_up(send, smtp, contact, at=dies_at)
    for task in asyncio.all_tasks() - before:
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    (delivery,) = await deliveries(database)
    assert delivery.status is DeliveryStatus.SENDING
    assert await send(confirmed(contact)) == Sent()
    (delivery,) = await deliveries(database)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.SENT, 2)
    assert set(smtp.message_ids) == {delivery.message_id}
    assert len(await published(database)) == 1


async def test_a_mail_that_is_cancelled_while_it_is_sent_is_sent_and_its_row_says_so(
    send: Send, smtp: ScriptedServer, database: Database, add_contact: AddContact
) -> None:
    """The order was decided meanwhile, and its process stops asking."""
    attempt = await held_up(send, smtp, await add_contact())
    attempt.cancel()
    smtp.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    (delivery,) = await deliveries(database)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.SENT, 1)
    assert len(smtp.taken) == 1


async def test_a_crash_between_the_servers_yes_and_our_note_of_it(
    send: Send,
    smtp: ScriptedServer,
    database: Database,
    add_contact: AddContact,
    nothing_can_be_noted: Broken,
) -> None:
    contact = await add_contact()
    with nothing_can_be_noted():
        await send(confirmed(contact))
    assert (await deliveries(database))[0].status is DeliveryStatus.SENDING
    mailer = mailer_to(smtp)
    assert await sending(database, Post(mailer, KEYS))(confirmed(contact)) == Sent()  # another process
    await mailer.close()
    assert len(smtp.message_ids) == 2
    assert len(set(smtp.message_ids)) == 1
    assert [kind for kind, _ in await published(database)] == ["sent"]


async def test_what_could_not_be_noted_for_long_is_noted_by_the_next_attempt(
    send: Send,
    smtp: ScriptedServer,
    database: Database,
    add_contact: AddContact,
    nothing_can_be_noted: Broken,
) -> None:
    """The database was away for longer than an attempt waits for it; the process lives and knows."""
    contacts = [await add_contact(f"{number}@example.com") for number in range(2)]
    with nothing_can_be_noted():
        await send(confirmed(*contacts))
    assert await send(confirmed(*contacts)) == Sent()
    assert {one.status for one in await deliveries(database)} == {DeliveryStatus.SENT}
    assert len(smtp.taken) == len(smtp.message_ids) == 2


async def test_sending_is_committed_before_the_server_is_spoken_to(
    send: Send, smtp: ScriptedServer, database: Database, add_contact: AddContact
) -> None:
    attempt = await held_up(send, smtp, await add_contact())
    assert [one.status for one in await deliveries(database)] == [DeliveryStatus.SENDING]
    smtp.go_on.set()
    assert await attempt == Sent()


async def test_one_recipient_that_the_server_is_silent_about_does_not_hold_up_the_others(
    smtp: ScriptedServer, database: Database, add_contact: AddContact
) -> None:
    mailer = mailer_to(smtp, timeout=SHORT)
    send = sending(database, Post(mailer, KEYS))
    contacts = [await add_contact(f"{number}@example.com") for number in range(3)]
    smtp.refuse["0@example.com"] = "hang"
    with pytest.raises(MailServerAway):
        await send(confirmed(*contacts))
    assert sorted(address for address, _ in smtp.taken) == ["1@example.com", "2@example.com"]
    assert await outcomes(database) == {("pending", "mail-server-silent"), ("sent", None)}
    await mailer.close()


def test_a_process_mail_has_no_end_of_its_own() -> None:
    delivery = Delivery(status=DeliveryStatus.PENDING, next_attempt_at=None, give_up_at=None)
    delivery.postpone(reason="mail-deferred", at=NOW)
    assert delivery.next_attempt_at is None
    assert not delivery.is_too_old(NOW + timedelta(days=365))
