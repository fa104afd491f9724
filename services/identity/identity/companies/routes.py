"""Companies over HTTP, for the merchant's staff."""

from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Header, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from chassis.clock import now
from chassis.errors import Forbidden
from chassis.http.etag import etag
from chassis.http.paging import Cursor, Limit, Page
from chassis.http.routing import Reading, Router, Session
from contracts.identity.events import CompanyOrigin
from contracts.identity.operations import staff_may
from contracts.identity.values import CustomerStatus, StaffPermission
from contracts.shared.values import Code, CountryCode, Language
from identity.access import Staff
from identity.companies import commands, queries
from identity.companies.filters import Companies
from identity.companies.numbers import CompanyRecord
from identity.companies.queries import CompanyAddress, CompanyAnswer
from identity.contacts.commands import CreateContact
from identity.contacts.email import Email
from identity.money import CreditLimit
from identity.staff.companies import own_companies

router = Router(prefix="/v1/companies", tags=["companies"])

Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")
]
Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=32)]
Sort = Literal["name", "-name", "number", "-number", "created", "-created", "changed", "-changed"]
ExternalKeys = Annotated[dict[Code, Text], Field(max_length=20)]


Addresses = Annotated[list[CompanyAddress], Field(max_length=50)]
LIMIT = "The most that it may owe: kept and published for the ERP, which knows what is owed; not enforced"


class CompanyBody(BaseModel):
    """What a company says of itself."""

    model_config = ConfigDict(extra="forbid")

    legal_name: Text
    country: CountryCode
    vat_number: Number | None = Field(None, description="With its country", examples=["NL123456782B90"])
    registration_number: Number | None = Field(
        None, description="KvK, KBO/BCE, SIREN or SIRET, organisationsnummer, by country", examples=["12345678"]
    )
    email: Email | None = None
    phone: Text | None = None
    department: Text | None = None
    addresses: Addresses = []

    def to_record(self, language: Language) -> CompanyRecord:
        return CompanyRecord(
            legal_name=self.legal_name,
            country=self.country,
            language=language,
            vat_number=self.vat_number,
            registration_number=self.registration_number,
            email=self.email,
            phone=self.phone,
            department=self.department,
            addresses=tuple(one.model_dump(mode="json") for one in self.addresses),
        )


class PersonBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Text
    email: Email
    language: Language


class ConditionsBody(BaseModel):
    """What the merchant gives a customer."""

    model_config = ConfigDict(extra="forbid")

    customer_number: Code | None = Field(None, description="The merchant's own; ours (`C-000123`) where it gives none")
    groups: Annotated[list[Code], Field(max_length=50)] = []
    sales_representative: Code | None = None
    pays_by_invoice: bool | None = Field(None, description="Not said: as its groups have it, or else no")
    invoice_days: Annotated[int, Field(ge=0, le=365)] | None = None
    credit_limit: CreditLimit | None = Field(None, description=LIMIT)

    def to_conditions(self) -> commands.Conditions:
        return commands.Conditions(
            customer_number=self.customer_number,
            groups=tuple(self.groups),
            sales_representative=self.sales_representative,
            pays_by_invoice=self.pays_by_invoice,
            invoice_days=self.invoice_days,
            credit_limit=self.credit_limit,
        )


COMPANY: JsonDict = {
    "legal_name": "Bakkerij De Vries B.V.",
    "country": "NL",
    "vat_number": "NL004495445B01",
    "registration_number": "12345678",
    "addresses": [
        {
            "kind": "delivery",
            "address": {"line1": "Kade 1", "postal_code": "3011 AA", "city": "Rotterdam", "country": "NL"},
        }
    ],
    "language": "nl",
    "storefront": "webshop",
    "groups": ["horeca"],
    "pays_by_invoice": True,
    "invoice_days": 30,
    "credit_limit": {"amount": "5000.00", "currency": "EUR"},
    "external_keys": {"erp": "100234"},
    "contact": {"name": "Iris Bakker", "email": "iris@devries.example", "language": "nl"},
}


class NewCompany(CompanyBody, ConditionsBody):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [COMPANY]})

    language: Language
    storefront: Code
    with_account_access: bool = Field(True, description="False: internal orders only, nobody signs in for it")
    test: bool = Field(False, description="A test buyer, never exported as real")
    payment_reference: Text | None = Field(None, description="Reference to payment data kept elsewhere")
    vat_exempt: bool = False
    external_keys: ExternalKeys = {}
    contact: PersonBody | None = Field(None, description="Whom to tell; he is mailed")


class CompanyChange(BaseModel):
    """What is named is changed; null takes away where the field may be empty."""

    model_config = ConfigDict(extra="forbid")

    legal_name: Text = ""
    country: CountryCode = ""
    vat_number: Number | None = None
    registration_number: Number | None = None
    email: Email | None = None
    phone: Text | None = None
    department: Text | None = None
    language: Language = Language.ENGLISH
    addresses: Addresses = []
    number: Code = ""
    groups: Annotated[list[Code], Field(max_length=50)] = []
    sales_representative: Code | None = None
    pays_by_invoice: bool = False
    invoice_days: Annotated[int, Field(ge=0, le=365)] | None = None
    credit_limit: CreditLimit | None = Field(None, description=LIMIT)
    payment_reference: Text | None = None
    vat_exempt: bool = False
    external_keys: ExternalKeys = {}


class CompanyCreatedAnswer(BaseModel):
    company_id: UUID
    number: str
    contact_id: UUID | None


@router.post("", status_code=201, openapi_extra=staff_may(StaffPermission.MANAGE_CUSTOMERS, for_own=True))
async def create_company(body: NewCompany, session: Session, response: Response, caller: Staff) -> CompanyCreatedAnswer:
    """The merchant creates a company itself (ID-11): without application, with or without account access (ID-02).

    Who acts for his own companies alone creates one of his, whatever is said of its representative (ID-20).
    """
    contact, conditions = body.contact, body.to_conditions()
    if not caller.sees_all_companies:
        if caller.representative is None:
            raise Forbidden("representative-without-code", "You have no companies of your own.")
        conditions = replace(conditions, sales_representative=caller.representative)
    company, person = await commands.create_company(
        session,
        commands.CreateCompany(
            record=body.to_record(body.language),
            storefront=body.storefront,
            origin=CompanyOrigin.CREATED_BY_MERCHANT,
            contact=CreateContact(contact.name, contact.email, contact.language) if contact else None,
            conditions=conditions,
            with_account_access=body.with_account_access,
            test=body.test,
            payment_reference=body.payment_reference,
            vat_exempt=body.vat_exempt,
            external_keys=body.external_keys,
        ),
        now(),
    )
    response.headers["Location"] = f"/v1/companies/{company.id}"
    return CompanyCreatedAnswer(company_id=company.id, number=company.number, contact_id=person.id if person else None)


@router.get("", openapi_extra=staff_may(StaffPermission.SEE_CUSTOMERS, for_own=True))
async def list_companies(
    connection: Reading,
    caller: Staff,
    wanted: Companies,
    sort: Sort = "created",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CompanyAnswer]:
    """Companies, oldest first where nothing else is asked for; `-` before an order turns it round."""
    seen = own_companies(caller)
    return await queries.list_companies(connection, seen, wanted, sort=sort, cursor=cursor, limit=limit)


@router.get("/{company_id}", openapi_extra=staff_may(StaffPermission.SEE_CUSTOMERS))
async def read_company(company_id: UUID, connection: Reading, response: Response, _: Staff) -> CompanyAnswer:
    """One company, with its version in `ETag`."""
    row = await queries.read_company(connection, company_id)
    response.headers["ETag"] = etag(row.sequence)
    return CompanyAnswer.model_validate(row)


@router.patch("/{company_id}", openapi_extra=staff_may(StaffPermission.MANAGE_CUSTOMERS))
async def change_company(
    company_id: UUID,
    body: CompanyChange,
    session: Session,
    response: Response,
    _: Staff,
    if_match: Annotated[str, Header()],
) -> CompanyAnswer:
    """Changes the record or the conditions (ID-01)."""
    values: dict[str, Any] = body.model_dump(mode="json", exclude_unset=True)
    values |= {name: getattr(body, name) for name in ("language", "credit_limit") if name in values}
    company = await commands.change_company(session, commands.ChangeCompany(company_id, if_match, values))
    response.headers["ETag"] = etag(company.sequence)
    return CompanyAnswer.model_validate(company)


@router.get("/{company_id}/status", openapi_extra=staff_may(StaffPermission.SEE_CUSTOMERS))
async def explain_status(company_id: UUID, connection: Reading, _: Staff) -> queries.StatusExplained:
    """The customer status, what it allows, why it is so and what would change it."""
    return await queries.explain_status(connection, company_id, now())


class SuspendBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Text


class StatusAnswer(BaseModel):
    company_id: UUID
    status: CustomerStatus


@router.post("/{company_id}/suspend", openapi_extra=staff_may(StaffPermission.MANAGE_CUSTOMERS))
async def suspend_company(company_id: UUID, body: SuspendBody, session: Session, _: Staff) -> StatusAnswer:
    """Takes the right to sign in and to order, everywhere at once (ID-12)."""
    company = await commands.suspend_company(session, commands.SuspendCompany(company_id, body.reason), now())
    return StatusAnswer(company_id=company.id, status=company.status)


@router.post("/{company_id}/reactivate", openapi_extra=staff_may(StaffPermission.MANAGE_CUSTOMERS))
async def reactivate_company(company_id: UUID, session: Session, _: Staff) -> StatusAnswer:
    """Gives back what it had before it was suspended (ID-12)."""
    company = await commands.reactivate_company(session, company_id)
    return StatusAnswer(company_id=company.id, status=company.status)
