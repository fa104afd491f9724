"""One attempt at some mails: `sending` is committed before the mail server is spoken to, `sent` after it has answered.

Between the two a crash leaves a mail of unknown fate; it is sent again under the same Message-ID (NO-01).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from opentelemetry import propagate, trace
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.context import caused_by
from chassis.database import Database
from chassis.errors import DomainError, Invalid, NotYet
from chassis.policies import policy
from chassis.transient import retried
from contracts.identity.values import LinkPurpose
from contracts.shared.links import LinkKeys
from notifications.contacts.queries import Recipient, erased_among, find_recipients, names_of
from notifications.deliveries.commands import Outcome, hurry, record_outcomes
from notifications.deliveries.models import ERASED, NOTED_WITHIN, Delivery
from notifications.mails.addresses import deliverable
from notifications.mails.letters import Letter, Mailbox, write_letter
from notifications.mails.mailer import Mailer, MailRefused
from notifications.mails.policy import MailLinks, MailPolicy
from notifications.mails.rendering import Content, render
from notifications.mails.templates import PEOPLE, SPECS, Page

tracer = trace.get_tracer("countersign.notifications")

Find = Callable[[AsyncSession], Awaitable[Sequence[Delivery]]]
"""Opens or locks deliveries, in the transaction in which their attempt begins."""


class RecipientUnknown(NotYet):
    """The contact has not arrived here yet."""


@dataclass(frozen=True)
class Post:
    """What sending needs, for the life of a process.

    Attributes:
        unnoted: what became of mails and could not be noted, by delivery.
    """

    mailer: Mailer
    keys: LinkKeys
    unnoted: dict[UUID, Outcome] = field(default_factory=dict)


@dataclass
class Attempt:
    """At one delivery, which is closed after it unless there is a problem.

    Attributes:
        letter: to be sent; None: there is nothing to send.
        problem: NotYet, to be tried again, or Invalid: the template's parameters or link are not what it takes.
    """

    delivery: Delivery
    letter: Letter | None = None
    problem: DomainError | None = None


async def attempt(database: Database, post: Post, find: Find, *, at: datetime) -> list[Attempt]:
    """An attempt at each. Closed deliveries are left as they are.

    A process cancels mails that nobody waits for any more. An attempt that was begun is ended all the same, and the rows say
    how; a second cancellation, of a worker that stops, does not wait for that.
    """
    task = asyncio.create_task(_attempt(database, post, find, at))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def _attempt(database: Database, post: Post, find: Find, at: datetime) -> list[Attempt]:
    left = dict(post.unnoted)
    async with database.transaction() as session:
        if left:  # the database was away for long: what was sent then is not to be found as if it were not
            await record_outcomes(session, left, at=at)
        deliveries = await find(session)
        mails = await _Mails.about(session, post.keys, deliveries, at)
        attempts = [mails.begin(delivery) for delivery in deliveries]
    for delivery in left:
        post.unnoted.pop(delivery, None)
    await _hand_over(database, post, attempts, at)
    return attempts


async def _hand_over(database: Database, post: Post, attempts: Sequence[Attempt], at: datetime) -> None:
    """Notes what became of each when its answer has come, together with those that came meanwhile.

    Raises:
        Exception: what kept some from being noted; the next attempt does that.
    """
    failure = None
    sending = {asyncio.create_task(_send(post.mailer, one)): one for one in attempts if one.letter}
    while sending:
        answered, _ = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
        outcomes: dict[UUID, Outcome] = {}
        for task in answered:
            one = sending.pop(task)
            outcomes[one.delivery.id] = task.result()
        noting = asyncio.create_task(_note(database, post.mailer, outcomes, at))
        await asyncio.wait({noting})
        if error := noting.exception():  # raised when no answer can be lost any more
            post.unnoted.update(outcomes)
            failure = error
            continue
        closed = noting.result()
        for one in attempts:
            one.delivery = closed.get(one.delivery.id, one.delivery)
    if failure:
        raise failure


async def _note(
    database: Database, mailer: Mailer, outcomes: dict[UUID, Outcome], at: datetime
) -> dict[UUID, Delivery]:
    async def note() -> dict[UUID, Delivery]:
        async with database.transaction() as session:
            return await record_outcomes(session, outcomes, at=at)

    closed = await retried(note, within=NOTED_WITHIN)
    if mailer.was_away and None in outcomes.values():
        mailer.was_away = False
        async with database.transaction() as session:
            await hurry(session, at=at)
    return closed


async def _send(mailer: Mailer, one: Attempt) -> Outcome:
    """Ends by itself within the mailer's patience."""
    assert one.letter is not None
    delivery = one.delivery
    attributes = {"mail.template": delivery.template.value, "mail.delivery": str(delivery.id)}
    traceparent = delivery.cause["traceparent"]
    parent = propagate.extract({"traceparent": traceparent} if traceparent else {})
    with tracer.start_as_current_span("send mail", context=parent, attributes=attributes, record_exception=False):
        try:
            await mailer.send(one.letter)
        except MailRefused as refused:
            return refused
        except NotYet as later:
            one.problem = later
            return later
    return None


@dataclass(frozen=True)
class _Mails:
    """What some mails are written from: read once for all of them."""

    keys: LinkKeys
    policy: MailPolicy
    recipients: dict[UUID | None, Recipient]
    erased: frozenset[UUID]
    names: dict[str, str]
    at: datetime

    @classmethod
    async def about(
        cls, session: AsyncSession, keys: LinkKeys, deliveries: Sequence[Delivery], at: datetime
    ) -> "_Mails":
        open_ones = [one for one in deliveries if not one.is_closed]
        mail_policy = await policy(session, MailPolicy) if open_ones else MailPolicy()
        wanted = {one.contact_id for one in open_ones}
        recipients = await find_recipients(session, wanted, mail_policy)
        erased = await erased_among(session, {one for one in wanted if one is not None and one not in recipients})
        people = {one.parameters[name] for one in open_ones for name in PEOPLE & one.parameters.keys()}
        return cls(keys, mail_policy, recipients, erased, await names_of(session, people), at)

    def begin(self, delivery: Delivery) -> Attempt:
        """The letter, and a delivery that says that it is about to be sent; or why not."""
        if delivery.is_closed:
            return Attempt(delivery)
        with caused_by(delivery.because):
            return self._begin(delivery)

    def _begin(self, delivery: Delivery) -> Attempt:
        if delivery.is_too_old(self.at):
            delivery.fail(reason="too-old", at=self.at)
            return Attempt(delivery)
        recipient = self.recipients.get(delivery.contact_id)
        if delivery.contact_id in self.erased:
            delivery.fail(reason=ERASED, at=self.at)
            return Attempt(delivery)
        if recipient is None:
            delivery.postpone(reason="recipient-unknown", at=self.at)
            problem = RecipientUnknown("recipient-unknown", "The contact is not known here yet.")
            return Attempt(delivery, problem=problem)
        address = deliverable(recipient.address)
        if address is None:
            delivery.fail(reason="address-invalid", at=self.at)
            return Attempt(delivery)
        try:
            letter = self._letter(delivery, recipient, address)
        except Invalid as error:
            delivery.reject(reason=error.code, at=self.at)
            return Attempt(delivery, problem=error)
        delivery.begin(language=recipient.language, at=self.at)
        return Attempt(delivery, letter)

    def _letter(self, delivery: Delivery, recipient: Recipient, address: str) -> Letter:
        people = {name: delivery.parameters[name] for name in PEOPLE & delivery.parameters.keys()}
        content = Content(
            template=delivery.template,
            language=recipient.language,
            merchant=self.policy.merchant_name,
            time_zone=ZoneInfo(self.policy.time_zone),
            parameters=delivery.parameters,
            people={name: self.names[contact] for name, contact in people.items() if contact in self.names},
            name=recipient.name,
            company=recipient.company,
            link=_url(self.keys, delivery, recipient, self.policy.links),
        )
        sender = Mailbox(deliverable(self.policy.sender_address) or "", self.policy.sender_name or content.merchant)
        return write_letter(
            render(content),
            sender=sender,
            recipient=Mailbox(address, recipient.name),
            language=recipient.language,
            template=delivery.template,
            identifier=delivery.message_id,
            notification=delivery.notification,
            at=self.at,
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
