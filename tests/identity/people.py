"""Companies, contacts and members for tests of identity's commands, made by the commands themselves."""

from datetime import UTC, datetime

from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.ids import new_id
from contracts.identity.events import CompanyOrigin
from contracts.identity.values import CustomerStatus
from contracts.shared.links import LinkKeys
from contracts.shared.values import Language
from identity.companies.models import Company
from identity.companies.status import ApplicationOutcome
from identity.contacts.commands import CreateContact, create_contact, register_contact
from identity.contacts.models import Contact
from identity.groups.commands import CreateGroup, create_group
from identity.members.commands import AddMember, add_member
from identity.members.grants import MemberTerms, granted
from identity.members.models import Member
from identity.roles.policies import BuiltIn
from identity.sign_in.commands import SetPassword, set_password
from identity.sign_in.passwords import Passwords

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEYS = LinkKeys("k1:" + "A" * 43)
PASSWORD = "correct horse battery"
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


async def a_company(session: AsyncSession, *, accepted: bool = True) -> Company:
    company = Company(
        id=new_id(),
        number=f"C-{new_id().hex[-6:]}",
        legal_name="Bakkerij De Vries B.V.",
        country="NL",
        language=Language.DUTCH,
        storefront="main",
        origin=CompanyOrigin.CREATED_BY_MERCHANT,
        with_account_access=True,
        application_outcome=ApplicationOutcome.NONE,
        first_invitation_live=False,
        has_price_list=False,
        status=CustomerStatus.NONE,
        created_at=AT,
    )
    session.add(company)
    await session.flush()  # for the defaults of its columns
    company.announce()
    if accepted:
        company.accept(AT)
    await session.flush()
    return company


async def some_groups(session: AsyncSession, *codes: str) -> None:
    """Without conditions."""
    for code in codes:
        await create_group(session, CreateGroup(code, {"en": code}, None, None, None, None), AT)


async def a_contact(session: AsyncSession, email: str, company: Company | None = None) -> Contact:
    return await create_contact(session, CreateContact("Iris Bakker", email, Language.DUTCH, company), AT)


async def an_account(session: AsyncSession, email: str, company: Company | None = None) -> Contact:
    """Registered, verified, with `PASSWORD`."""
    contact = await a_contact(session, email, company)
    await register_contact(session, contact)
    contact.verify(AT)
    await set_password(session, SetPassword(contact.id, await CHEAP.hash(PASSWORD)), AT)
    return contact


async def a_member(session: AsyncSession, company: Company, email: str, role: str = BuiltIn.ADMINISTRATOR) -> Member:
    account = await an_account(session, email, company)
    grant = await granted(session, company.id, MemberTerms(role))
    member = await add_member(session, AddMember(company.id, account.id, grant), AT)
    await session.flush()
    return member
