"""Sign-in, renewal and links, on real PostgreSQL (ID-23)."""

import asyncio
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from chassis.errors import Conflict, Forbidden, Invalid, TooManyRequests, Unauthenticated
from contracts.identity.values import LinkPurpose
from identity.companies.commands import lock_company
from identity.contacts.commands import lock_contact
from identity.members.commands import AddMember, RemoveMember, add_member, remove_member
from identity.members.grants import MemberTerms, granted
from identity.roles.policies import BuiltIn
from identity.sign_in.commands import (
    UseLink,
    request_reset,
    request_reset_of,
    request_verification,
    reset_password,
    verify_address,
)
from identity.sign_in.ending import sign_out
from identity.sign_in.models import Credential, EndedBecause, SignInSession, SubjectKind
from identity.sign_in.passwords import Passwords
from identity.sign_in.signing_in import Attempt, renew, sign_in
from identity.sign_in.throttling import ALL_NETWORKS, SignInAttempts
from tests.identity.people import AT, CHEAP, KEYS, PASSWORD, a_company, a_contact, a_member, an_account

EMAIL = "iris@example.com"
HERE, ELSEWHERE = "192.0.2.0/24", "198.51.100.0/24"
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def database(new_database):
    return await new_database("identity")


@pytest.fixture
async def member(database):
    async with database.transaction() as session:
        company = await a_company(session)
        await a_member(session, company, "other@example.com")
        return await a_member(session, company, EMAIL)


def attempt(password: str = PASSWORD, network: str = HERE, email: str = EMAIL, company_id=None) -> Attempt:
    return Attempt(SubjectKind.MEMBER, email, password, network, company_id)


async def enter(database, at=AT, **what):
    return await sign_in(database, CHEAP, attempt(**what), at)


async def test_the_right_password_opens_a_session_for_the_one_company(database, member):
    opened = await enter(database)
    assert (opened.session.member_id, opened.session.company_id) == (member.id, member.company_id)


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(database, member):
    answers = []
    for what in ({"password": "wrong password"}, {"email": "nobody@example.com"}):
        with pytest.raises(Unauthenticated) as refused:
            await enter(database, **what)
        answers.append((refused.value.code, refused.value.detail))
    assert answers[0] == answers[1]


async def test_an_account_that_does_not_exist_is_throttled_like_one_that_does(database, member):
    for email in (EMAIL, "nobody@example.com"):
        for _ in range(5):
            with pytest.raises(Unauthenticated):
                await enter(database, email=email, password="wrong password")
        with pytest.raises(TooManyRequests) as refused:
            await enter(database, email=email)
        assert refused.value.facts["retry_after"] == 1


async def test_somebody_who_guesses_elsewhere_does_not_lock_out_the_person(database, member):
    await enter(database)
    for minute in range(30):
        with pytest.raises((Unauthenticated, TooManyRequests)):
            await enter(database, at=AT + minute * MINUTE, network=ELSEWHERE, password="wrong password")
    assert await enter(database, at=AT + 29 * MINUTE)


async def test_who_signs_in_on_several_devices_at_once_is_let_in_on_each(database, member):
    """The counters are locked in one order, when an attempt is counted and when failures are forgotten."""
    for minute in range(12):
        opened = await asyncio.gather(*(enter(database, at=AT + minute * MINUTE) for _ in range(4)))
        assert len({one.session.id for one in opened}) == 4
    with pytest.raises(Unauthenticated):
        await enter(database, at=AT + 12 * MINUTE, password="wrong password")
    async with database.transaction() as session:
        left = {one.network: one.failures for one in await session.scalars(select(SignInAttempts))}
    assert left == {ALL_NETWORKS: 1, HERE: 1}, "what succeeded is not counted"


async def test_guesses_at_one_moment_are_all_counted(database, member):
    tries = await asyncio.gather(
        *(enter(database, password="wrong password") for _ in range(12)), return_exceptions=True
    )
    assert {type(one) for one in tries} <= {Unauthenticated, TooManyRequests}
    assert sum(isinstance(one, Unauthenticated) for one in tries) == 5


async def stored_hash(database, member) -> str:
    async with database.reading() as connection:
        query = select(Credential.password_hash).where(Credential.subject_id == member.contact_id)
        return (await connection.execute(query)).scalar_one()


async def test_a_hash_with_other_costs_is_renewed_when_its_password_is_right(database, member):
    dearer, before = (
        Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)),
        await stored_hash(database, member),
    )
    with pytest.raises(Unauthenticated):
        await sign_in(database, dearer, attempt("wrong password"), AT)
    assert await stored_hash(database, member) == before
    entered = await asyncio.gather(*(sign_in(database, dearer, attempt(), AT) for _ in range(4)))
    assert len({one.session.id for one in entered}) == 4, "whoever is not the one who renews it is let in, too"
    renewed = await stored_hash(database, member)
    assert renewed.startswith("$argon2id$v=19$m=16,t=2,p=1$")
    await sign_in(database, dearer, attempt(), AT)
    assert await stored_hash(database, member) == renewed


async def test_the_company_is_named_where_there_are_several(database, member):
    async with database.transaction() as session:
        second = await a_company(session)
        grant = await granted(session, second.id, MemberTerms(BuiltIn.USER))
        await add_member(session, AddMember(second.id, member.contact_id, grant), AT)
    with pytest.raises(Conflict) as refused:
        await enter(database)
    assert refused.value.code == "company-not-named"
    assert len(refused.value.facts["companies"]) == 2
    assert (await enter(database, company_id=second.id)).session.company_id == second.id


async def test_nobody_signs_in_before_he_proved_his_address(database):
    async with database.transaction() as session:
        company = await a_company(session)
        member = await a_member(session, company, EMAIL)
        contact = await lock_contact(session, member.contact_id)
        contact.verified_at = None
    with pytest.raises(Forbidden, match="address-not-verified"):
        await enter(database)
    async with database.transaction() as session:
        contact = await lock_contact(session, member.contact_id)
        assert contact.verification_issue == 1  # a new link went out
        token = KEYS.token(LinkPurpose.VERIFICATION, contact.id, 1, EMAIL)
        await verify_address(session, UseLink(token, KEYS), AT)
    assert await enter(database)


async def test_a_suspended_company_is_refused_at_sign_in_and_at_renewal_and_comes_back(database, member):
    opened = await enter(database)
    async with database.transaction() as session:
        (await lock_company(session, member.company_id)).suspend("unpaid", AT)
    for act in (enter(database), renew(database, opened.refresh_token, AT)):
        with pytest.raises(Forbidden, match="customer-disabled"):
            await act
    async with database.transaction() as session:
        (await lock_company(session, member.company_id)).reactivate()
    assert await renew(database, opened.refresh_token, AT)


async def test_a_removed_member_is_not_renewed(database, member):
    opened = await enter(database)
    async with database.transaction() as session:
        await remove_member(session, RemoveMember(member.id, None), AT)
    with pytest.raises(Forbidden, match="member-inactive"):
        await renew(database, opened.refresh_token, AT)


async def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_session(database, member):
    opened = await enter(database)
    renewed = await renew(database, opened.refresh_token, AT + MINUTE)
    assert renewed.session.id == opened.session.id
    for token in (opened.refresh_token, renewed.refresh_token, "unknown"):
        with pytest.raises(Unauthenticated, match="refresh-token-invalid"):
            await renew(database, token, AT + MINUTE)
    async with database.transaction() as session:
        ended = await session.get_one(SignInSession, opened.session.id)
        assert ended.ended_because is EndedBecause.TOKEN_REUSED


async def test_after_signing_out_nothing_is_renewed(database, member):
    opened = await enter(database)
    async with database.transaction() as session:
        await sign_out(session, opened.session.id, AT)
    with pytest.raises(Unauthenticated):
        await renew(database, opened.refresh_token, AT)


async def test_a_reset_link_is_good_once_sets_the_password_and_ends_sessions(database, member):
    opened = await enter(database)
    async with database.transaction() as session:
        await request_reset_of(session, EMAIL, AT)
        await request_reset_of(session, EMAIL, AT + MINUTE)  # asked again too soon: no second mail
        await request_reset_of(session, "nobody@example.com", AT)
    link = UseLink(KEYS.token(LinkPurpose.RESET, member.contact_id, 1, EMAIL), KEYS)
    new = "another good password"
    async with database.transaction() as session:
        await reset_password(session, link, await CHEAP.hash(new), AT + MINUTE)
    with pytest.raises(Unauthenticated):
        await renew(database, opened.refresh_token, AT + MINUTE)
    assert await enter(database, password=new)
    with pytest.raises(Invalid, match="link-invalid"):
        async with database.transaction() as session:
            await reset_password(session, link, await CHEAP.hash(new), AT + MINUTE)


@pytest.mark.parametrize("why", ["expired", "earlier issue", "other address", "other purpose", "no token"])
async def test_a_link_that_is_not_alive_is_refused(database, why):
    async with database.transaction() as session:
        contact = await an_account(session, EMAIL)
        await request_reset(session, contact, AT)
        if why == "earlier issue":
            await request_reset(session, contact, AT)
        await request_verification(session, contact, AT)
    address = "old@example.com" if why == "other address" else EMAIL
    purpose = LinkPurpose.VERIFICATION if why == "other purpose" else LinkPurpose.RESET
    token = "nonsense" if why == "no token" else KEYS.token(purpose, contact.id, 1, address)
    at = AT + timedelta(hours=2) if why == "expired" else AT
    with pytest.raises(Invalid, match="link-invalid"):
        async with database.transaction() as session:
            await reset_password(session, UseLink(token, KEYS), await CHEAP.hash("another good password"), at)


async def test_a_guest_without_a_password_stays_a_guest_when_he_proves_his_address(database):
    async with database.transaction() as session:
        contact = await a_contact(session, EMAIL)
        await request_verification(session, contact, AT)
        await session.flush()
        token = KEYS.token(LinkPurpose.VERIFICATION, contact.id, 1, EMAIL)
        await verify_address(session, UseLink(token, KEYS), AT)
        assert contact.kind == "guest"
    async with database.transaction() as session:
        assert await session.scalar(select(SignInSession.id)) is None
