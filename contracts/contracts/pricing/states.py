"""Current price lists, terms and keys, on pricing's state topics."""

from datetime import datetime

from contracts.pricing.topics import KEY_STATE, PRICE_LIST_STATE, TERMS_STATE
from contracts.shared.event import State
from contracts.shared.keys import PublicKey
from contracts.shared.values import Code, Currency, OpenEnum


class PriceListState(State, type="countersign.pricing.price_list.state.v1", topic=PRICE_LIST_STATE):
    """A price list without its prices."""

    code: Code
    currency: Currency
    base: bool
    """True for the list that everybody falls back to, one per currency; it makes nobody a wholesale customer (PR-04)."""
    valid_from: datetime | None
    valid_until: datetime | None
    prices: int
    """How many prices it holds."""


class AssigneeKind(OpenEnum):
    CONTACT = "contact"
    COMPANY = "company"
    GROUP = "group"


class TermsState(State, type="countersign.pricing.terms.state.v1", topic=TERMS_STATE):
    """Which price lists a contact, a company or a group has been given.

    The topic's key is `contact/<id>`, `company/<id>` or `group/<code>`.
    """

    assignee_kind: AssigneeKind
    assignee: str
    """The contact's or company's id, or the group's code."""
    price_lists: tuple[Code, ...]
    has_valid_price_list: bool
    """A list that is valid now is among them. Of a company or a group it is the fact behind `not_invited` (PR-04); that a
    contact has one changes nobody's status."""


class PricingKey(PublicKey, type="countersign.pricing.key.state.v1", topic=KEY_STATE):
    """Verifies priced carts."""


def terms_key(kind: AssigneeKind, assignee: str) -> str:
    return f"{kind.value}/{assignee}"
