"""ID-08: a consumer account turns itself into a business account."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import select, text

from chassis import clock
from contracts.identity.activities import ApplicationStatus
from contracts.identity.values import AfterApproval, RegistrationMode
from identity.applications import approving, commands
from identity.applications.commands import RequestApproval
from identity.companies.commands import Conditions
from identity.contacts.models import Contact
from identity.policies import ConsumerAccountsPolicy, ConsumerLogin, RegistrationPolicy
from identity.sign_in.models import SignInLink
from tests.identity.applications.test_commands import follow
from tests.identity.people import KEYS, PASSWORD, a_company, a_contact, a_member, an_account

EMAIL = "jan@example.com"
ENABLE = RegistrationPolicy(after_approval=AfterApproval.ENABLE)
SEPARATE = ConsumerAccountsPolicy(login=ConsumerLogin.SEPARATE)
COMPANY = {"legal_name": "Bakkerij", "country": "NL", "vat_number": "NL004495445B01"}


def code(answer):
    return answer.status_code, answer.json().get("code")


@pytest.fixture
async def account(api) -> Contact:
    """Registered, without a company."""
    async with api.database.transaction() as session:
        return await an_account(session, EMAIL)


async def convert(api, email=EMAIL, password=PASSWORD, **changed):
    body = {"storefront": "nl", "language": "nl", "company": COMPANY, "email": email, "password": password, **changed}
    return await api.http.post("/v1/consumer-applications", json=body)


async def approve(api, converted):
    async with api.database.transaction() as session:
        request = RequestApproval(converted.json()["application_id"], Conditions(), None, "staff:1")
        application = await commands.request_approval(session, request, clock.now())
    async with api.database.transaction() as session:
        approved = await approving.approve_application(session, application.id, application.decision, clock.now())
    assert approved.status is ApplicationStatus.APPROVED


async def sign_in(api, password=PASSWORD):
    body = {"kind": "member", "email": EMAIL, "password": password}
    return await api.http.post("/v1/sessions", json=body)


async def people(api):
    async with api.database.transaction() as session:
        return (await session.scalars(select(Contact).where(Contact.email == EMAIL).order_by(Contact.id))).all()


async def use_link(api, contact: Contact, password: str):
    async with api.database.transaction() as session:
        query = select(SignInLink).where(SignInLink.contact_id == contact.id).order_by(SignInLink.requested_at.desc())
        link = (await session.scalars(query)).first()
    token = KEYS.token(link.purpose.value, contact.id, link.issue, EMAIL)
    return await api.http.post("/v1/password-resets/confirm", json={"token": token, "password": password})


async def test_with_a_shared_login_the_account_signs_in_for_the_company_once_it_is_approved(api, account):
    await follow(api.database, ENABLE)
    assert code(await sign_in(api)) == (403, "no-membership")
    converted = await convert(api)
    assert converted.status_code == 201, converted.text
    assert code(await sign_in(api)) == (403, "customer-pending-approval")
    assert [one.id for one in await people(api)] == [account.id]
    await approve(api, converted)
    assert (await sign_in(api)).json()["company_id"] == converted.json()["company_id"]


async def test_with_separate_logins_the_account_stays_the_consumers_and_another_is_chosen_by_a_link(api, account):
    await follow(api.database, ENABLE)
    await follow(api.database, SEPARATE)
    converted = await convert(api)
    assert converted.status_code == 201, converted.text
    consumer, person = await people(api)
    assert (consumer.id, consumer.consumer, person.consumer) == (account.id, True, False)
    another = "another good passphrase"
    assert (await use_link(api, person, another)).status_code == 200
    assert code(await sign_in(api, another)) == (401, "credentials-invalid"), "not before it is approved"
    await approve(api, converted)
    assert (await sign_in(api, another)).json()["company_id"] == converted.json()["company_id"]
    assert code(await sign_in(api)) == (401, "credentials-invalid"), "the consumer's password opens no company"


async def test_where_an_approval_invites_the_separate_login_is_made_by_the_invitation(api, account):
    await follow(api.database, SEPARATE)
    converted = await convert(api)
    await approve(api, converted)
    async with api.database.reading() as connection:
        invitation = (await connection.execute(text("SELECT id, issue, contact_id FROM invitations"))).one()
    token = KEYS.token("invitation", invitation.id, invitation.issue, EMAIL)
    another = "another good passphrase"
    accepted = await api.http.post(f"/v1/invitation-links/{token}/accept", json={"password": another})
    assert accepted.status_code == 200, accepted.text
    assert (await sign_in(api, another)).status_code == 201
    assert invitation.contact_id != account.id


async def test_only_who_shows_a_registered_account_to_be_his_converts_it(api, account):
    async with api.database.transaction() as session:
        await a_contact(session, "guest@example.com")
    for email, password in ((EMAIL, "not the password"), ("guest@example.com", PASSWORD), ("no@example.com", PASSWORD)):
        assert code(await convert(api, email, password)) == (401, "credentials-invalid")
    async with api.database.transaction() as session:
        (await session.merge(account)).verified_at = None
    assert code(await convert(api)) == (403, "address-not-verified")
    async with api.database.reading() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM companies")) == 0


async def test_guessing_here_is_slowed_down_like_guessing_at_sign_in(api, account):
    for _ in range(8):
        answer = await convert(api, password="not the password")
    assert code(answer) == (429, "sign-in-throttled")
    assert code(await sign_in(api)) == (429, "sign-in-throttled")


async def test_a_member_is_refused_whatever_the_policy(api):
    async with api.database.transaction() as session:
        await a_member(session, await a_company(session), EMAIL)
    assert code(await convert(api)) == (409, "already-a-member")
    await follow(api.database, SEPARATE)
    assert code(await convert(api)) == (409, "already-a-member")
    assert [one.consumer for one in await people(api)] == [False]


@pytest.mark.parametrize("login", ConsumerLogin)
async def test_of_several_conversions_at_one_moment_one_is_made(api, account, login):
    await follow(api.database, ConsumerAccountsPolicy(login=login))
    answers = await asyncio.gather(*(convert(api) for _ in range(4)))
    outcomes = Counter(answer.status_code for answer in answers)
    assert outcomes[201] == 1
    assert outcomes.keys() <= {201, 409, 429}, "attempts at one moment may be slowed down"


@pytest.mark.parametrize("login", ConsumerLogin)
async def test_who_was_rejected_may_apply_again(api, account, login):
    await follow(api.database, ConsumerAccountsPolicy(login=login))
    first = (await convert(api)).json()["application_id"]
    assert code(await convert(api)) == (409, "already-a-member")
    rejected = await api.http.post(f"/v1/applications/{first}/reject", json={"reason": "credit"}, headers=api.staff)
    assert rejected.status_code == 200
    assert (await convert(api)).status_code == 201


async def test_the_storefront_decides_who_may_apply_and_with_what(api, account):
    await follow(api.database, RegistrationPolicy(mode=RegistrationMode.CLOSED), "be")
    assert code(await convert(api, storefront="be")) == (403, "registration-closed")
    await follow(api.database, RegistrationPolicy(merchant_domains={"example.com"}), "fr")
    assert code(await convert(api, storefront="fr")) == (422, "email-of-merchant")
    assert code(await convert(api, company={"legal_name": "Bakkerij", "country": "NL"})) == (422, "company-invalid")
    assert code(await sign_in(api)) == (403, "no-membership"), "nothing was left of it"
