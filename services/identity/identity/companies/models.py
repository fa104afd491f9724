"""The company: its record, the facts of its status, and the events that they record."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Sequence, Text, literal_column, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate
from chassis.clock import now
from chassis.errors import Conflict
from chassis.metadata import metadata_of
from contracts.identity.events import (
    CompanyChanged,
    CompanyCreated,
    CompanyMerged,
    CompanyOrigin,
    CompanyStatusChanged,
    CompanyVatChecked,
    PriceListsOfMerged,
)
from contracts.identity.states import CompanyState
from contracts.identity.values import CustomerStatus, VatCheck
from contracts.shared.values import Language, Money
from identity.companies.status import ApplicationOutcome, Facts, customer_status
from identity.money import MoneyType

company_numbers = Sequence("company_numbers", metadata=metadata_of("identity"))
"""Of customer numbers that we give (`C-000123`) until the merchant gives its own."""

COMPARABLE_NAME = (
    r"regexp_replace(replace(lower(legal_name), '.', ''), "
    r"'\m(bv|nv|vof|cv|bvba|srl|sprl|sa|sas|sarl|ab|hb|kb|gmbh|ag|kg|ohg|ug|ltd|llc|inc|plc)\M', '', 'g')"
)
"""SQL: the legal name without its case and legal form, by which names are compared."""

_VIES = "AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI"
VIES_COUNTRIES = frozenset(_VIES.split(" "))
"""Whose VAT numbers the EU's service knows."""
VIES_AGAIN_FIRST, VIES_AGAIN_LAST = timedelta(minutes=5), timedelta(days=1)
SEARCHED = ("legal_name", "number", "vat_number", "registration_number")


class Company(Aggregate):
    """A B2B customer. Its status is a function of its facts; each fact is noted by one method."""

    __tablename__ = "companies"
    __table_args__ = (
        Index("ix_companies_groups", "groups", postgresql_using="gin"),
        Index(
            "ix_companies_external_keys",
            "external_keys",
            postgresql_using="gin",
            postgresql_ops={"external_keys": "jsonb_path_ops"},
        ),
        Index("ix_companies_vat_number", "vat_number"),
        Index("ix_companies_email_domain", text("split_part(email, '@', 2)")),
        Index(
            "ix_companies_comparable_name",
            literal_column(COMPARABLE_NAME).label("comparable_name"),
            postgresql_using="gist",
            postgresql_ops={"comparable_name": "gist_trgm_ops"},
        ),
        Index("ix_companies_registration_number", "registration_number"),
        Index("ix_companies_merged_into", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
        Index("ix_companies_sales_representative", "sales_representative"),
        Index(
            "ix_companies_search",
            *SEARCHED,
            postgresql_using="gin",
            postgresql_ops=dict.fromkeys(SEARCHED, "gin_trgm_ops"),
        ),
        Index("ix_companies_name", text("lower(legal_name)"), "id"),
        Index("ix_companies_created_at", "created_at", "id"),
        Index("ix_companies_changed_at", "changed_at", "id"),
        Index("ix_companies_vat_check_due_at", "vat_check_due_at"),
    )

    number: Mapped[str] = mapped_column(Text, unique=True)
    legal_name: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    vat_number: Mapped[str | None] = mapped_column(Text)
    vat_check: Mapped[VatCheck | None]
    """What the EU says of the VAT number; None: nobody has asked."""
    vat_checked_at: Mapped[datetime | None]
    vat_consultation: Mapped[str | None] = mapped_column(Text)
    vat_check_due_at: Mapped[datetime | None]
    """When it is asked (again)."""
    vat_check_attempts: Mapped[int] = mapped_column(default=0)
    """Without a yes or no."""
    registration_number: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    department: Mapped[str | None] = mapped_column(Text)
    language: Mapped[Language]
    storefront: Mapped[str] = mapped_column(Text)
    groups: Mapped[list[str]] = mapped_column(default=list)
    addresses: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    sales_representative: Mapped[str | None] = mapped_column(Text)
    pays_by_invoice: Mapped[bool] = mapped_column(default=False)
    invoice_days: Mapped[int | None]
    credit_limit: Mapped[Money | None] = mapped_column(MoneyType)
    """None: none is set. Kept for the ERP, which knows what is owed."""
    payment_reference: Mapped[str | None] = mapped_column(Text)
    vat_exempt: Mapped[bool] = mapped_column(default=False)
    external_keys: Mapped[dict[str, str]] = mapped_column(default=dict)
    test: Mapped[bool] = mapped_column(default=False)
    with_account_access: Mapped[bool] = mapped_column(default=True)
    origin: Mapped[CompanyOrigin]
    first_contact_id: Mapped[UUID | None]
    """The person to tell what becomes of the company."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    """Of the row, whatever of it."""

    application_outcome: Mapped[ApplicationOutcome] = mapped_column(default=ApplicationOutcome.NONE)
    first_invitation_live: Mapped[bool] = mapped_column(default=False)
    accepted_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    suspension_reason: Mapped[str | None] = mapped_column(Text)
    has_price_list: Mapped[bool] = mapped_column(default=False)
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("companies.id"))
    """The company that it is now; never a merged one."""
    merged_at: Mapped[datetime | None]
    former_numbers: Mapped[list[str]] = mapped_column(default=list)
    """Customer numbers of those that were merged into it."""
    status: Mapped[CustomerStatus] = mapped_column(default=CustomerStatus.NONE, index=True)
    """Stored so that lists can be filtered by it; written with the facts and only there."""

    @property
    def facts(self) -> Facts:
        return Facts(
            self.application_outcome,
            self.first_invitation_live,
            self.accepted_at,
            self.suspended_at,
            self.has_price_list,
            self.merged_into is not None,
        )

    def ask_about_vat(self) -> None:
        """The EU is to be asked about its number, at once; what was said of another one is forgotten."""
        in_eu = self.vat_number is not None and self.vat_number[:2] in VIES_COUNTRIES
        self.vat_check = self.vat_checked_at = self.vat_consultation = None
        self.vat_check_due_at, self.vat_check_attempts = self.created_at if in_eu else None, 0

    def note_vat_check(self, result: VatCheck, consultation: str | None, at: datetime) -> None:
        """What the EU's service said; asked again after growing pauses until it says yes or no (ID-01)."""
        is_known = result is not VatCheck.UNKNOWN
        if result is not self.vat_check:
            self.record(
                CompanyVatChecked(
                    company_id=self.id, number=self.number, result=result, checked_at=at, consultation=consultation
                )
            )
        self.vat_check, self.vat_checked_at, self.vat_consultation = result, at, consultation
        self.vat_check_attempts = 0 if is_known else self.vat_check_attempts + 1
        pause = min(VIES_AGAIN_FIRST * 2 ** min(self.vat_check_attempts - 1, 16), VIES_AGAIN_LAST)
        self.vat_check_due_at = None if is_known else at + pause

    def announce(self) -> None:
        """It is known from now on."""
        self.record(
            CompanyCreated(
                company_id=self.id,
                number=self.number,
                origin=self.origin,
                storefront=self.storefront,
                contact_id=self.first_contact_id,
                with_account_access=self.with_account_access,
                test=self.test,
            )
        )

    def change(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Changes its record or conditions. Returns the names of the fields that really changed."""
        changed = self.assign(values)
        if "vat_number" in changed:
            self.ask_about_vat()
        if changed:
            self.record(CompanyChanged(company_id=self.id, number=self.number, fields=changed))
        return changed

    # -- facts -------------------------------------------------------------------------------------------------------

    def note_application(self, outcome: ApplicationOutcome) -> None:
        """What became of its latest application: pending while it waits, none when it was withdrawn."""
        word = "withdrawn" if outcome is ApplicationOutcome.NONE else outcome.value
        if outcome is ApplicationOutcome.PENDING:
            word = "submitted"
        self._note(f"application-{word}", application_outcome=outcome)

    def note_first_invitation(self, *, live: bool, reason: str) -> None:
        """The invitation of its first administrator went out or ended.

        Args:
            reason: `invitation-issued`, `invitation-expired`, `invitation-revoked`, `invitation-declined`.

        Raises:
            Conflict: nobody signs in for this company (ID-02).
        """
        if live:
            self.require_account_access()
        self._note(reason, first_invitation_live=live)

    def accept(self, at: datetime) -> None:
        """Its first administrator accepted, or an approval enables it at once (ID-10). The first time counts.

        Raises:
            Conflict: nobody signs in for this company (ID-02).
        """
        self.require_account_access()
        self._note("accepted", accepted_at=self.accepted_at or at, first_invitation_live=False)

    def suspend(self, reason: str, at: datetime) -> None:
        """Takes the right to sign in and to order, everywhere (ID-12). Does nothing when it is suspended."""
        if self.suspended_at is None:
            self.suspension_reason = reason
            self._note("suspended", suspended_at=at)

    def reactivate(self) -> None:
        """Gives back what it had: who never accepted is not enabled by it. Does nothing when it is not suspended."""
        self.suspension_reason = None
        self._note("reactivated", suspended_at=None)

    def note_price_list(self, *, has: bool) -> None:
        """What pricing says of its terms and of those of its groups (PR-04)."""
        self._note("price-list-given" if has else "price-list-gone", has_price_list=has)

    def merge_into(
        self, other: "Company", price_lists: PriceListsOfMerged, administrators: Collection[UUID], at: datetime
    ) -> None:
        """For good: nobody signs in for it and nothing is ordered by it, and its number means the other (ID-26).

        Args:
            administrators: the contacts to be told.
        """
        self._note("merged", merged_into=other.id, merged_at=at)
        self.vat_check_due_at = None
        self._tell_merger(other, price_lists, at, administrators)

    def follow(self, other: "Company", at: datetime) -> None:
        """What it was merged into was itself merged into this one."""
        self.merged_into = other.id
        self._tell_merger(other, PriceListsOfMerged.LEAVE, at)

    def absorb(self, other: "Company") -> None:
        """Takes the other's numbers, and those of its external keys that it has none of itself."""
        self.change(
            {
                "former_numbers": [*self.former_numbers, other.number, *other.former_numbers],
                "external_keys": {**other.external_keys, **self.external_keys},
            }
        )

    def _tell_merger(
        self, other: "Company", price_lists: PriceListsOfMerged, at: datetime, administrators: Collection[UUID] = ()
    ) -> None:
        self.record(
            CompanyMerged(
                company_id=self.id,
                number=self.number,
                merged_into=other.id,
                merged_into_number=other.number,
                price_lists=price_lists,
                merged_at=at,
                administrators=tuple(administrators),
            )
        )

    def _note(self, reason: str, **facts: Any) -> None:
        for name, value in facts.items():
            setattr(self, name, value)
        old, new = self.status, customer_status(self.facts)
        if new is not old:
            self.status = new
            self.record(
                CompanyStatusChanged(
                    company_id=self.id,
                    number=self.number,
                    old=old,
                    new=new,
                    reason=reason,
                    contact_id=self.first_contact_id,
                )
            )

    def require_account_access(self) -> None:
        """
        Raises:
            Conflict: nobody signs in for this company (ID-02).
        """
        if not self.with_account_access:
            raise Conflict("company-without-account-access", "Nobody signs in for this company.")

    def require_unmerged(self) -> None:
        """
        Raises:
            Conflict: it is another company now.
        """
        if self.merged_into is not None:
            raise Conflict(
                "customer-merged",
                "This company was merged into another.",
                facts={"merged_into": str(self.merged_into)},
            )

    def state(self) -> CompanyState:
        return CompanyState(
            company_id=self.id,
            number=self.number,
            status=self.status,
            with_account_access=self.with_account_access,
            storefront=self.storefront,
            country=self.country,
            vat_number=self.vat_number,
            vat_exempt=self.vat_exempt,
            groups=tuple(self.groups),
            pays_by_invoice=self.pays_by_invoice,
            invoice_days=self.invoice_days,
            credit_limit=self.credit_limit,
            sales_representative=self.sales_representative,
            test=self.test,
            external_keys=self.external_keys,
            merged_into=self.merged_into,
            former_numbers=tuple(self.former_numbers or ()),
        )
