"""How the merchant presents itself in mails, and where their buttons lead."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chassis.policies import Policy
from contracts.shared.values import Language
from notifications.mails.addresses import is_address
from notifications.mails.rendering import shown


def _printable(value: str) -> str:
    if value and shown(value) != value:
        raise ValueError("must be one line of visible characters without a link")
    return value


def _address(value: str) -> str:
    if not is_address(value):
        raise ValueError("must be an e-mail address")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("must be a time zone such as Europe/Amsterdam") from error
    return value


def _with_token(value: str) -> str:
    if value.count("{token}") != 1:
        raise ValueError("must contain {token} once")
    return value


PersonName = Annotated[str, Field(max_length=80), AfterValidator(_printable)]
EmailAddress = Annotated[str, Field(max_length=254), AfterValidator(_address)]
Url = Annotated[str, Field(max_length=500, pattern=r"^https?://[!-~]+$")]
TokenUrl = Annotated[Url, AfterValidator(_with_token)]
PageUrl = Annotated[str, Field(max_length=500, pattern=r"^(https?://[!-~]+)?$")]
"""`{number}` becomes the number of the application or order; empty: the mail has no button."""


class MailLinks(BaseModel):
    """Pages of the merchant's shop and back office. Those with `{token}` hand it to identity's API."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    invitation: TokenUrl = "https://shop.example/invitation/{token}"
    answer: TokenUrl = "https://shop.example/application-question/{token}"
    verification: TokenUrl = "https://shop.example/verification/{token}"
    reset: TokenUrl = "https://shop.example/password-reset/{token}"
    staff_password: TokenUrl = "https://backoffice.shop.example/password/{token}"  # noqa: S105
    shop: PageUrl = "https://shop.example/"
    orders: PageUrl = "https://shop.example/orders/{number}"
    applications: PageUrl = "https://backoffice.shop.example/applications/{number}"
    merchant_orders: PageUrl = "https://backoffice.shop.example/orders/{number}"
    staff: PageUrl = "https://backoffice.shop.example/staff"


class MailPolicy(Policy):
    """Sender, merchant's mailbox and links of every mail."""

    merchant_name: PersonName = "Countersign"
    merchant_mailbox: EmailAddress = "merchant@shop.example"
    merchant_language: Language = Language.ENGLISH
    sender_name: PersonName = ""
    """Empty: the merchant's name."""
    sender_address: EmailAddress = "no-reply@shop.example"
    time_zone: Annotated[str, AfterValidator(_zone)] = "Europe/Amsterdam"
    """Of the times that mails print."""
    links: MailLinks = MailLinks()
