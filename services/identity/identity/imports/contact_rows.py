"""Rows of a file of contacts, known by our id, or else by the address together with the company."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import DomainError
from contracts.identity.states import ContactKind
from contracts.shared.values import Code, Language
from identity.companies.models import Company
from identity.companies.naming import NamedCompanies
from identity.companies.routes import Text
from identity.contacts.commands import ChangeContact, CreateContact, change_contact, create_contacts
from identity.contacts.email import Email
from identity.contacts.models import Contact
from identity.groups.naming import hold_groups, require_groups
from identity.imports.cells import joined
from identity.imports.columns import Columns, Values, listed, missing, refusal_by
from identity.imports.company_rows import ADDRESS, Codes, WholeAddress
from identity.imports.models import Outcome, Refused, Settled
from identity.imports.row import Said, differing

Phones = Annotated[list[Text], Field(max_length=10), BeforeValidator(listed)]


class ContactValues(Values):
    id: UUID | None = None
    email: Email = ""
    name: Text = ""
    language: Language = Language.ENGLISH
    company: Code | None = None
    groups: Codes = Field(default_factory=list)
    phones: Phones = Field(default_factory=list)
    address: WholeAddress = None


class ContactRows:
    header = (
        "id",
        "email",
        "name",
        "language",
        "company",
        "groups",
        "phones",
        *(f"address_{part}" for part in ADDRESS),
    )
    """As an export has it."""
    columns = Columns(
        ContactValues,
        required=("email",),
        optional=tuple(name for name in header if name != "email"),
        groups=("address",),
    )
    batch = 500

    def key(self, said: Said) -> str | Refused:
        if said.get("id"):
            return f"id {said['id']}"
        return f"{said['email']} {said.get('company') or ''}"

    async def settle(self, session: AsyncSession, rows: Sequence[Said], at: datetime | None) -> list[Settled]:
        known = await _Known.of(session, rows, lock=at is not None)
        new: list[CreateContact] = []
        settled = []
        for said in rows:
            try:
                contact = known.contact(said)
                if isinstance(contact, Refused):
                    settled.append(Settled.refusing(contact))
                elif contact is not None:
                    settled.append(await _change(session, contact, said, known.groups, at))
                else:
                    require_groups(known.groups, said.get("groups", ()))
                    command = _new(said, known.company(said))
                    settled.append(
                        Settled.refusing(command) if isinstance(command, Refused) else Settled(Outcome.CREATED)
                    )
                    new += [command] if isinstance(command, CreateContact) else []
            except DomainError as error:
                if at is not None:
                    raise
                settled.append(Settled.refusing(refusal_by(error)))
        if at is not None:
            await create_contacts(session, new, at)
        return settled


class _Known:
    """The contacts, companies and active groups that rows name."""

    def __init__(self, contacts: Sequence[Contact], companies: NamedCompanies, groups: Collection[str]) -> None:
        self.groups = groups
        self._companies = companies.by_number
        self._by_id = {str(one.id): one for one in contacts}
        self._by_email: dict[str, list[Contact]] = defaultdict(list)
        for one in contacts:
            self._by_email[one.email].append(one)

    @classmethod
    async def of(cls, session: AsyncSession, rows: Sequence[Said], *, lock: bool) -> "_Known":
        numbers = {said["company"] for said in rows if said.get("company")}
        ids = [UUID(said["id"]) for said in rows if said.get("id")]
        emails = {said["email"] for said in rows if not said.get("id")}
        contacts = select(Contact).where(or_(Contact.id.in_(ids), Contact.email.in_(emails))).order_by(Contact.id)
        if lock:  # companies first, always
            contacts = contacts.with_for_update()
        of_numbers = await NamedCompanies.of(session, numbers, lock=lock)
        groups = await hold_groups(session, {code for said in rows for code in said.get("groups", ())})
        return cls((await session.scalars(contacts)).all(), of_numbers, groups)

    def company(self, said: Said) -> Company | Refused | None:
        if not said.get("company"):
            return None
        unknown = Refused("company-unknown", "company", "no company has this number")
        return self._companies.get(said["company"], unknown)

    def contact(self, said: Said) -> Contact | Refused | None:
        company = self.company(said)
        if isinstance(company, Refused):
            return company
        if said.get("id"):
            return self._with_id(said, company)
        found = self._by_email.get(said["email"], [])
        if "company" in said:
            found = [one for one in found if one.company_id == (company.id if company else None)]
        registered = [one for one in found if one.kind is ContactKind.REGISTERED and not one.consumer]
        if len(found) > 1 and not registered:
            return Refused("contact-ambiguous", "email", "several contacts have this address: name the id")
        return next(iter(registered or found), None)

    def _with_id(self, said: Said, company: Company | None) -> Contact | Refused:
        contact = self._by_id.get(said["id"])
        if contact is None:
            return Refused("contact-unknown", "id", "there is no such contact")
        if "company" in said and contact.company_id != (company.id if company else None):
            return Refused("cell-fixed", "company", "a contact stays with its company")
        return contact


def _new(said: Said, company: Company | Refused | None) -> CreateContact | Refused:
    if isinstance(company, Refused):
        return company
    if refused := missing(said, ("name", "language")):
        return refused
    groups = tuple(said.get("groups", ()))
    if not groups and not (company and company.groups):
        return Refused("cell-missing", "groups", "a contact without a company needs a group")
    address = said.get("address")
    return CreateContact(
        name=said["name"],
        email=said["email"],
        language=Language(said["language"]),
        company=company,
        groups=groups,
        phones=tuple(said.get("phones", ())),
        addresses=(address,) if address else (),
    )


async def _change(
    session: AsyncSession, contact: Contact, said: Said, groups: Collection[str], at: datetime | None
) -> Settled:
    values: dict[str, Any] = {name: said[name] for name in ("email", "name", "language", "phones") if name in said}
    if said.get("groups"):
        values["groups"] = said["groups"]
    if "language" in values:
        values["language"] = Language(values["language"])
    if "address" in said and said["address"] != next(iter(contact.addresses), None):
        values["addresses"] = [*([said["address"]] if said["address"] else []), *contact.addresses[1:]]
    fields = differing(contact, values)
    if not fields:
        return Settled(Outcome.UNCHANGED)
    require_groups({*groups, *contact.groups}, values.get("groups", ()))
    if at is not None:
        await change_contact(session, ChangeContact(contact.id, "*", {name: values[name] for name in fields}))
    return Settled(Outcome.CHANGED, fields)


def contact_cells(contact: Any, company: str | None) -> list[str]:
    """A contact as a row of a file with all columns."""
    address: dict[str, str] = next(iter(contact.addresses), {})
    return [
        str(contact.id), contact.email, contact.name, contact.language, company or "", joined(contact.groups),
        joined(contact.phones), *(address.get(part, "") for part in ADDRESS),
    ]  # fmt: skip
