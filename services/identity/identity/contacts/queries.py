"""The only readers of contacts behind HTTP."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound
from chassis.http.paging import Page, page
from contracts.identity.states import ContactKind
from contracts.shared.values import Address, Language
from identity.contacts.models import Contact
from identity.cursors import id_after

contacts = Contact.__table__


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


async def list_contacts(
    connection: AsyncConnection,
    seen: ColumnElement[bool],
    *,
    company_id: UUID | None,
    email: str | None,
    cursor: str | None,
    limit: int,
) -> Page[ContactAnswer]:
    """By id, oldest first.

    Args:
        seen: which contacts exist for the caller.
    """
    query = select(contacts).where(seen).order_by(contacts.c.id).limit(limit + 1)
    if company_id:
        query = query.where(contacts.c.company_id == company_id)
    if email:
        query = query.where(contacts.c.email == email)
    if cursor:
        query = query.where(contacts.c.id > id_after(cursor))
    rows = (await connection.execute(query)).all()
    return page([ContactAnswer.model_validate(row) for row in rows], limit, lambda row: (row.id,))
