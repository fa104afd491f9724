"""The only readers of contacts behind HTTP."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound
from chassis.http.paging import Page
from contracts.identity.states import ContactKind
from contracts.shared.values import Address, Language
from identity.contacts.models import Contact
from identity.searching import contains
from identity.sorting import Sorting, sorted_page

contacts = Contact.__table__
SORTING = Sorting(
    contacts.c.id,
    {"name": func.lower(contacts.c.name), "email": contacts.c.email, "created": contacts.c.created_at},
)


class ContactAnswer(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: ContactKind
    company_id: UUID | None
    name: str
    email: str
    language: Language
    groups: list[str]
    phones: list[str]
    addresses: list[Address]
    consumer: bool
    """His account is for the shop for consumers alone; for companies he has another."""
    verified_at: datetime | None
    created_at: datetime
    erased_at: datetime | None
    """Since then nothing here tells who he was."""


async def read_contact(connection: AsyncConnection, contact_id: UUID) -> Row[Any]:
    """
    Raises:
        NotFound: there is none.
    """
    row = (await connection.execute(select(contacts).where(contacts.c.id == contact_id))).first()
    if row is None:
        raise NotFound
    return row


@dataclass(frozen=True)
class Wanted:
    """What is None does not filter; `search` is a part of name or address."""

    company_id: UUID | None = None
    email: str | None = None
    kind: ContactKind | None = None
    search: str | None = None

    def query(self) -> Select[Any]:
        query = select(contacts)
        for name in ("company_id", "email", "kind"):
            if (value := getattr(self, name)) is not None:
                query = query.where(contacts.c[name] == value)
        return query.where(contains(self.search, contacts.c.name, contacts.c.email)) if self.search else query


async def list_contacts(
    connection: AsyncConnection,
    seen: ColumnElement[bool],
    wanted: Wanted,
    *,
    sort: str,
    cursor: str | None,
    limit: int,
) -> Page[ContactAnswer]:
    """
    Args:
        seen: which contacts exist for the caller.

    Raises:
        Invalid: the cursor is not one of this list in this order.
    """
    rows = await SORTING.rows(connection, wanted.query().where(seen), sort=sort, cursor=cursor, limit=limit)
    return sorted_page(ContactAnswer, rows, sort, limit)
