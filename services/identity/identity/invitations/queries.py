"""The only readers of invitations behind HTTP, and which processes should be running for them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.http.paging import id_after
from chassis.processes import ProcessStart
from contracts.identity.activities import TASK_QUEUE, InvitationStatus
from contracts.identity.processes import INVITATION_ACCEPTANCE, StartInvitationAcceptance, invitation_id
from identity.companies.models import Company
from identity.contacts.models import Contact
from identity.invitations.models import Invitation
from identity.members.logins import account_id_for
from identity.sign_in.models import Credential


async def invitations_of(
    connection: AsyncConnection, company_id: UUID, *, status: InvitationStatus | None, limit: int, cursor: str | None
) -> Sequence[Row[Any]]:
    """Of one company, newest first, one row more than the limit where there are more."""
    query = (
        select(Invitation.__table__, Contact.name, Contact.email, Contact.language)
        .join(Contact, Contact.id == Invitation.contact_id)
        .where(Invitation.company_id == company_id)
        .order_by(Invitation.id.desc())
        .limit(limit + 1)
    )
    if status:
        query = query.where(Invitation.status == status)
    if cursor:
        query = query.where(Invitation.id < id_after(cursor))
    return (await connection.execute(query)).all()


async def link_page(connection: AsyncConnection, invitation: UUID) -> dict[str, Any]:
    """What the holder of a living link is shown before he answers."""
    query = (
        select(
            Company.legal_name.label("company_name"),
            Invitation.role,
            Invitation.status,
            Invitation.expires_at,
            Contact.language,
            Contact.id.label("contact_id"),
            Contact.email,
            Company.storefront,
        )
        .join(Contact, Contact.id == Invitation.contact_id)
        .join(Company, Company.id == Invitation.company_id)
        .where(Invitation.id == invitation)
    )
    row = (await connection.execute(query)).one()
    account = await account_id_for(connection, row.email, row.storefront) or row.contact_id
    password = await connection.scalar(select(Credential.subject_id).where(Credential.subject_id == account))
    return {**row._mapping, "needs_password": password is None}


async def expected_acceptances(session: AsyncSession) -> list[ProcessStart]:
    """One per open invitation."""
    rows = await session.execute(
        select(Invitation.id, Invitation.company_number).where(Invitation.status == InvitationStatus.OPEN)
    )
    return [invitation_process(row.id, row.company_number) for row in rows]


def invitation_process(invitation: UUID, company_number: str) -> ProcessStart:
    """How the process of one invitation is started."""
    return ProcessStart(
        workflow=INVITATION_ACCEPTANCE,
        id=invitation_id(invitation),
        task_queue=TASK_QUEUE,
        argument=StartInvitationAcceptance(invitation_id=invitation, company_number=company_number),
        summary=f"Invitation to company {company_number}",
        company_number=company_number,
    )
