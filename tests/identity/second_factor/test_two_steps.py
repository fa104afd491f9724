"""Signing in in two steps; over HTTP, on real PostgreSQL (ID-23)."""

import asyncio
from datetime import timedelta

import pytest

from contracts.identity.values import LinkPurpose
from identity.companies.commands import lock_company
from identity.contacts.commands import lock_contact
from identity.second_factor.challenges import CHALLENGE_LIFE
from identity.sign_in.commands import UseLink, request_reset, reset_password
from tests.identity.people import CHEAP, KEYS, PASSWORD, a_member
from tests.identity.second_factor.conftest import (
    Device,
    enrolled,
    first_step,
    second_step,
    set_policy,
)
from tests.identity.sign_in.conftest import EMAIL, STAFF_EMAIL, SignedIn, code, sign_in, try_to_sign_in


def wrong(device) -> str:
    """No code of these moments."""
    near = {device.code(n) for n in range(-2, 3)}
    return next(one for one in (f"{n:06}" for n in range(10)) if one not in near)


async def test_the_password_alone_gives_a_challenge_and_nothing_that_opens_anything(api, device):
    answer = await try_to_sign_in(api)
    assert answer.status_code == 202
    assert answer.json().keys() == {"challenge", "next", "expires_in"}
    challenge = answer.json()["challenge"]
    headers = {"Authorization": f"Bearer {challenge}"}
    assert code(await api.http.get("/v1/me", headers=headers)) == (401, "token-invalid")
    renewal = await api.http.post("/v1/sessions/refresh", json={"refresh_token": challenge})
    assert code(renewal) == (401, "refresh-token-invalid")
    enrolment = await api.http.post("/v1/sessions/second-factor/enrolment", json={"challenge": challenge})
    assert code(enrolment) == (403, "code-needed")


async def test_challenge_and_code_open_the_session_that_the_password_was_for(api, iris, device):
    challenge = await first_step(api, client="Phone")
    answer = await second_step(api, challenge, device.fresh())
    assert (answer.status_code, answer.json()["member_id"]) == (201, str(iris.id))
    assert answer.json()["recovery_codes"] is None
    here = SignedIn(api, answer.json())
    sessions = (await here.call("GET", "/sessions")).json()["items"]
    assert [one["client"] for one in sessions if one["current"]] == ["Phone"]
    assert await here.is_alive()


async def test_a_wrong_password_is_refused_as_without_a_second_factor(api, device):
    assert code(await try_to_sign_in(api, password="wrong password")) == (401, "credentials-invalid")


async def test_a_challenge_is_good_once_and_for_ten_minutes(api, device, time):
    challenge = await first_step(api)
    assert (await second_step(api, challenge, device.fresh())).status_code == 201
    assert code(await second_step(api, challenge, device.fresh())) == (401, "challenge-invalid")
    late = await first_step(api)
    time.pass_by(CHALLENGE_LIFE)
    assert code(await second_step(api, late, device.fresh())) == (401, "challenge-invalid")
    unknown = {"challenge": "unknown"}
    assert code(await second_step(api, unknown, device.fresh())) == (401, "challenge-invalid")


async def test_a_code_is_not_taken_again_in_its_window(api, device):
    used = device.fresh()
    assert (await second_step(api, await first_step(api), used)).status_code == 201
    challenge = await first_step(api)
    assert code(await second_step(api, challenge, used)) == (401, "code-invalid")
    assert code(await second_step(api, challenge, device.code(-1))) == (401, "code-invalid")
    assert (await second_step(api, challenge, device.code(1))).status_code == 201


async def test_the_code_that_enrolled_does_not_sign_in(api, device):
    assert code(await second_step(api, await first_step(api), device.code())) == (401, "code-invalid")


async def test_one_code_at_one_moment_opens_one_session(api, device):
    challenges = [await first_step(api) for _ in range(4)]
    used = device.fresh()
    answers = await asyncio.gather(*(second_step(api, one, used) for one in challenges))
    assert sorted(one.status_code for one in answers) == [201, 401, 401, 401]


async def test_one_challenge_at_one_moment_opens_one_session(api, device):
    challenge = await first_step(api)
    device.time.pass_by()
    answers = await asyncio.gather(*(second_step(api, challenge, device.code(n)) for n in (-1, 0, 1, 0)))
    assert [one.status_code for one in answers].count(201) == 1


async def test_a_recovery_code_is_good_once_also_at_one_moment(api, device):
    challenges = [await first_step(api) for _ in range(3)]
    typed = device.codes[3].lower().replace("-", " ")
    answers = await asyncio.gather(*(second_step(api, one, typed) for one in challenges))
    assert sorted(one.status_code for one in answers) == [201, 401, 401]
    (opened,) = [one for one in answers if one.status_code == 201]
    here = SignedIn(api, opened.json())
    assert (await here.call("GET", "/second-factor")).json()["recovery_codes_left"] == 9


async def test_a_code_of_somebody_else_is_refused(api, company, device, time):
    async with api.database.transaction() as session:
        await a_member(session, company, "bob@example.com")
    bobs = await enrolled(await sign_in(api, "bob@example.com"), time)
    challenge = await first_step(api)
    for stolen in (bobs.codes[0], bobs.fresh()):
        assert code(await second_step(api, challenge, stolen)) == (401, "code-invalid")


async def test_guessing_is_slowed_down_whatever_challenge_is_used_and_ends_by_itself(api, device, time):
    for _ in range(5):
        assert code(await second_step(api, await first_step(api), wrong(device))) == (401, "code-invalid")
    challenge = await first_step(api)
    throttled = await second_step(api, challenge, device.fresh())  # after the pause of one second
    assert throttled.status_code == 201
    for _ in range(5):
        await second_step(api, await first_step(api), wrong(device))
    challenge = await first_step(api)
    assert code(await second_step(api, challenge, device.code())) == (429, "sign-in-throttled")
    time.pass_by(timedelta(seconds=2))
    assert (await second_step(api, challenge, device.code(1))).status_code == 201


async def test_parallel_guesses_do_not_slip_through(api, device):
    challenge = await first_step(api)
    answers = await asyncio.gather(*(second_step(api, challenge, wrong(device)) for _ in range(12)))
    assert [one.status_code for one in answers].count(401) == 5
    assert [one.status_code for one in answers].count(429) == 7


async def test_a_challenge_ends_with_its_password(api, iris, device, time):
    challenge = await first_step(api)
    async with api.database.transaction() as session:
        await request_reset(session, await lock_contact(session, iris.contact_id), time.at)
    link = UseLink(KEYS.token(LinkPurpose.RESET, iris.contact_id, 1, EMAIL), KEYS)
    async with api.database.transaction() as session:
        await reset_password(session, link, await CHEAP.hash("another good password"), time.at)
    assert code(await second_step(api, challenge, device.fresh())) == (401, "challenge-invalid")
    assert (await first_step(api, password="another good password"))["next"] == "code"  # no way around by mail


async def test_who_may_not_sign_in_any_more_does_not_by_a_challenge(api, iris, device, time):
    challenge = await first_step(api)
    async with api.database.transaction() as session:
        (await lock_company(session, iris.company_id)).suspend("unpaid", time.at)
    assert code(await second_step(api, challenge, device.fresh())) == (403, "customer-disabled")


# -- where it is required ----------------------------------------------------------------------------------------------


async def test_who_has_none_gets_only_what_enrolment_needs(api, iris, time):
    await set_policy(api, administrators="required")
    challenge = await first_step(api)
    assert challenge["next"] == "enrol"
    assert code(await second_step(api, challenge, "123456")) == (409, "second-factor-not-begun")
    token = {"challenge": challenge["challenge"]}
    begun = await api.http.post("/v1/sessions/second-factor/enrolment", json=token)
    device = Device(begun.json()["otpauth_uri"], time)
    assert code(await second_step(api, challenge, wrong(device))) == (401, "code-invalid")
    answer = await second_step(api, challenge, device.code())
    assert answer.status_code == 201
    assert len(answer.json()["recovery_codes"]) == 10
    assert (await first_step(api))["next"] == "code"


@pytest.mark.parametrize(
    ("required", "asked"), [("staff", {STAFF_EMAIL}), ("administrators", {EMAIL}), ("members", {"bob@example.com"})]
)
async def test_it_is_required_of_whom_the_policy_names(api, iris, company, staff, required, asked):
    async with api.database.transaction() as session:
        await a_member(session, company, "bob@example.com", "user")
    await set_policy(api, **{required: "required"})
    answers = {email: await try_to_sign_in(api, email) for email in (STAFF_EMAIL, EMAIL, "bob@example.com")}
    assert {email for email, answer in answers.items() if answer.status_code == 202} == asked
    assert {answer.status_code for answer in answers.values()} == {201, 202}


async def test_a_session_without_one_is_not_renewed_once_it_is_required(api, iris, time):
    without, enrolling = await sign_in(api), await sign_in(api)
    await set_policy(api, administrators="required")
    assert code(await without.renewal()) == (403, "second-factor-required")
    await enrolled(enrolling, time)
    assert await enrolling.is_alive()


async def test_who_removes_it_where_it_is_required_enrols_again(api, device):
    await set_policy(api, administrators="required")
    here = SignedIn(api, (await second_step(api, await first_step(api), device.fresh())).json())
    removal = {"password": PASSWORD, "code": device.fresh()}
    assert (await here.call("POST", "/second-factor/remove", removal)).status_code == 204
    assert code(await here.renewal()) == (403, "second-factor-required")
    assert (await first_step(api))["next"] == "enrol"


async def test_a_challenge_to_enrol_replaces_no_second_factor_that_came_in_between(api, iris, time):
    """A thief of the password who begins first does not finish after the owner."""
    await set_policy(api, administrators="required")
    thief, owner = await first_step(api), await first_step(api)
    devices = []
    for challenge in (thief, owner):
        token = {"challenge": challenge["challenge"]}
        begun = await api.http.post("/v1/sessions/second-factor/enrolment", json=token)
        devices.append(Device(begun.json()["otpauth_uri"], time))
    assert code(await second_step(api, thief, devices[0].code())) == (401, "code-invalid")
    assert (await second_step(api, owner, devices[1].code())).status_code == 201
    assert code(await second_step(api, thief, devices[0].code())) == (409, "second-factor-enabled")
    token = {"challenge": thief["challenge"]}
    again = await api.http.post("/v1/sessions/second-factor/enrolment", json=token)
    assert code(again) == (409, "second-factor-enabled")


async def test_only_staff_change_the_policy(api, iris):
    here = await sign_in(api)
    for method in ("GET", "PUT"):
        assert code(await here.call(method, "/policies/second-factor", {})) == (403, "staff-only")
