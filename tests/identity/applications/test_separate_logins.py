"""ID-08: where a consumer's login stays separate, whoever applies with the address of his account gets another."""

import asyncio

import pytest
from sqlalchemy import select, text

from contracts.identity.states import ContactKind
from contracts.identity.values import LinkPurpose
from identity.contacts.models import Contact
from identity.policies import ConsumerAccountsPolicy, ConsumerLogin
from tests.identity.applications.test_commands import follow
from tests.identity.applications.test_converting import (
    COMPANY,
    EMAIL,
    ENABLE,
    SEPARATE,
    approve,
    code,
    convert,
    people,
    sign_in,
)
from tests.identity.people import KEYS, PASSWORD, a_company, a_member, an_account

OTHER = "another good passphrase"
NOBODYS = "nobody@example.com"


@pytest.fixture
async def consumer(api) -> Contact:
    """Registered, without a company."""
    async with api.database.transaction() as session:
        return await an_account(session, EMAIL)


@pytest.fixture
async def separate(api) -> None:
    await follow(api.database, SEPARATE)


async def apply(api, email=EMAIL, password=OTHER):
    applicant = {"name": "Jan", "email": email, **({"password": password} if password else {})}
    body = {"storefront": "nl", "language": "nl", "company": COMPANY, "applicant": applicant}
    answer = await api.http.post("/v1/applications", json=body)
    assert answer.status_code == 201, answer.text
    return answer


async def use_link(api, person: Contact):
    token = KEYS.token(LinkPurpose.VERIFICATION, person.id, person.verification_issue, person.email)
    return await api.http.post("/v1/verifications", json={"token": token})


async def prove_address(api, person: Contact):
    answer = await use_link(api, person)
    assert answer.status_code == 200, answer.text


async def sign_in_as(api, email, password):
    return await api.http.post("/v1/sessions", json={"kind": "member", "email": email, "password": password})


async def untouched(api, account: Contact) -> bool:
    """The account of the consumer, and what it opens."""
    async with api.database.transaction() as session:
        now = await session.get_one(Contact, account.id)
        same = now.sequence == account.sequence, now.consumer == account.consumer
    return all(same) and code(await sign_in(api)) == (403, "no-membership")


async def test_the_applicant_signs_in_with_his_own_password_once_he_is_approved_and_his_address_proved(
    api, separate, consumer
):
    await follow(api.database, ENABLE)
    applied = await apply(api)
    first, person = await people(api)
    assert (first.id, person.kind) == (consumer.id, ContactKind.GUEST)
    assert await untouched(api, consumer)
    await prove_address(api, person)
    assert [one.consumer for one in await people(api)] == [True, False]
    await approve(api, applied)
    assert (await sign_in(api, OTHER)).json()["company_id"] == applied.json()["company_id"]
    assert code(await sign_in(api)) == (401, "credentials-invalid"), "the consumer's password opens no company"


async def test_who_is_approved_before_he_has_proved_his_address_is_mailed_another_link(api, separate, consumer):
    await follow(api.database, ENABLE)
    applied = await apply(api)
    await approve(api, applied)
    assert await untouched(api, consumer)
    _, person = await people(api)
    assert person.verification_issue == 2
    await prove_address(api, person)
    assert (await sign_in(api, OTHER)).json()["company_id"] == applied.json()["company_id"]


async def test_who_asks_for_a_password_before_he_has_proved_his_address_is_mailed_that_link_again(
    api, separate, consumer
):
    """His links have ended; what he is answered is what everybody is answered."""
    await follow(api.database, ENABLE)
    applied = await apply(api)
    await approve(api, applied)
    async with api.database.transaction() as session:
        past = (
            "UPDATE sign_in_links SET requested_at = now() - interval '9 days', expires_at = now() - interval '6 days'"
        )
        await session.execute(text(past))
    assert code(await use_link(api, (await people(api))[1])) == (422, "link-invalid")
    for _ in range(2):  # the second one at once does nothing
        asked = await api.http.post("/v1/password-resets", json={"email": EMAIL})
        stranger = await api.http.post("/v1/password-resets", json={"email": NOBODYS})
        assert (asked.status_code, asked.json()) == (stranger.status_code, stranger.json())
    first, person = await people(api)
    assert (first.reset_issue, person.reset_issue, person.verification_issue) == (1, 0, 3)
    await prove_address(api, person)
    assert (await sign_in(api, OTHER)).json()["company_id"] == applied.json()["company_id"]


async def test_where_an_approval_invites_the_password_is_chosen_with_the_invitation(api, separate, consumer):
    applied = await apply(api, password=None)
    await approve(api, applied)
    assert await untouched(api, consumer)
    async with api.database.reading() as connection:
        invitation = (await connection.execute(text("SELECT id, issue, contact_id FROM invitations"))).one()
    path = f"/v1/invitation-links/{KEYS.token(LinkPurpose.INVITATION, invitation.id, invitation.issue, EMAIL)}"
    assert (await api.http.get(path)).json()["needs_password"] is True
    accepted = await api.http.post(f"{path}/accept", json={"password": OTHER})
    assert accepted.status_code == 200, accepted.text
    assert [(one.id == consumer.id, one.consumer) for one in await people(api)] == [(True, True), (False, False)]
    assert (await sign_in(api, OTHER)).json()["company_id"] == applied.json()["company_id"]


async def test_nothing_tells_a_stranger_whether_an_address_has_an_account(api, separate, consumer):
    """ID-08: neither what he is answered when he applies, nor what his password opens then, nor after an approval."""
    await follow(api.database, ENABLE)
    shapes, answers = [], []
    for email in (EMAIL, NOBODYS):
        applied = await apply(api, email)
        shapes.append((applied.status_code, applied.json().keys(), applied.headers.keys()))
        before = code(await sign_in_as(api, email, OTHER))
        await approve(api, applied)
        answers.append((before, code(await sign_in_as(api, email, OTHER))))
    assert shapes[0] == shapes[1]
    assert answers == [((401, "credentials-invalid"), (401, "credentials-invalid"))] * 2
    assert await untouched(api, consumer)


async def test_an_account_that_is_a_member_already_is_attached_as_ever(api, separate):
    """It is no consumer's: whoever signs in with it does so for companies."""
    async with api.database.transaction() as session:
        member = await a_member(session, await a_company(session), EMAIL)
    await apply(api, password=None)
    assert [one.id for one in await people(api)] == [member.contact_id]


async def test_with_shared_logins_the_account_is_attached(api, consumer):
    await follow(api.database, ConsumerAccountsPolicy(login=ConsumerLogin.SHARED))
    await apply(api, password=None)
    assert [one.id for one in await people(api)] == [consumer.id]


async def test_who_has_two_accounts_applies_again_with_the_one_for_companies(api, separate, consumer):
    """Rejected, he is a member nowhere; his second account is not left to a consumer who has one."""
    await follow(api.database, ENABLE)
    applied = await apply(api)
    _, person = await people(api)
    await prove_address(api, person)
    path = f"/v1/applications/{applied.json()['application_id']}/reject"
    rejected = await api.http.post(path, json={"reason": "other"}, headers=api.staff)
    assert rejected.status_code == 200, rejected.text
    again = await apply(api, password="a third good passphrase")
    assert [one.id for one in await people(api)] == [consumer.id, person.id]
    await approve(api, again)
    assert (await sign_in(api, OTHER)).json()["company_id"] == again.json()["company_id"]
    assert code(await convert(api, password=PASSWORD)) == (409, "already-a-member")


async def test_an_invitation_into_a_company_leaves_a_consumers_account_to_him_too(api, separate, consumer):
    async with api.database.transaction() as session:
        company = await a_company(session)
        company.storefront = "nl"
    assert (await api.invite(company.id, EMAIL, api.staff, role="user")).status_code < 300
    async with api.database.reading() as connection:
        invitation = (await connection.execute(text("SELECT id, issue FROM invitations"))).one()
    token = KEYS.token(LinkPurpose.INVITATION, invitation.id, invitation.issue, EMAIL)
    accepted = await api.http.post(f"/v1/invitation-links/{token}/accept", json={"password": OTHER})
    assert accepted.status_code == 200, accepted.text
    assert (await sign_in(api, OTHER)).json()["company_id"] == str(company.id)
    async with api.database.reading() as connection:
        assert await connection.scalar(select(Contact.consumer).where(Contact.id == consumer.id))


async def test_of_two_applicants_who_prove_one_address_at_one_moment_one_gets_the_account(api, separate, consumer):
    await follow(api.database, ENABLE)
    for _ in range(2):
        await apply(api)
    _, *applicants = await people(api)
    answers = sorted([code(one) for one in await asyncio.gather(*(use_link(api, one) for one in applicants))], key=str)
    assert answers[0] == (200, None)
    assert answers[1] in ((200, None), (409, "email-registered"))
    assert sorted((one.kind, one.consumer) for one in await people(api)) == [
        (ContactKind.GUEST, False),
        (ContactKind.REGISTERED, False),
        (ContactKind.REGISTERED, True),
    ]
