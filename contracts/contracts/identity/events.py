"""Events of companies and their people, and of what companies are put into: groups, storefronts, projects, locations."""

from datetime import datetime
from uuid import UUID

from contracts.identity.topics import (
    COMPANY,
    CONTACT,
    GROUP,
    LOCATION,
    MEMBER,
    PROJECT,
    STOREFRONT,
)
from contracts.identity.values import (
    CustomerStatus,
    Permission,
    VatCheck,
)
from contracts.shared.event import Event
from contracts.shared.values import Code, Money, OpenEnum

# -- company --------------------------------------------------------------------------------------------------------------


class _CompanyEvent(Event):
    company_id: UUID
    number: str


class CompanyOrigin(OpenEnum):
    APPLIED = "applied"
    CREATED_BY_MERCHANT = "created_by_merchant"


class CompanyCreated(_CompanyEvent, type="countersign.identity.company.created.v1", topic=COMPANY):
    origin: CompanyOrigin
    storefront: Code
    contact_id: UUID | None = None
    """The person to tell, where there is one."""
    with_account_access: bool
    test: bool = False


class CompanyChanged(_CompanyEvent, type="countersign.identity.company.changed.v1", topic=COMPANY):
    """Its record or conditions changed; the state topic has the result."""

    fields: tuple[str, ...]
    """Names of the changed fields, without values."""


class CompanyStatusChanged(_CompanyEvent, type="countersign.identity.company.status_changed.v1", topic=COMPANY):
    old: CustomerStatus
    new: CustomerStatus
    reason: Code
    """The fact that changed it: `application-submitted`, `suspended`, `reactivated`, `price-list-given` …"""
    contact_id: UUID | None = None
    """The company's first contact, to be told where somebody is to be told."""


class PriceListsOfMerged(OpenEnum):
    """What becomes of the price lists that a merged company was given."""

    MOVE = "move"
    LEAVE = "leave"


class CompanyMerged(_CompanyEvent, type="countersign.identity.company.merged.v1", topic=COMPANY):
    """It was a duplicate, and is another company now (ID-26). Said again when that one is merged itself."""

    merged_into: UUID
    merged_into_number: str
    price_lists: PriceListsOfMerged
    merged_at: datetime
    administrators: tuple[UUID, ...] = ()
    """The contacts who administered it and are members of the other now: they are mailed. None where it is said again."""


class CompanyVatChecked(_CompanyEvent, type="countersign.identity.company.vat_checked.v1", topic=COMPANY):
    """The EU's service was asked about its VAT number; told once for each result, not for each attempt."""

    result: VatCheck
    checked_at: datetime
    consultation: str | None = None
    """Proof of the question, where the merchant asks under its own number."""


# -- contact and member ---------------------------------------------------------------------------------------------------


class ContactCreated(Event, type="countersign.identity.contact.created.v1", topic=CONTACT):
    contact_id: UUID
    company_id: UUID | None = None


class ContactChanged(Event, type="countersign.identity.contact.changed.v1", topic=CONTACT):
    contact_id: UUID
    fields: tuple[str, ...]


class ContactErased(Event, type="countersign.identity.contact.erased.v1", topic=CONTACT):
    """Nothing that tells who this was is left in identity; who keeps anything of his erases it, too (ID-27)."""

    contact_id: UUID
    erased_at: datetime


class VerificationRequested(Event, type="countersign.identity.contact.verification_requested.v1", topic=CONTACT):
    """Somebody is to prove that the address is his; notifications mails the link."""

    contact_id: UUID
    issue: int


class PasswordResetRequested(Event, type="countersign.identity.contact.password_reset_requested.v1", topic=CONTACT):
    contact_id: UUID
    issue: int


class ContactPasswordChanged(Event, type="countersign.identity.contact.password_changed.v1", topic=CONTACT):
    """By who knew the one before, or by a link that was mailed; the mail about it is for him whose account it is."""

    contact_id: UUID


class ContactSecondFactorEnabled(Event, type="countersign.identity.contact.second_factor_enabled.v1", topic=CONTACT):
    """He signs in with a code of his device, too."""

    contact_id: UUID


class ContactSecondFactorRemoved(Event, type="countersign.identity.contact.second_factor_removed.v1", topic=CONTACT):
    """By himself, or by staff after a loss: the event's actor."""

    contact_id: UUID


class _MemberEvent(Event):
    member_id: UUID
    company_id: UUID
    contact_id: UUID


class MemberAdded(_MemberEvent, type="countersign.identity.member.added.v1", topic=MEMBER):
    role: Code
    administers: bool
    permissions: frozenset[Permission]


class MemberChanged(_MemberEvent, type="countersign.identity.member.changed.v1", topic=MEMBER):
    role: Code
    administers: bool
    permissions: frozenset[Permission]
    always_attested: bool
    limit_per_order: Money | None = None
    limit_per_month: Money | None = None
    locations: frozenset[UUID] | None = None
    """None: all."""
    substitute_id: UUID | None = None
    """Of who decides on orders for him now, or from a later day on (ID-14)."""


class MemberMoved(_MemberEvent, type="countersign.identity.member.moved.v1", topic=MEMBER):
    """His company was merged into this one; role, permissions and limits stay as they were (ID-26)."""

    former_company_id: UUID


class MemberRemoved(_MemberEvent, type="countersign.identity.member.removed.v1", topic=MEMBER):
    pass


# -- location -------------------------------------------------------------------------------------------------------------


class _LocationEvent(Event):
    location_id: UUID
    company_id: UUID
    code: Code


class LocationOpened(_LocationEvent, type="countersign.identity.location.opened.v1", topic=LOCATION):
    """A company has one more establishment."""


class LocationChanged(_LocationEvent, type="countersign.identity.location.changed.v1", topic=LOCATION):
    fields: tuple[str, ...]


class LocationClosed(_LocationEvent, type="countersign.identity.location.closed.v1", topic=LOCATION):
    """Nothing is ordered for it any more; its orders stay."""


# -- group ----------------------------------------------------------------------------------------------------------------


class _GroupEvent(Event):
    group_id: UUID
    code: Code


class GroupCreated(_GroupEvent, type="countersign.identity.group.created.v1", topic=GROUP):
    """There is one more group of customers."""


class GroupChanged(_GroupEvent, type="countersign.identity.group.changed.v1", topic=GROUP):
    """Whoever is in it keeps what he was given."""

    fields: tuple[str, ...]


class GroupRemoved(_GroupEvent, type="countersign.identity.group.removed.v1", topic=GROUP):
    """Nobody was in it."""


# -- storefront -----------------------------------------------------------------------------------------------------------


class StorefrontCreated(Event, type="countersign.identity.storefront.created.v1", topic=STOREFRONT):
    """From now on the merchant says who may enter it; the state topic has the rule."""

    code: Code


class StorefrontChanged(Event, type="countersign.identity.storefront.changed.v1", topic=STOREFRONT):
    code: Code
    fields: tuple[str, ...]


# -- project --------------------------------------------------------------------------------------------------------------


class _ProjectEvent(Event):
    project_id: UUID
    company_id: UUID
    code: Code


class ProjectOpened(_ProjectEvent, type="countersign.identity.project.opened.v1", topic=PROJECT):
    """Orders can be booked on it."""


class ProjectChanged(_ProjectEvent, type="countersign.identity.project.changed.v1", topic=PROJECT):
    fields: tuple[str, ...]


class ProjectClosed(_ProjectEvent, type="countersign.identity.project.closed.v1", topic=PROJECT):
    """Nothing is booked on it any more; its orders stay."""
