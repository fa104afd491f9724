"""Current company, member, contact and key, on identity's state topics."""

from datetime import date, datetime, timedelta
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.identity.topics import (
    COMPANY_STATE,
    CONTACT_STATE,
    KEY_STATE,
    LOCATION_STATE,
    MEMBER_STATE,
    PROJECT_STATE,
)
from contracts.identity.values import CustomerStatus, Permission
from contracts.shared.event import State
from contracts.shared.keys import PublicKey
from contracts.shared.values import Code, CountryCode, Language, Money, OpenEnum


class CompanyState(State, type="countersign.identity.company.state.v1", topic=COMPANY_STATE):
    """What other services need of a company to price for it and to take its orders. No name, no address."""

    company_id: UUID
    number: str
    """The customer number: the merchant's own, or ours (`C-000123`) until it gave one."""
    status: CustomerStatus
    with_account_access: bool
    """False: internal orders only, nobody signs in for it (ID-02)."""
    storefront: Code
    country: CountryCode
    """Of its seat; decides VAT with `vat_number`."""
    vat_number: str | None = None
    vat_exempt: bool = False
    groups: tuple[Code, ...] = ()
    pays_by_invoice: bool = False
    invoice_days: int | None = None
    """Days until an invoice is due; None: the merchant's usual."""
    credit_limit: Money | None = None
    """The most that it may owe, for whoever knows what is owed: neither identity nor orders enforces it. None: none is set."""
    sales_representative: Code | None = None
    test: bool = False
    """A test buyer of the merchant's staff: not to be exported as real (ID-07)."""
    external_keys: dict[str, str] = Field(default_factory=dict)
    merged_into: UUID | None = None
    """The company that it is now, for good; never itself a merged one. What named this one means that one (ID-26)."""
    former_numbers: tuple[Code, ...] = ()
    """Customer numbers of those that were merged into it: they mean this company."""


class Substitution(BaseModel):
    """Who decides on orders for a member that is away, and when; over by itself (ID-14)."""

    model_config = ConfigDict(frozen=True)

    substitute_id: UUID
    """A member of the same company."""
    since: AwareDatetime
    until: AwareDatetime

    def is_on(self, at: datetime) -> bool:
        return self.since <= at < self.until


class MemberState(State, type="countersign.identity.member.state.v1", topic=MEMBER_STATE):
    """A contact in a company, and what it may do there."""

    member_id: UUID
    company_id: UUID
    contact_id: UUID
    active: bool
    role: Code
    """What it is called; the merchant has roles of its own. Decide by what follows."""
    administers: bool
    """It is an administrator of its company."""
    permissions: frozenset[Permission]
    always_attested: bool = False
    """Its orders must always be attested (ID-17)."""
    limit_per_order: Money | None = None
    limit_per_month: Money | None = None
    locations: frozenset[UUID] | None = None
    """For which of its company's locations it acts; None: for all, and for the company as a whole (ID-18)."""
    substitution: Substitution | None = None
    """Named already or on; one that is over is told to be gone some minutes later."""


class LocationState(State, type="countersign.identity.location.state.v1", topic=LOCATION_STATE):
    """An establishment of a company. No address."""

    location_id: UUID
    company_id: UUID
    code: Code
    """The company's own name for it, unique in the company."""
    active: bool


class ProjectState(State, type="countersign.identity.project.state.v1", topic=PROJECT_STATE):
    """What orders of a company can be booked on. No name."""

    project_id: UUID
    company_id: UUID
    contact_id: UUID | None = None
    """Who alone books on it; None: everybody in the company."""
    code: Code
    """The company's own name for it, unique in the company."""
    valid_from: date | None = None
    valid_until: date | None = None
    """The last day. Days are those of UTC."""
    active: bool


class ContactKind(OpenEnum):
    GUEST = "guest"
    REGISTERED = "registered"


class ContactState(State, type="countersign.identity.contact.state.v1", topic=CONTACT_STATE):
    """Personal data: how to address and reach a contact, one of the staff or who asks to become one, for the
    notifications service alone. Erased by tombstone."""

    contact_id: UUID
    kind: ContactKind
    """A guest can never sign in as a contact: an invitee, an applicant, somebody in a guest checkout; one of the staff."""
    company_id: UUID | None = None
    company_name: str | None = None
    name: str
    email: str
    language: Language


class IdentityKey(PublicKey, type="countersign.identity.key.state.v1", topic=KEY_STATE):
    """Verifies access tokens."""


ACCESS_TOKEN_LIFE = timedelta(minutes=5)
"""A member that lost its access is out no later than this, whatever else is down."""
