"""One attempt at one mail: `sending` is committed before the mail server is spoken to, `sent` after it has answered.

Between the two a crash leaves a mail of unknown fate; it is sent again under the same Message-ID (NO-01).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from opentelemetry import trace
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database
from chassis.errors import Invalid, NotYet
from chassis.policies import policy
from chassis.transient import is_transient
from contracts.identity.values import LinkPurpose
from contracts.shared.links import LinkKeys
from notifications.contacts.queries import Recipient, find_recipient, names_of
from notifications.deliveries.commands import hurry, record_failure, record_postponement, record_sent
from notifications.deliveries.models import Delivery
from notifications.mails.addresses import deliverable
from notifications.mails.letters import Letter, Mailbox, write_letter
from notifications.mails.mailer import Mailer, MailRefused
from notifications.mails.policy import MailLinks, MailPolicy
from notifications.mails.rendering import Content, render
from notifications.mails.templates import PEOPLE, SPECS, Page

WRITTEN_AGAIN = 0.5
"""Seconds between two attempts to write down an outcome."""

tracer = trace.get_tracer("countersign.notifications")

Find = Callable[[AsyncSession], Awaitable[Delivery]]
"""Opens or locks the delivery, in the transaction of the attempt."""


class RecipientUnknown(NotYet):
    """The contact has not arrived here yet, or was erased."""


@dataclass(frozen=True)
class Post:
    """What sending needs, for the life of a process."""

    mailer: Mailer
    keys: LinkKeys


async def send_delivery(database: Database, post: Post, find: Find, *, at: datetime) -> Delivery:
    """The delivery after this attempt: sent, or failed for good. A closed one is left as it is.

    Raises:
        NotYet: to be tried again; the delivery says why.
        Invalid: the template's parameters or link are not what it takes.
    """
    return await _to_its_end(_attempt(database, post, find, at=at))


async def _attempt(database: Database, post: Post, find: Find, *, at: datetime) -> Delivery:
    async with database.transaction() as session:
        delivery = await find(session)
        if delivery.is_closed:
            return delivery
        recipient, mail_policy = await _recipient(session, delivery)
        letter = None
        if recipient is None:
            delivery.postpone(reason="recipient-unknown", at=at)
        elif (address := deliverable(recipient.address)) is None:
            delivery.fail(reason="address-invalid", at=at)
        else:
            letter = await _letter(session, post.keys, delivery, recipient, address, mail_policy, at)
            delivery.begin(language=recipient.language, at=at)
    if recipient is None:
        raise RecipientUnknown("recipient-unknown", "The contact is not known here, not yet or not any more.")
    if letter is None:
        return delivery
    return await _hand_over(database, post.mailer, delivery, letter, at)


async def _to_its_end(attempt: Coroutine[Any, Any, Delivery]) -> Delivery:
    """A process cancels mails that nobody waits for any more. One that was begun is ended all the same, and its row says
    how; a second cancellation, of a worker that stops, does not wait for that."""
    task = asyncio.create_task(attempt)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(NotYet):
            await task
        raise


async def _hand_over(database: Database, mailer: Mailer, delivery: Delivery, letter: Letter, at: datetime) -> Delivery:
    attributes = {"mail.template": delivery.template.value, "mail.delivery": str(delivery.id)}
    try:
        with tracer.start_as_current_span("send mail", attributes=attributes, record_exception=False):
            await mailer.send(letter)
    except MailRefused as refused:
        return await _written(database, partial(record_failure, delivery_id=delivery.id, reason=refused.reason, at=at))
    except NotYet as later:
        await _written(database, partial(record_postponement, delivery_id=delivery.id, reason=later.code, at=at))
        raise
    sent = await _written(database, partial(record_sent, delivery_id=delivery.id, at=at))
    if mailer.was_away:
        mailer.was_away = False
        async with database.transaction() as session:
            await hurry(session, at=at)
    return sent


async def _written(database: Database, outcome: Callable[[AsyncSession], Awaitable[Delivery]]) -> Delivery:
    """However long the database is away: an outcome that is not written down is a mail that is sent again."""
    while True:
        try:
            async with database.transaction() as session:
                return await outcome(session)
        except Exception as error:
            if not is_transient(error):
                raise
            await asyncio.sleep(WRITTEN_AGAIN)


async def _recipient(session: AsyncSession, delivery: Delivery) -> tuple[Recipient | None, MailPolicy]:
    mail_policy = await policy(session, MailPolicy)
    return await find_recipient(session, delivery.contact_id, mail_policy), mail_policy


async def _letter(
    session: AsyncSession,
    keys: LinkKeys,
    delivery: Delivery,
    recipient: Recipient,
    address: str,
    mail_policy: MailPolicy,
    at: datetime,
) -> Letter:
    people = {name: delivery.parameters[name] for name in PEOPLE & delivery.parameters.keys()}
    names = await names_of(session, set(people.values()))
    content = Content(
        template=delivery.template,
        language=recipient.language,
        merchant=mail_policy.merchant_name,
        time_zone=ZoneInfo(mail_policy.time_zone),
        parameters=delivery.parameters,
        people={parameter: names[contact] for parameter, contact in people.items() if contact in names},
        name=recipient.name,
        company=recipient.company,
        link=_url(keys, delivery, recipient, mail_policy.links),
    )
    return write_letter(
        render(content),
        sender=Mailbox(deliverable(mail_policy.sender_address) or "", mail_policy.sender_name or content.merchant),
        recipient=Mailbox(address, recipient.name),
        language=recipient.language,
        template=delivery.template,
        identifier=delivery.message_id,
        notification=delivery.notification,
        at=at,
    )


def _url(keys: LinkKeys, delivery: Delivery, recipient: Recipient, links: MailLinks) -> str | None:
    """What the button opens. A token exists from here to the mail server, and nowhere else."""
    opens, link = SPECS[delivery.template].opens, delivery.link
    if isinstance(opens, LinkPurpose):
        if link is None or link.purpose is not opens or delivery.contact_id is None:
            raise Invalid("mail-link", f"{delivery.template} needs a link for {opens} to a contact.")
        token = keys.token(link.purpose, link.subject, link.issue, recipient.address)
        return str(getattr(links, opens.value)).replace("{token}", token)
    if isinstance(opens, Page):
        page = str(getattr(links, opens.value))
        return page.replace("{number}", quote(delivery.parameters.get("number", ""), safe="")) or None
    return None
