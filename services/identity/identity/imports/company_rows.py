"""Rows of a file of companies, known by the customer number or else by an external key of the merchant's."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import DomainError
from chassis.policies import policy
from contracts.identity.events import CompanyOrigin
from contracts.shared.values import Address, Code, CountryCode, Language
from identity.companies.commands import (
    ChangeCompany,
    Conditions,
    CreateCompany,
    change_company,
    checked_record,
    create_companies,
)
from identity.companies.models import Company
from identity.companies.naming import NamedCompanies
from identity.companies.numbers import CheckedRecord, CompanyRecord, check_record
from identity.companies.routes import Number, Text
from identity.contacts.email import Email
from identity.groups.naming import hold_groups, require_groups
from identity.imports.cells import amount, amount_of, joined, yes_or_no
from identity.imports.columns import Columns, Values, address, listed, missing, refusal_by, switch
from identity.imports.models import Outcome, Refused, Settled
from identity.imports.row import Said, differing, money
from identity.money import CreditLimit
from identity.policies import RegistrationPolicy

Codes = Annotated[list[Code], Field(max_length=50), BeforeValidator(listed)]
Switch = Annotated[bool, BeforeValidator(switch)]
WholeAddress = Annotated[Address | None, BeforeValidator(address)]
ADDRESS = ("line1", "line2", "postal_code", "city", "country")

_ADDRESSES = {"invoice_address": "invoice", "delivery_address": "delivery"}
_NEEDED = ("legal_name", "country", "language", "storefront")
_FIXED = ("storefront", "with_account_access", "test")
"""Given when it is created, and never changed after that."""
_NUMBERS = ("vat_number", "registration_number")
_CHECKED = "numbers_checked"
"""Beside what a row says, once its preview has looked at them. No column has this name."""
_CREATED = Settled(Outcome.CREATED)
_PLAIN = (
    "legal_name", "country", "language", "vat_number", "registration_number", "email", "phone", "department", "groups",
    "sales_representative", "pays_by_invoice", "invoice_days", "credit_limit", "payment_reference", "vat_exempt",
)  # fmt: skip


class CompanyValues(Values):
    number: Code | None = None
    legal_name: Text = ""
    country: CountryCode = ""
    language: Language = Language.ENGLISH
    storefront: Code = ""
    vat_number: Number | None = None
    registration_number: Number | None = None
    email: Email | None = None
    phone: Text | None = None
    department: Text | None = None
    groups: Codes = Field(default_factory=list)
    sales_representative: Code | None = None
    pays_by_invoice: Switch = False
    invoice_days: Annotated[int, Field(ge=0, le=365)] | None = None
    credit_limit: Annotated[CreditLimit | None, BeforeValidator(amount_of)] = None
    payment_reference: Text | None = None
    vat_exempt: Switch = False
    with_account_access: bool = True
    test: Switch = False
    invoice_address: WholeAddress = None
    delivery_address: WholeAddress = None
    key: Annotated[dict[Code, Text | None], Field(default_factory=dict, max_length=20)]


class CompanyRows:
    columns = Columns(
        CompanyValues,
        required=(),
        optional=(
            *(name for name in CompanyValues.model_fields if name not in (*_ADDRESSES, "key")),
            *(f"{name}_{part}" for name in _ADDRESSES for part in ADDRESS),
        ),
        groups=tuple(_ADDRESSES),
        keyed="key",
    )
    batch = 1_000

    def key(self, said: Said) -> str | Refused:
        if said.get("number"):
            return f"number {said['number']}"
        if found := _external(said):
            return " ".join(found)
        return Refused("cell-missing", "number", "a company is known by its number or by a key of yours")

    async def settle(self, session: AsyncSession, rows: Sequence[Said], at: datetime | None) -> list[Settled]:
        known = await _Known.of(session, rows, lock=at is not None)
        new: list[CreateCompany] = []
        settled = []
        for said in rows:
            company = known.company(said)
            try:
                if company is not None:
                    settled.append(await _change(session, company, said, known.groups, at))
                elif refused := missing(said, _NEEDED):
                    settled.append(Settled.refusing(refused))
                elif at is None:
                    settled.append(await known.foretold(session, said))
                else:
                    new.append(_new(said))
                    settled.append(_CREATED)
            except DomainError as error:
                if at is not None:
                    raise
                settled.append(Settled.refusing(refusal_by(error)))
        if at is not None and new:
            await create_companies(session, new, at)
        return settled


class _Known:
    """The companies and active groups that rows name, and the policies that they need."""

    def __init__(self, companies: NamedCompanies, groups: Collection[str]) -> None:
        self._companies = companies
        self.groups = groups
        self._rules: dict[str, RegistrationPolicy] = {}

    @classmethod
    async def of(cls, session: AsyncSession, rows: Sequence[Said], *, lock: bool) -> "_Known":
        numbers = [said["number"] for said in rows if said.get("number")]
        keys = [dict([found]) for said in rows if (found := _external(said))]
        groups = await hold_groups(session, {code for said in rows for code in said.get("groups", ())})
        return cls(await NamedCompanies.of(session, numbers, keys, lock=lock), groups)

    def company(self, said: Said) -> Company | None:
        if said.get("number"):
            return self._companies.by_number.get(said["number"])
        found = _external(said)
        return self._companies.by_key.get(found) if found else None

    async def foretold(self, session: AsyncSession, said: Said) -> Settled:
        """A new company, with its numbers as they were checked, so that this is done once."""
        storefront = said["storefront"]
        if storefront not in self._rules:
            self._rules[storefront] = await policy(session, RegistrationPolicy, storefront)
        checked = check_record(_record(said), self._rules[storefront].required, pointer="")
        require_groups(self.groups, said.get("groups", ()))
        numbers = {name: number for name in _NUMBERS if (number := getattr(checked, name))}
        return Settled(Outcome.CREATED, kept={**said, **numbers, _CHECKED: True})


def _external(said: Said) -> tuple[str, str] | None:
    """The first external key, where there is no number."""
    if said.get("number"):
        return None
    return next(((system, value) for system, value in said.get("key", {}).items() if value), None)


def _record(said: Said) -> CompanyRecord:
    record = CheckedRecord if said.get(_CHECKED) else CompanyRecord
    addresses = [{"kind": kind, "address": said[name]} for name, kind in _ADDRESSES.items() if said.get(name)]
    return record(
        legal_name=said["legal_name"],
        country=said["country"],
        language=Language(said["language"]),
        vat_number=said.get("vat_number"),
        registration_number=said.get("registration_number"),
        email=said.get("email"),
        phone=said.get("phone"),
        department=said.get("department"),
        addresses=tuple(addresses),
    )


def _new(said: Said) -> CreateCompany:
    return CreateCompany(
        record=_record(said),
        storefront=said["storefront"],
        origin=CompanyOrigin.CREATED_BY_MERCHANT,
        contact=None,
        conditions=Conditions(
            customer_number=said.get("number"),
            groups=tuple(said.get("groups", ())),
            sales_representative=said.get("sales_representative"),
            pays_by_invoice=said.get("pays_by_invoice"),
            invoice_days=said.get("invoice_days"),
            credit_limit=money(said.get("credit_limit")),
        ),
        with_account_access=said.get("with_account_access", True),
        test=said.get("test", False),
        payment_reference=said.get("payment_reference"),
        vat_exempt=said.get("vat_exempt", False),
        external_keys={system: value for system, value in said.get("key", {}).items() if value},
    )


async def _change(
    session: AsyncSession, company: Company, said: Said, groups: Collection[str], at: datetime | None
) -> Settled:
    fixed = differing(company, {name: said[name] for name in _FIXED if name in said})
    if fixed:
        return Settled.refusing(Refused("cell-fixed", fixed[0], "it is given once and can not be changed"))
    values = _wanted(company, said)
    fields = differing(company, values)
    if not fields:
        return Settled(Outcome.UNCHANGED)
    if at is None:
        require_groups({*groups, *company.groups}, values.get("groups", ()))
        checked = {**values, **await checked_record(session, company, {name: values[name] for name in fields})}
        fields = differing(company, {name: checked[name] for name in fields})
        return Settled(Outcome.CHANGED if fields else Outcome.UNCHANGED, fields)
    before = company.sequence
    await change_company(session, ChangeCompany(company.id, "*", {name: values[name] for name in fields}))
    return Settled(Outcome.UNCHANGED if company.sequence == before else Outcome.CHANGED, fields)


def _wanted(company: Company, said: Said) -> dict[str, Any]:
    """The columns of a company as this row would have them. Other addresses of a kind, and other keys, stay."""
    values = {name: said[name] for name in _PLAIN if name in said}
    if "language" in values:
        values["language"] = Language(values["language"])
    if "credit_limit" in values:
        values["credit_limit"] = money(values["credit_limit"])
    addresses = list(company.addresses)
    for name, kind in _ADDRESSES.items():
        if name in said:
            addresses = _with_first(addresses, kind, said[name])
    values["addresses"] = addresses
    keys = {**company.external_keys, **said.get("key", {})}
    values["external_keys"] = {system: value for system, value in keys.items() if value}
    return values


def _with_first(addresses: list[dict[str, Any]], kind: str, wanted: dict[str, Any] | None) -> list[dict[str, Any]]:
    place = next((place for place, one in enumerate(addresses) if one["kind"] == kind), len(addresses))
    if place < len(addresses) and addresses[place]["address"] == wanted:
        return addresses
    first = [{"kind": kind, "address": wanted}] if wanted else []
    return [*addresses[:place], *first, *addresses[place + 1 :]]


def company_cells(company: Any, systems: Sequence[str]) -> list[str]:
    """A company as a row of a file with all columns, and these external keys."""
    first = {one["kind"]: one["address"] for one in reversed(company.addresses)}
    return [
        company.number, company.legal_name, company.country, company.language, company.storefront,
        company.vat_number or "", company.registration_number or "", company.email or "", company.phone or "",
        company.department or "", joined(company.groups), company.sales_representative or "",
        yes_or_no(company.pays_by_invoice), "" if company.invoice_days is None else str(company.invoice_days),
        amount(company.credit_limit), company.payment_reference or "", yes_or_no(company.vat_exempt),
        yes_or_no(company.with_account_access), yes_or_no(company.test),
        *(first.get(kind, {}).get(part, "") for kind in _ADDRESSES.values() for part in ADDRESS),
        *(company.external_keys.get(system, "") for system in systems),
    ]  # fmt: skip
