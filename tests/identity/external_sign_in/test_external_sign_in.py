"""Signing in at a real OpenID Connect issuer that runs as a process; over HTTP, on real PostgreSQL (ID-23)."""

import asyncio
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from chassis import clock
from chassis.context import Cause, caused_by
from identity.companies.commands import lock_company
from identity.external_sign_in import commands
from identity.external_sign_in.commands import take_passwords_again
from identity.external_sign_in.models import ExternalLogin
from identity.sign_in.models import SignInSession
from tests.identity.external_sign_in.conftest import RETURN_TO, begin, finish, set_policy
from tests.identity.people import a_company, a_member
from tests.identity.sign_in.conftest import EMAIL, STAFF_EMAIL, SignedIn, code, try_to_sign_in

ON = {"email": EMAIL, "email_verified": True}


@pytest.fixture(autouse=True)
async def on(api, iris, provider):
    await set_policy(api, members=True)
    await provider.knows("iris", **ON)


async def there_and_back(api, provider, login="iris", **more):
    begun = (await begin(api, **more)).json()
    back = await provider.signs_in(login, begun["authorization_url"])
    return await finish(api, begun["attempt"], back)


async def linked(api) -> list[tuple[str, str]]:
    async with api.database.reading() as connection:
        rows = await connection.execute(select(ExternalLogin.external_subject, ExternalLogin.subject_id))
        return [tuple(row) for row in rows]


async def test_who_signs_in_there_is_signed_in_here(api, iris, provider):
    answer = await there_and_back(api, provider)
    assert answer.status_code == 201, answer.text
    assert answer.json()["member_id"] == str(iris.id)
    here = SignedIn(api, answer.json())
    assert (await here.call("GET", "/me")).json()["member"]["member_id"] == str(iris.id)
    assert await here.is_alive()


async def test_the_browser_is_sent_with_pkce_state_and_nonce_and_without_the_secret_of_the_attempt(api, provider):
    first, second = (await begin(api)).json(), (await begin(api)).json()
    said = [parse_qs(urlsplit(one["authorization_url"]).query) for one in (first, second)]
    assert said[0]["code_challenge_method"] == ["S256"]
    assert (said[0]["response_type"], said[0]["scope"]) == (["code"], ["openid email"])
    for name in ("state", "nonce", "code_challenge"):
        assert len(said[0][name][0]) == 43
        assert said[0][name] != said[1][name]
    assert first["attempt"] not in first["authorization_url"]


async def test_the_link_is_made_once_by_the_address_and_holds_when_the_address_changes(api, iris, provider):
    await there_and_back(api, provider)
    await provider.knows("iris", email="married@example.com", email_verified=False)
    answer = await there_and_back(api, provider)
    assert (answer.status_code, answer.json()["member_id"]) == (201, str(iris.id))
    assert await linked(api) == [("iris", iris.contact_id)]


async def test_an_address_that_the_issuer_gave_to_somebody_else_opens_nothing(api, provider):
    await there_and_back(api, provider)
    await provider.knows("new-iris", **ON)
    assert code(await there_and_back(api, provider, "new-iris")) == (409, "login-linked-otherwise")


async def test_two_first_sign_ins_at_once_link_once(api, provider):
    begun = [(await begin(api)).json() for _ in range(4)]
    back = [await provider.signs_in("iris", one["authorization_url"]) for one in begun]
    answers = await asyncio.gather(*(finish(api, one["attempt"], two) for one, two in zip(begun, back, strict=True)))
    assert [one.status_code for one in answers] == [201] * 4
    assert len(await linked(api)) == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"email": EMAIL},
        {"email": EMAIL, "email_verified": False},
        {"email": EMAIL, "email_verified": "true"},
        {"email": "nobody@example.com", "email_verified": True},
        {"email": [EMAIL], "email_verified": True},
        {"email_verified": True},
    ],
)
async def test_only_a_verified_address_that_has_an_account_is_matched(api, provider, claims):
    await provider.knows("other", **claims)
    assert code(await there_and_back(api, provider, "other")) == (403, "no-account")
    assert await linked(api) == []


async def test_an_attempt_is_good_once_also_at_one_moment(api, provider):
    begun = (await begin(api)).json()
    back = await provider.signs_in("iris", begun["authorization_url"])
    answers = await asyncio.gather(*(finish(api, begun["attempt"], back) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [201, 401, 401, 401]
    async with api.database.reading() as connection:
        assert await connection.scalar(select(func.count()).select_from(SignInSession)) == 1


async def test_a_network_has_so_many_attempts_under_way_and_no_more(api, provider, monkeypatch):
    monkeypatch.setattr(commands, "MOST_OF_A_NETWORK", 3)
    begun = [await begin(api) for _ in range(4)]
    assert [one.status_code for one in begun] == [201, 201, 201, 429]
    assert begun[3].json()["code"] == "sign-in-throttled"
    assert 0 < begun[3].json()["retry_after"] <= 600
    back = await provider.signs_in("iris", begun[0].json()["authorization_url"])
    assert (await finish(api, begun[0].json()["attempt"], back)).status_code == 201
    assert (await begin(api)).status_code == 201, "one has ended"


async def test_the_code_of_another_browser_is_refused(api, provider):
    """Neither does a thief's code sign the victim in as the thief, nor the victim's code the thief as the victim."""
    mine, thiefs = (await begin(api)).json(), (await begin(api)).json()
    back = await provider.signs_in("iris", thiefs["authorization_url"])
    assert code(await finish(api, mine["attempt"], back)) == (401, "external-sign-in-invalid")
    mine = (await begin(api)).json()
    state = parse_qs(urlsplit(mine["authorization_url"]).query)["state"][0]
    swapped = await finish(api, mine["attempt"], {**back, "state": state})
    assert code(swapped) == (401, "external-sign-in-invalid")  # the nonce is the thief's


async def test_a_used_code_is_refused(api, provider):
    begun = (await begin(api)).json()
    back = await provider.signs_in("iris", begun["authorization_url"])
    await finish(api, begun["attempt"], back)
    again = (await begin(api)).json()
    state = parse_qs(urlsplit(again["authorization_url"]).query)["state"][0]
    assert code(await finish(api, again["attempt"], {**back, "state": state})) == (401, "external-sign-in-invalid")


@pytest.mark.parametrize("what", ["attempt", "state", "code"])
async def test_what_is_invented_is_refused(api, provider, what):
    begun = (await begin(api)).json()
    back = await provider.signs_in("iris", begun["authorization_url"])
    said = {"attempt": begun["attempt"], **back, what: "инвентед"}
    answer = await finish(api, said["attempt"], said)
    assert code(answer) == (401, "external-sign-in-invalid")


async def test_an_attempt_that_took_too_long_is_refused(api, provider, monkeypatch):
    begun = (await begin(api)).json()
    back = await provider.signs_in("iris", begun["authorization_url"])
    late = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(clock, "now", lambda: late)
    assert code(await finish(api, begun["attempt"], back)) == (401, "external-sign-in-invalid")


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example.com/",
        f"{RETURN_TO}/",
        f"{RETURN_TO}?next=//evil.example.com",
        RETURN_TO.upper(),
        "//shop.example.com/signed-in",
        "https://shop.example.com@evil.example.com/signed-in",
        "javascript:alert(1)",
    ],
)
async def test_the_browser_goes_back_to_named_addresses_alone(api, address):
    answer = await begin(api, return_to=address)
    assert code(answer) == (422, "return-address-unknown")
    assert answer.json()["errors"][0]["pointer"] == "/return_to"


async def test_a_member_of_several_companies_names_one(api, iris, provider):
    async with api.database.transaction() as session:
        second = await a_company(session)
        other = await a_member(session, second, "other@example.com")
        other.contact_id = iris.contact_id
    assert code(await there_and_back(api, provider)) == (409, "company-not-named")
    answer = await there_and_back(api, provider, company_id=str(second.id))
    assert answer.json()["company_id"] == str(second.id)


async def test_a_suspended_company_is_refused(api, iris, provider):
    async with api.database.transaction() as session:
        (await lock_company(session, iris.company_id)).suspend("unpaid", clock.now())
    assert code(await there_and_back(api, provider)) == (403, "customer-disabled")


# -- instead of passwords ----------------------------------------------------------------------------------------------


async def test_passwords_are_refused_for_that_kind_of_person_alone(api, staff, provider):
    refused = await try_to_sign_in(api)
    assert code(refused) == (403, "password-sign-in-off")
    assert code(await try_to_sign_in(api, "nobody@example.com")) == (403, "password-sign-in-off")
    assert (await try_to_sign_in(api, STAFF_EMAIL)).status_code == 201
    assert code(await begin(api, kind="staff")) == (403, "external-sign-in-off")


async def test_staff_sign_in_there_too_and_apart_from_a_member_of_the_same_login(api, iris, provider):
    await set_policy(api, staff=True)
    await provider.knows("sanne", email=STAFF_EMAIL, email_verified=True)
    answer = await there_and_back(api, provider, "sanne", kind="staff")
    assert (answer.status_code, answer.json()["member_id"]) == (201, None)
    assert code(await there_and_back(api, provider, "sanne")) == (403, "no-account")


async def test_sessions_of_the_other_way_are_not_renewed(api, staff, iris, provider):
    by_issuer = SignedIn(api, (await there_and_back(api, provider)).json())
    await set_policy(api, members=False, staff=True)
    assert code(await by_issuer.renewal()) == (403, "external-sign-in-off")
    assert code(await staff.renewal()) == (403, "password-sign-in-off")


async def test_a_session_of_the_issuer_ends_after_twelve_hours_however_often_it_is_renewed(
    api, provider, iris, monkeypatch
):
    here = SignedIn(api, (await there_and_back(api, provider)).json())
    began = clock.now()
    for hours, alive in ((6, True), (11.9, True), (12.1, False)):
        monkeypatch.setattr(clock, "now", lambda hours=hours: began + timedelta(hours=hours))
        assert await here.is_alive() is alive


async def test_an_operator_lets_passwords_in_again(api, provider):
    with caused_by(Cause(actor="operator:command-line")):
        async with api.database.transaction() as session:
            await take_passwords_again(session, clock.now())
    assert (await try_to_sign_in(api)).status_code == 201
    assert code(await begin(api)) == (403, "external-sign-in-off")
