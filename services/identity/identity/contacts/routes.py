"""Contacts over HTTP, for the merchant's staff (ID-03)."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from chassis.clock import now
from chassis.http.etag import etag
from chassis.http.paging import Cursor, Limit, Page
from chassis.http.routing import Reading, Router, Session
from contracts.identity.operations import staff_may
from contracts.identity.states import ContactKind
from contracts.identity.values import StaffPermission
from contracts.shared.values import Address, Code, Language
from identity.access import Staff
from identity.companies.commands import lock_company
from identity.companies.routes import Text
from identity.contacts import commands, queries
from identity.contacts.email import Email
from identity.contacts.queries import ContactAnswer
from identity.searching import Search
from identity.staff.companies import must_own, own_contacts

router = Router(prefix="/v1/contacts", tags=["contacts"])

Groups = Annotated[list[Code], Field(min_length=1, max_length=50)]
Phones = Annotated[list[Text], Field(max_length=10)]
ContactAddresses = Annotated[list[Address], Field(max_length=50)]


GUEST: JsonDict = {"name": "Iris Bakker", "email": "iris@bakkerij.example", "language": "nl", "groups": ["horeca"]}


class NewContact(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [GUEST]})

    name: Text
    email: Email
    language: Language
    groups: Groups
    company_id: UUID | None = None
    phones: Phones = []
    addresses: ContactAddresses = []


class ContactChange(BaseModel):
    """What is named is changed."""

    model_config = ConfigDict(extra="forbid")

    name: Text = ""
    email: Email = ""
    language: Language = Language.ENGLISH
    groups: Groups = []
    phones: Phones = []
    addresses: ContactAddresses = []


class ContactCreatedAnswer(BaseModel):
    contact_id: UUID


@router.post("", status_code=201, openapi_extra=staff_may(StaffPermission.MANAGE_CUSTOMERS, for_own=True))
async def create_contact(body: NewContact, session: Session, response: Response, caller: Staff) -> ContactCreatedAnswer:
    """A guest contact; it can be invited, and can not sign in before it accepted."""
    await must_own(session, caller, body.company_id)
    company = await lock_company(session, body.company_id) if body.company_id else None
    contact = await commands.create_contact(
        session,
        commands.CreateContact(
            name=body.name,
            email=body.email,
            language=body.language,
            company=company,
            groups=tuple(body.groups),
            phones=tuple(body.phones),
            addresses=tuple(one.model_dump(mode="json") for one in body.addresses),
        ),
        now(),
    )
    response.headers["Location"] = f"/v1/contacts/{contact.id}"
    return ContactCreatedAnswer(contact_id=contact.id)


@router.get("", openapi_extra=staff_may(StaffPermission.SEE_CUSTOMERS, for_own=True))
async def list_contacts(
    connection: Reading,
    caller: Staff,
    company_id: UUID | None = None,
    email: Email | None = None,
    kind: ContactKind | None = None,
    search: Annotated[Search, Query(description="A part of the name or the address")] = None,
    sort: Literal["name", "-name", "email", "-email", "created", "-created"] = "created",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ContactAnswer]:
    """Contacts, oldest first where nothing else is asked for; `-` before an order turns it round."""
    wanted = queries.Wanted(company_id=company_id, email=email, kind=kind, search=search)
    return await queries.list_contacts(connection, own_contacts(caller), wanted, sort=sort, cursor=cursor, limit=limit)


@router.get("/{contact_id}", openapi_extra=staff_may(StaffPermission.SEE_CUSTOMERS))
async def read_contact(contact_id: UUID, connection: Reading, response: Response, _: Staff) -> ContactAnswer:
    """One contact, with its version in `ETag`."""
    row = await queries.read_contact(connection, contact_id)
    response.headers["ETag"] = etag(row.sequence)
    return ContactAnswer.model_validate(row)


@router.patch("/{contact_id}", openapi_extra=staff_may(StaffPermission.MANAGE_CUSTOMERS))
async def change_contact(
    contact_id: UUID,
    body: ContactChange,
    session: Session,
    response: Response,
    _: Staff,
    if_match: Annotated[str, Header()],
) -> ContactAnswer:
    """Changes a contact. Links that were mailed to an old address are dead."""
    values: dict[str, Any] = body.model_dump(mode="json", exclude_unset=True)
    if "language" in values:
        values["language"] = body.language
    contact = await commands.change_contact(session, commands.ChangeContact(contact_id, if_match, values))
    response.headers["ETag"] = etag(contact.sequence)
    return ContactAnswer.model_validate(contact)
