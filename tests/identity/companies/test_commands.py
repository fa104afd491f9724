"""Companies on real PostgreSQL: price lists that pricing reports, customer numbers, names in contacts, the status table."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select, text

from chassis.database import Database
from chassis.errors import Conflict, StaleVersion
from chassis.ids import new_id
from chassis.policies import set_policy
from contracts.identity.events import CompanyOrigin
from contracts.identity.values import Capability, CustomerStatus
from contracts.pricing.states import AssigneeKind, TermsState, terms_key
from contracts.shared.values import Language
from identity.companies import commands
from identity.companies.commands import ChangeCompany, Conditions, CreateCompany, SuspendCompany
from identity.companies.models import Company
from identity.companies.numbers import CompanyRecord
from identity.companies.table import publish_status_table, see_status_table_published
from identity.companies.terms import KnownTerms, terms_changed, terms_row
from identity.contacts.commands import CreateContact, register_contact
from identity.contacts.models import Contact
from identity.policies import StatusTablePolicy
from tests.conftest import NewDatabase
from tests.identity.people import some_groups

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
RECORD = CompanyRecord("Eigen B.V.", "NL", Language.DUTCH, vat_number="NL004495445B01")
Create = Callable[..., Awaitable[Company]]


@pytest.fixture
async def database(new_database: NewDatabase) -> Database:
    database = await new_database("identity")
    async with database.transaction() as session:
        await some_groups(session, "bakers", "shops")
    return database


@pytest.fixture
def create(database: Database) -> Create:
    async def make(*groups: str, number: str | None = None, email: str | None = None) -> Company:
        contact = CreateContact("Marie", email, Language.DUTCH) if email else None
        conditions = Conditions(customer_number=number, groups=groups)
        command = CreateCompany(RECORD, "nl", CompanyOrigin.CREATED_BY_MERCHANT, contact, conditions)
        async with database.transaction() as session:
            company, _ = await commands.create_company(session, command, AT)
        return company

    return make


async def pricing_says(database: Database, kind: AssigneeKind, assignee: str, *, has: bool) -> None:
    """What the projection of terms does with one state."""
    state = TermsState(
        assignee_kind=kind, assignee=assignee, price_lists=("b2b",) if has else (), has_valid_price_list=has
    )
    async with database.transaction() as session:
        key = terms_key(kind, assignee)
        await session.merge(KnownTerms(key=key, epoch=1, sequence=1, **terms_row(state)))
        await session.flush()
        await terms_changed(session, [state])


async def status_of(database: Database, company_id: UUID) -> CustomerStatus:
    async with database.reading() as connection:
        found = await connection.execute(select(Company.status).where(Company.id == company_id))
        return CustomerStatus(found.scalar_one())


async def test_a_first_price_list_makes_a_company_a_customer_and_its_loss_takes_it_back(database, create):
    company = await create()
    await pricing_says(database, AssigneeKind.COMPANY, str(company.id), has=True)
    assert await status_of(database, company.id) is CustomerStatus.NOT_INVITED
    await pricing_says(database, AssigneeKind.COMPANY, str(company.id), has=False)
    assert await status_of(database, company.id) is CustomerStatus.NONE


async def test_a_price_list_of_a_contact_changes_no_status(database, create):
    """PR-04: also where the contact's id were that of a company."""
    company = await create()
    await pricing_says(database, AssigneeKind.CONTACT, str(company.id), has=True)
    assert await status_of(database, company.id) is CustomerStatus.NONE


async def test_the_terms_of_a_group_touch_every_company_of_the_group_and_no_other(database, create):
    bakers, also, other = await create("bakers"), await create("shops", "bakers"), await create("shops")
    await pricing_says(database, AssigneeKind.GROUP, "bakers", has=True)
    assert await status_of(database, bakers.id) is CustomerStatus.NOT_INVITED
    assert await status_of(database, also.id) is CustomerStatus.NOT_INVITED
    assert await status_of(database, other.id) is CustomerStatus.NONE


async def test_a_company_that_joins_or_leaves_a_group_is_judged_again(database, create):
    await pricing_says(database, AssigneeKind.GROUP, "bakers", has=True)
    company = await create()
    for groups, status in ((["bakers"], CustomerStatus.NOT_INVITED), ([], CustomerStatus.NONE)):
        async with database.transaction() as session:
            await commands.change_company(session, ChangeCompany(company.id, "*", {"groups": groups}))
        assert await status_of(database, company.id) is status


async def test_a_company_that_is_created_in_a_group_with_terms_is_not_invited_from_the_start(database, create):
    await pricing_says(database, AssigneeKind.GROUP, "bakers", has=True)
    assert (await create("bakers")).status is CustomerStatus.NOT_INVITED


async def test_terms_of_a_company_that_is_not_ours_are_no_error(database):
    await pricing_says(database, AssigneeKind.COMPANY, str(new_id()), has=True)


async def test_a_customer_number_is_given_once(database, create):
    await create(number="K-1")
    with pytest.raises(Conflict) as refused:
        await create(number="K-1")
    assert refused.value.facts == {"proposal": "K-1-2"}


async def test_numbers_of_our_own_step_over_those_that_the_merchant_took(database, create):
    await create(number="C-000001")
    assert (await create()).number == "C-000002"


async def test_a_change_needs_the_current_version_and_names_the_fields_without_values(database, create):
    company = await create()
    async with database.transaction() as session:
        command = ChangeCompany(company.id, f'"{company.sequence}"', {"invoice_days": 30, "vat_exempt": False})
        await commands.change_company(session, command)
    with pytest.raises(StaleVersion):
        async with database.transaction() as session:
            await commands.change_company(session, command)
    async with database.reading() as connection:
        body = await connection.scalar(
            text("SELECT convert_from(value, 'UTF8') FROM outbox WHERE type LIKE '%company.changed%'")
        )
    assert '"fields":["invoice_days"]' in body


async def test_another_name_of_the_company_reaches_the_copies_that_address_its_people(database, create):
    company = await create(email="marie@eigen.nl")
    async with database.transaction() as session:
        await commands.change_company(session, ChangeCompany(company.id, "*", {"legal_name": "Nieuw B.V."}))
        assert (await session.scalars(select(Contact.company_name))).all() == ["Nieuw B.V."]


async def test_suspending_twice_suspends_once(database, create):
    company = await create()
    for reason in ("does not pay", "again"):
        async with database.transaction() as session:
            suspended = await commands.suspend_company(session, SuspendCompany(company.id, reason), AT)
    assert (suspended.status, suspended.suspension_reason) == (CustomerStatus.DISABLED, "does not pay")
    async with database.transaction() as session:
        assert (await commands.reactivate_company(session, company.id)).status is CustomerStatus.NONE


async def test_an_address_has_one_account(database, create):
    await create(email="marie@eigen.nl")
    async with database.transaction() as session:
        await register_contact(session, (await session.scalars(select(Contact))).one())
    company = await create(email="marie@eigen.nl")
    async with database.transaction() as session:
        contacts = (await session.scalars(select(Contact))).all()
    assert [one.id for one in contacts] == [company.first_contact_id], "the merchant means the same person"


async def tables_published(database: Database) -> list[str]:
    async with database.reading() as connection:
        found = await connection.scalars(
            text("SELECT convert_from(value, 'UTF8') FROM outbox WHERE type LIKE '%status_table%' ORDER BY id")
        )
        return list(found.all())


async def test_the_status_table_is_published_once_at_the_start_and_whenever_it_changes(database):
    for _ in range(2):
        async with database.transaction() as session:
            await see_status_table_published(session, AT)
    assert len(await tables_published(database)) == 1
    changed = StatusTablePolicy(allowed={CustomerStatus.PENDING_APPROVAL: frozenset({Capability.LOG_IN})})
    async with database.transaction() as session:
        await set_policy(session, changed, scope="*", expected=0, at=AT)
        await publish_status_table(session, changed)
    published = await tables_published(database)
    assert len(published) == 2
    assert published[1] == '{"allowed":{"pending_approval":["log_in"]}}'
