"""The last step of an approval, when the terms are given: the customer is registered or enabled (ID-10)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, Invalid
from contracts.identity.activities import ApplicationStatus
from contracts.identity.values import AfterApproval
from identity.applications.commands import check_vat_number, lock_with_company
from identity.applications.models import Application
from identity.companies.commands import Conditions, claim_number, give_conditions
from identity.companies.models import Company
from identity.companies.status import ApplicationOutcome
from identity.contacts.commands import lock_contact
from identity.contacts.models import Contact
from identity.groups.naming import check_groups
from identity.invitations.commands import IssueInvitation, issue_invitation
from identity.members.grants import MemberTerms
from identity.members.logins import account_for, open_account, separate_at
from identity.roles.policies import BuiltIn
from identity.sign_in.commands import has_password, request_verification


async def approve_application(session: AsyncSession, application_id: UUID, decision: int, at: datetime) -> Application:
    """Carries out the decision. What became impossible meanwhile (its customer number was taken, a group went) returns it.

    Raises:
        NotFound.
    """
    application, company = await lock_with_company(session, application_id)
    if application.status is not ApplicationStatus.APPROVING or application.decision != decision:
        return application
    contact = await lock_contact(session, application.contact_id)
    conditions = Conditions.from_json(application.conditions or {})
    try:
        await _check_possible(session, application, company, contact, conditions)
    except (Conflict, Invalid) as refused:
        application.return_to_reviewer(decision, refused.code, at)
        return application
    await give_conditions(session, company, conditions)
    application.approve(decision, at)
    company.note_application(ApplicationOutcome.APPROVED)
    if application.after_approval is AfterApproval.ENABLE:
        await _open_account(session, application, contact, at)
        company.accept(at)
    elif not company.first_invitation_live:
        await issue_invitation(
            session,
            IssueInvitation(company.id, contact.id, MemberTerms(BuiltIn.ADMINISTRATOR), first_administrator=True),
            at,
        )
    return application


async def _open_account(session: AsyncSession, application: Application, contact: Contact, at: datetime) -> None:
    """Where logins are separate, a password that anybody may have chosen opens none before its address is proved, and takes
    none from a consumer: he is mailed another link (ID-08)."""
    chosen_by_anybody = contact.verified_at is None and await has_password(session, contact.id)
    if chosen_by_anybody and await separate_at(session, application.storefront):
        await request_verification(session, contact, at)
    else:
        await open_account(session, contact, application.storefront)


async def _check_possible(
    session: AsyncSession, application: Application, company: Company, contact: Contact, conditions: Conditions
) -> None:
    """Everything that could refuse, before anything is changed.

    Raises:
        Conflict: the VAT number is invalid, the customer number was taken, or somebody else registered the address.
        Invalid: `group-unknown`.
    """
    check_vat_number(application, company)
    await check_groups(session, conditions.groups, already=company.groups)
    number = conditions.customer_number
    if number and number != company.number:
        await claim_number(session, number)
    if application.after_approval is AfterApproval.ENABLE:
        other = await account_for(session, contact.email, application.storefront)
        if other is not None and other.id != contact.id:
            raise Conflict("email-registered", "Another contact has an account with this address.")
