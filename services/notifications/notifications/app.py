"""The composition root: everything that notifications consists of, in plain lists."""

from pathlib import Path

from fastapi import Depends

from chassis.database import Database
from chassis.keys import key_projection
from chassis.policies import policy_routes
from chassis.service import Resources, Service
from contracts.catalogue import topics
from contracts.identity.operations import staff_may
from contracts.identity.states import IdentityKey
from contracts.identity.values import StaffPermission
from contracts.shared.links import LinkKeys
from notifications.access import staff_claims, verifier
from notifications.contacts import consumers as contacts
from notifications.deliveries import activities, background, consumers, routes
from notifications.deliveries.sending import Post
from notifications.mails.mailer import Mailer
from notifications.mails.policy import MailPolicy
from notifications.settings import NotificationsSettings


def resources(settings: NotificationsSettings, _database: Database) -> Resources:
    keys = LinkKeys(settings.link_keys.get_secret_value())
    return {Post: Post(Mailer(settings.mail_server()), keys)}


service = Service(
    name="notifications",
    description="Mails, and what became of them",
    settings=NotificationsSettings,
    migrations=Path(__file__).parent / "migrations",
    topics=topics("notifications"),
    verifier=verifier,
    routers=[
        routes.router,
        policy_routes([MailPolicy], Depends(staff_claims), access=staff_may(StaffPermission.MANAGE_POLICIES)),
    ],
    subscriptions=consumers.subscriptions,
    projections=[*contacts.projections, key_projection(IdentityKey)],
    activities=activities.activities,
    background=[background.send_due],
    resources=resources,
)
