"""Entry point: mails that belong to a process. What goes wrong is seen there, as a step that is tried again."""

import asyncio
from datetime import timedelta
from functools import partial

from chassis.errors import DomainError
from chassis.processes import ActivityEntry, implements
from contracts.notifications import activities as stubs
from contracts.notifications.activities import SendMail, Sent, Undeliverable
from notifications.deliveries.commands import OpenDelivery, open_delivery
from notifications.deliveries.models import Delivery, DeliveryStatus
from notifications.deliveries.sending import Post, send_delivery
from notifications.mails.mailer import MailServerAway

BUDGET = timedelta(seconds=30)
"""After this no further mail is begun, so that an attempt ends before Temporal gives it up and starts another."""


@implements(stubs.send_mail)
async def send_mail(entry: ActivityEntry, command: SendMail) -> Sent | Undeliverable:
    """A mail to each contact, or one to the merchant's mailbox. Those sent by an earlier attempt are not sent again.

    Raises:
        NotYet: for some the mail server or the contact is not there yet; the others were sent.
        Invalid: the template takes other parameters or another link.
    """
    closed: list[Delivery] = []
    problem: DomainError | None = None
    ends = asyncio.get_running_loop().time() + BUDGET.total_seconds()
    for contact_id in dict.fromkeys(command.contacts) or (None,):
        wish = OpenDelivery(
            notification=command.notification,
            template=command.template,
            contact_id=contact_id,
            link=command.link,
            parameters=command.parameters,
            at=entry.now,
        )
        if asyncio.get_running_loop().time() > ends:
            problem = problem or MailServerAway("mail-server-slow", "One attempt was too short for all of them.")
            break
        try:
            find = partial(open_delivery, command=wish)
            closed.append(await send_delivery(entry.database, entry.resource(Post), find, at=entry.now))
        except DomainError as error:  # the others have their turn: what is wrong may be with this recipient alone
            problem = problem or error
    if problem is not None:
        raise problem
    if any(one.status is DeliveryStatus.SENT for one in closed):
        return Sent()
    return Undeliverable(reason=closed[0].reason or "unknown")


activities = [send_mail]
