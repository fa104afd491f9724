"""Entry point: mails that belong to a process. What goes wrong is seen there, as a step that is tried again."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.processes import ActivityEntry, implements
from contracts.notifications import activities as stubs
from contracts.notifications.activities import SendMail, Sent, Undeliverable
from notifications.deliveries.commands import OpenDelivery, open_deliveries
from notifications.deliveries.models import Delivery, DeliveryStatus
from notifications.deliveries.sending import Post, attempt


@implements(stubs.send_mail)
async def send_mail(entry: ActivityEntry, command: SendMail) -> Sent | Undeliverable:
    """A mail to each contact, or one to the merchant's mailbox. Those sent by an earlier attempt are not sent again.

    Raises:
        NotYet: for some the mail server or the contact is not there yet; the others were sent.
        Invalid: the template takes other parameters or another link.
    """

    async def opened(session: AsyncSession) -> Sequence[Delivery]:
        return await open_deliveries(
            session,
            [
                OpenDelivery(
                    notification=command.notification,
                    template=command.template,
                    contact_id=contact_id,
                    link=command.link,
                    parameters=command.parameters,
                    at=entry.now,
                )
                for contact_id in dict.fromkeys(command.contacts) or (None,)
            ],
        )

    attempts = await attempt(entry.database, entry.resource(Post), opened, at=entry.now)
    for one in attempts:
        if one.problem is not None:
            raise one.problem
    if any(one.delivery.status is DeliveryStatus.SENT for one in attempts):
        return Sent()
    return Undeliverable(reason=attempts[0].delivery.reason or "unknown")


activities = [send_mail]
