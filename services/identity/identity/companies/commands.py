"""The only writers of companies."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, any_, bindparam, cast, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, NotFound
from chassis.http.etag import check_version
from chassis.ids import new_id
from chassis.policies import policy
from contracts.identity.events import CompanyOrigin
from contracts.identity.values import CustomerStatus
from contracts.shared.values import Money
from identity.bulk import insert_new, planned_anew
from identity.companies.models import Company, company_numbers
from identity.companies.numbers import CompanyRecord, check_record
from identity.companies.status import ApplicationOutcome
from identity.companies.terms import groups_with_price_list, note_price_list
from identity.contacts.commands import CreateContact, create_contact, registered_contact
from identity.contacts.models import Contact
from identity.groups.models import Group
from identity.groups.naming import check_groups, hold_groups, require_groups
from identity.policies import RegistrationPolicy

LONGEST_STEM = 57
"""Of a proposal, which with its suffix is a code of at most 63 characters."""
_LOCK_NUMBERS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(number, 7)) FROM unnest(:numbers) WITH ORDINALITY AS claimed (number, place)"
).bindparams(bindparam("numbers", type_=ARRAY(Text)))


_GIVEN = ("sales_representative", "pays_by_invoice", "invoice_days", "credit_limit")
"""By the merchant, or else by a group."""


@dataclass(frozen=True)
class Conditions:
    """What the merchant gives a customer, by an approval or when it creates the company itself. None: it does not say."""

    customer_number: str | None = None
    groups: tuple[str, ...] = ()
    sales_representative: str | None = None
    pays_by_invoice: bool | None = None
    invoice_days: int | None = None
    credit_limit: Money | None = None
    """Kept and published, not enforced: what is owed is known to the ERP."""

    def with_defaults_of(self, groups: Iterable[Group]) -> "Conditions":
        """What is not said is as the first of these groups has it that says something (ID-19)."""
        said = {name: getattr(self, name) for name in _GIVEN}
        for group in groups:
            said = {name: getattr(group, name) if value is None else value for name, value in said.items()}
        return replace(self, **said)

    def to_json(self) -> dict[str, Any]:
        limit = None if self.credit_limit is None else self.credit_limit.model_dump(mode="json")
        return {**asdict(self), "groups": list(self.groups), "credit_limit": limit}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Conditions":
        limit = stored.get("credit_limit")
        read = {"groups": tuple(stored.get("groups", ())), "credit_limit": limit and Money.model_validate(limit)}
        return cls(**{**stored, **read})


@dataclass(frozen=True)
class CreateCompany:
    """
    Attributes:
        contact: the first person to tell; None: nobody yet. Who has an account under this address is meant himself.
        pointer: JSON pointer to the record in the request, for refusals.
        new_contact: not he is meant, but somebody new.
    """

    record: CompanyRecord
    storefront: str
    origin: CompanyOrigin
    contact: CreateContact | None
    conditions: Conditions = Conditions()
    with_account_access: bool = True
    test: bool = False
    payment_reference: str | None = None
    vat_exempt: bool = False
    external_keys: dict[str, str] = field(default_factory=dict)
    pointer: str = ""
    new_contact: bool = False


@dataclass(frozen=True)
class ChangeCompany:
    """`values`: columns and their new values."""

    company_id: UUID
    if_match: str
    values: dict[str, Any]


@dataclass(frozen=True)
class SuspendCompany:
    """`reason` is told to staff; it stays in identity."""

    company_id: UUID
    reason: str


async def lock_company(session: AsyncSession, company_id: UUID) -> Company:
    """Locked before its application, contacts, members and invitations, always.

    Raises:
        NotFound: there is none.
        Conflict: `customer-merged`; nothing of it changes any more (ID-26).
    """
    company = await lock_company_even_merged(session, company_id)
    company.require_unmerged()
    return company


async def lock_company_even_merged(session: AsyncSession, company_id: UUID) -> Company:
    """For what the company once began, which has ended in itself and says so.

    Raises:
        NotFound: there is none.
    """
    company = await session.scalar(select(Company).where(Company.id == company_id).with_for_update())
    if company is None:
        raise NotFound
    return company


async def create_company(session: AsyncSession, command: CreateCompany, at: datetime) -> tuple[Company, Contact | None]:
    """
    Raises:
        Invalid: a field that the storefront requires is missing, or a number can not be right; `group-unknown`.
        Conflict: `customer-number-taken`, with a proposal.
    """
    rules = await policy(session, RegistrationPolicy, command.storefront)
    known = await hold_groups(session, {*command.conditions.groups, *rules.groups})
    company = _new_company(command, rules, known, at)
    company.number = await _number(session, command.conditions.customer_number)
    session.add(company)
    await session.flush()
    contact = await _first_contact(session, command, company, at)
    company.first_contact_id = contact.id if contact else None
    company.announce()
    await note_price_list(session, company)
    return company, contact


def _new_company(
    command: CreateCompany, rules: RegistrationPolicy, known: Mapping[str, Group], at: datetime
) -> Company:
    """With all but its number.

    Args:
        known: active groups. One of the storefront's policy that is none any more is passed over: who registers can not
            help it.
    """
    record = check_record(command.record, rules.required, pointer=command.pointer)
    conditions = command.conditions
    require_groups(known, conditions.groups)
    groups = [known[code] for code in conditions.groups or rules.groups if code in known]
    if command.origin is not CompanyOrigin.APPLIED:  # who applied is given conditions by his approval
        conditions = conditions.with_defaults_of(groups)
    company = Company(
        id=new_id(),
        sequence=0,
        legal_name=record.legal_name,
        country=record.country,
        language=record.language,
        vat_number=record.vat_number,
        registration_number=record.registration_number,
        email=record.email,
        phone=record.phone,
        department=record.department,
        addresses=list(record.addresses),
        storefront=command.storefront,
        groups=[group.code for group in groups],
        sales_representative=conditions.sales_representative,
        pays_by_invoice=bool(conditions.pays_by_invoice),
        invoice_days=conditions.invoice_days,
        credit_limit=conditions.credit_limit,
        payment_reference=command.payment_reference,
        vat_exempt=command.vat_exempt,
        external_keys=command.external_keys,
        with_account_access=command.with_account_access,
        test=command.test,
        origin=command.origin,
        first_contact_id=None,
        created_at=at,
        changed_at=at,
        application_outcome=ApplicationOutcome.NONE,
        first_invitation_live=False,
        accepted_at=None,
        suspended_at=None,
        has_price_list=False,
        merged_into=None,
        former_numbers=[],
        status=CustomerStatus.NONE,
    )
    company.ask_about_vat()
    return company


async def create_companies(session: AsyncSession, commands: Sequence[CreateCompany], at: datetime) -> None:
    """Creates many at once, each as `create_company` would; none of them has a first contact.

    Raises:
        Invalid, Conflict: as there, for any of them.
    """
    await _claim_numbers(session, [number for one in commands if (number := one.conditions.customer_number)])
    rules = {name: await policy(session, RegistrationPolicy, name) for name in {one.storefront for one in commands}}
    named = {code for one in commands for code in (*one.conditions.groups, *rules[one.storefront].groups)}
    known = await hold_groups(session, named)
    with_list = await groups_with_price_list(session, known)
    numbers = [one.conditions.customer_number or await _number(session, None) for one in commands]

    def created() -> Iterator[Company]:
        for command, number in zip(commands, numbers, strict=True):
            company = _new_company(command, rules[command.storefront], known, at)
            company.number = number
            company.announce()
            company.note_price_list(has=not with_list.isdisjoint(company.groups))
            yield company

    await insert_new(session, created())


async def _first_contact(
    session: AsyncSession, command: CreateCompany, company: Company, at: datetime
) -> Contact | None:
    if command.contact is None:
        return None
    known = None if command.new_contact else await registered_contact(session, command.contact.email)
    return known or await create_contact(session, replace(command.contact, company=company), at)


async def change_company(session: AsyncSession, command: ChangeCompany) -> Company:
    """Changes the record or the conditions (ID-01).

    Raises:
        NotFound: there is none.
        StaleVersion: somebody changed it since.
        Invalid: a field that the storefront requires would be missing, or a number can not be right.
        Invalid: `group-unknown`.
        Conflict: `customer-number-taken`, with a proposal.
    """
    company = await lock_company(session, command.company_id)
    check_version(command.if_match, company.sequence)
    await check_groups(session, command.values.get("groups", ()), already=company.groups)
    values = {**command.values, **await checked_record(session, company, command.values)}
    if values.get("number", company.number) != company.number:
        await claim_number(session, values["number"])
    changed = company.change(values)
    if "groups" in changed:
        await note_price_list(session, company)
    if "legal_name" in changed:
        await _rename_in_contacts(session, company)
    return company


async def checked_record(session: AsyncSession, company: Company, values: dict[str, Any]) -> dict[str, Any]:
    """The numbers in their compact form, where these values change the record.

    Raises:
        Invalid: a field that the storefront requires would be missing, or a number can not be right.
    """
    names = CompanyRecord.__dataclass_fields__.keys()
    if not names & values.keys():
        return {}
    rules = await policy(session, RegistrationPolicy, company.storefront)
    wanted = CompanyRecord(**{name: values.get(name, getattr(company, name)) for name in names})
    checked = check_record(wanted, rules.required, pointer="")
    return {name: getattr(checked, name) for name in ("vat_number", "registration_number")}


async def _rename_in_contacts(session: AsyncSession, company: Company) -> None:
    contacts = await session.scalars(
        select(Contact).where(Contact.company_id == company.id).order_by(Contact.id).with_for_update()
    )
    for contact in contacts.all():
        contact.change({"company_name": company.legal_name})


async def suspend_company(session: AsyncSession, command: SuspendCompany, at: datetime) -> Company:
    """Takes the right to sign in and to order, everywhere (ID-12). Suspended twice, it is suspended once.

    Raises:
        NotFound: there is none.
    """
    company = await lock_company(session, command.company_id)
    company.suspend(command.reason, at)
    return company


async def reactivate_company(session: AsyncSession, company_id: UUID) -> Company:
    """Gives back what it had.

    Raises:
        NotFound: there is none.
    """
    company = await lock_company(session, company_id)
    company.reactivate()
    return company


async def with_defaults(session: AsyncSession, company: Company, conditions: Conditions) -> Conditions:
    """What these conditions come to for this company: what they leave open is as its groups have it (ID-19).

    Raises:
        Invalid: `group-unknown`.
    """
    groups = conditions.groups or company.groups
    known = await hold_groups(session, groups)
    require_groups({*known, *company.groups}, groups)
    return conditions.with_defaults_of(known[code] for code in groups if code in known)


async def give_conditions(session: AsyncSession, company: Company, conditions: Conditions) -> None:
    """Sets what the merchant decided with its approval (ID-09); what it left open stays.

    Raises:
        Conflict: `customer-number-taken`, with a proposal.
    """
    number = conditions.customer_number or company.number
    if number != company.number:
        await claim_number(session, number)
    said = {name: value for name in _GIVEN if (value := getattr(conditions, name)) is not None}
    changed = company.change({**said, "number": number, "groups": list(conditions.groups) or company.groups})
    if "groups" in changed:
        await note_price_list(session, company)


async def _number(session: AsyncSession, wanted: str | None) -> str:
    if wanted is not None:
        await claim_number(session, wanted)
        return wanted
    while True:
        number = f"C-{await session.scalar(company_numbers.next_value()):06d}"
        if not await _is_taken(session, number):
            return number


async def claim_number(session: AsyncSession, number: str) -> None:
    """Sees that a customer number is free, and keeps it so until this transaction ends.

    Raises:
        Conflict: `customer-number-taken`, with a free one as `proposal`.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(number, 7))))
    if await _is_taken(session, number):
        stem, suffix = number[:LONGEST_STEM], 2
        while await _is_taken(session, f"{stem}-{suffix}"):
            suffix += 1
        raise Conflict(
            "customer-number-taken",
            "Another company has this customer number.",
            facts={"proposal": f"{stem}-{suffix}"},
        )


async def _claim_numbers(session: AsyncSession, numbers: Sequence[str]) -> None:
    """As `claim_number`, in an order in which two who claim the same ones do not wait for each other."""
    await session.execute(_LOCK_NUMBERS, {"numbers": sorted(numbers)})
    async with planned_anew(session):
        taken = await session.scalar(
            select(Company.number).where(Company.number == any_(cast(numbers, ARRAY(Text)))).limit(1)
        )
    if taken is not None:
        await claim_number(session, taken)


async def _is_taken(session: AsyncSession, number: str) -> bool:
    return bool(await session.scalar(select(func.count()).where(Company.number == number)))
