"""What each mail takes: its parameters, and what its button opens. The words are in `texts/<language>.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from contracts.identity.values import LinkPurpose
from contracts.notifications.activities import Template

T = Template


class Page(StrEnum):
    """A page of the shop or back office that a button opens; its address is in the policy, without a token."""

    SHOP = "shop"
    ORDERS = "orders"
    MERCHANT_ORDERS = "merchant_orders"
    APPLICATIONS = "applications"
    STAFF = "staff"


@dataclass(frozen=True)
class MailSpec:
    """
    Attributes:
        required: without one of these there is no mail.
        optional: without one of these the paragraphs that name it are left out.
        opens: what the button opens; of a `LinkPurpose` the process or event says which (`Link`).
    """

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    opens: LinkPurpose | Page | None = None


PEOPLE = frozenset({"invitee", "submitter"})
"""Parameters that are the id of a contact and are printed as its name."""


def _spec(required: str = "", optional: str = "", opens: LinkPurpose | Page | None = None) -> MailSpec:
    return MailSpec(frozenset(required.split()), frozenset(optional.split()), opens)


SPECS: Mapping[Template, MailSpec] = {
    T.APPLICATION_RECEIVED_MERCHANT: _spec("number", opens=Page.APPLICATIONS),
    T.APPLICATION_REMINDER_MERCHANT: _spec("number", opens=Page.APPLICATIONS),
    T.APPLICATION_ANSWERED_MERCHANT: _spec("number", opens=Page.APPLICATIONS),
    T.APPLICATION_RETURNED_MERCHANT: _spec("number reason", opens=Page.APPLICATIONS),
    T.APPLICATION_WITHDRAWN_MERCHANT: _spec("number", "reason", opens=Page.APPLICATIONS),
    T.APPLICATION_QUESTION: _spec("number", "until", opens=LinkPurpose.ANSWER),
    T.APPLICATION_QUESTION_REMINDER: _spec("number", "until", opens=LinkPurpose.ANSWER),
    T.APPLICATION_APPROVED: _spec("number", opens=Page.SHOP),
    T.APPLICATION_REJECTED: _spec("number reason"),
    T.APPLICATION_WITHDRAWN: _spec("number", "reason"),
    T.ADDRESS_VERIFICATION: _spec(opens=LinkPurpose.VERIFICATION),
    T.COMPANY_CREATED: _spec("number"),
    T.COMPANY_SUSPENDED: _spec("number"),
    T.COMPANY_REACTIVATED: _spec("number", opens=Page.SHOP),
    T.COMPANY_MERGED: _spec("number into", opens=Page.SHOP),
    T.INVITATION: _spec(optional="until", opens=LinkPurpose.INVITATION),
    T.INVITATION_REMINDER: _spec(optional="until", opens=LinkPurpose.INVITATION),
    T.INVITATION_EXPIRED: _spec(),
    T.INVITATION_EXPIRED_INVITER: _spec(optional="invitee"),
    T.INVITATION_ACCEPTED_INVITER: _spec(optional="invitee"),
    T.INVITATION_DECLINED_INVITER: _spec(optional="invitee"),
    T.INVITATION_REVOKED: _spec(),
    T.PASSWORD_RESET: _spec(opens=LinkPurpose.RESET),
    T.PASSWORD_CHANGED: _spec(),
    T.SECOND_FACTOR_ENABLED: _spec(),
    T.SECOND_FACTOR_REMOVED: _spec(),
    T.STAFF_PASSWORD: _spec(optional="until", opens=LinkPurpose.STAFF_PASSWORD),
    T.ACCESS_REQUESTED_MERCHANT: _spec(opens=Page.STAFF),
    T.ACCESS_REFUSED: _spec("reason"),
    T.ATTESTATION_REQUESTED: _spec("number", "total submitter until", opens=Page.ORDERS),
    T.ATTESTATION_REMINDER: _spec("number", "total submitter until", opens=Page.ORDERS),
    T.ATTESTATION_ESCALATED: _spec("number", "total submitter until", opens=Page.ORDERS),
    T.ATTESTATION_ESCALATED_MERCHANT: _spec("number", "total until", opens=Page.MERCHANT_ORDERS),
    T.ORDER_RECEIVED: _spec("number", "total", opens=Page.ORDERS),
    T.ORDER_PLACED: _spec("number", "total", opens=Page.ORDERS),
    T.ORDER_DECLINED: _spec("number", "total", opens=Page.ORDERS),
    T.ORDER_EXPIRED: _spec("number", "total", opens=Page.ORDERS),
    T.ORDER_WITHDRAWN: _spec("number", "total", opens=Page.ORDERS),
    T.ORDER_REFUSED: _spec("number reason", "total", opens=Page.ORDERS),
    T.ORDER_CONFIRMED: _spec("number", opens=Page.ORDERS),
    T.ORDER_CANCELLED: _spec("number", "reason", opens=Page.ORDERS),
    T.ORDER_PLACED_MERCHANT: _spec("number", "total", opens=Page.MERCHANT_ORDERS),
}
