"""How the merchant wants applications treated, per storefront."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.policies import EVERYWHERE, Policy, policy
from contracts.identity.status_table import DEFAULT_ALLOWED, StatusTable
from contracts.identity.values import AfterApproval, Capability, CustomerStatus, RegistrationMode
from contracts.shared.values import Code, Elapsed, Money
from identity.money import CreditLimit

Domain = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=3, max_length=253)]


class RequiredField(StrEnum):
    """Fields of a company that a storefront may insist on; the legal name and the country always are."""

    VAT_NUMBER = "vat_number"
    REGISTRATION_NUMBER = "registration_number"
    EMAIL = "email"
    PHONE = "phone"
    DEPARTMENT = "department"
    ADDRESSES = "addresses"


class RegistrationPolicy(Policy):
    """Who may register himself at a storefront, and with what (ID-01, ID-06, ID-07)."""

    mode: RegistrationMode = RegistrationMode.MANUAL
    after_approval: AfterApproval = AfterApproval.INVITE
    required: frozenset[RequiredField] = frozenset({RequiredField.VAT_NUMBER})
    groups: tuple[Code, ...] = ()
    """Of whoever registers here, until the merchant gives others."""
    price_list: Code | None = None
    """Given by an automatic approval; None: none."""
    merchant_domains: frozenset[Domain] = frozenset()
    """Addresses of the merchant's own people: refused, except for a test buyer that staff register."""


class ConsumerLogin(StrEnum):
    """Of a consumer who becomes a member of a company."""

    SHARED = "shared"
    """One account for both."""
    SEPARATE = "separate"
    """The account that he has stays the consumer's; he gets another, with a password of its own."""


class ConsumerAccountsPolicy(Policy):
    """How a consumer account turns itself into a business account at a storefront (ID-08)."""

    login: ConsumerLogin = ConsumerLogin.SHARED


class ApprovalPolicy(Policy):
    """The clocks of an application, and how many people decide it (ID-09)."""

    remind_reviewer_after: Elapsed = timedelta(days=2)
    """Again after the same time, for as long as it waits."""
    remind_applicant_after: Elapsed = timedelta(days=3)
    """Once per question."""
    withdraw_after: Elapsed = timedelta(days=14)
    """Silence of the applicant, from the question."""
    decide_in_temporal: bool = False
    """Operators may approve and reject in the Temporal UI, which does not prove who they are."""
    second_above_invoice_days: Annotated[int, Field(ge=0, le=365)] | None = None
    """An approval that lets the customer pay by invoice after more days than these is confirmed by a second person; one
    that names no days, too. None: no number of days asks for one."""
    second_above_credit_limit: CreditLimit | None = None
    """So is one that gives a higher credit limit than this, or one in another currency, which is not comparable. None: no
    limit asks for a second person."""

    invalid_vat_blocks: bool = False
    """Nobody is approved whose VAT number the EU's service says is invalid; `unknown` blocks nothing."""

    def needs_second(self, *, pays_by_invoice: bool, invoice_days: int | None, credit_limit: Money | None) -> bool:
        """Whether two people must say yes to such terms; each of the two rules by itself asks for it."""
        return self._are_long(pays_by_invoice, invoice_days) or self._is_high(credit_limit)

    def _are_long(self, pays_by_invoice: bool, days: int | None) -> bool:
        most = self.second_above_invoice_days
        return most is not None and pays_by_invoice and (days is None or days > most)

    def _is_high(self, limit: Money | None) -> bool:
        most = self.second_above_credit_limit
        if most is None or limit is None:
            return False
        return limit.currency != most.currency or limit.amount > most.amount


class StatusTablePolicy(Policy):
    """What each customer status allows; everywhere the same."""

    allowed: dict[CustomerStatus, frozenset[Capability]] = Field(default=DEFAULT_ALLOWED)

    @property
    def table(self) -> StatusTable:
        return StatusTable(allowed=self.allowed)

    @model_validator(mode="after")
    def _merged_is_over(self) -> Self:
        if self.allowed.get(CustomerStatus.MERGED):
            raise ValueError("a merged company is another company now: it may nothing by itself")
        return self


async def status_table(connection: AsyncConnection | AsyncSession) -> StatusTable:
    """The merchant's current table."""
    return (await policy(connection, StatusTablePolicy, EVERYWHERE)).table
