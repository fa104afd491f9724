"""A person enrols and removes his second factor; over HTTP, on real PostgreSQL (ID-23)."""

import asyncio

import pytest
from sqlalchemy import select, text

from identity.second_factor.models import SecondFactor
from identity.sign_in.models import EndedBecause, SignInSession
from tests.identity.people import PASSWORD, a_member
from tests.identity.second_factor.conftest import (
    Device,
    enrolled,
    first_step,
    second_step,
    set_policy,
)
from tests.identity.sign_in.conftest import EMAIL, STAFF_EMAIL, SignedIn, code, sign_in, try_to_sign_in

SAID = "countersign.identity.{}.second_factor_{}.v1"


async def events(api) -> list[tuple]:
    query = text("SELECT type, key, value, headers->>'actor' AS actor FROM outbox WHERE type LIKE :what ORDER BY id")
    async with api.database.reading() as connection:
        return list(await connection.execute(query, {"what": "%second_factor%"}))


async def test_it_counts_from_the_first_valid_code_on(api, iris, time):
    here = await sign_in(api)
    begun = await here.call("POST", "/second-factor", {"password": PASSWORD})
    device = Device(begun.json()["otpauth_uri"], time)
    assert "iris%40example.com" in device.uri
    assert (await here.call("GET", "/second-factor")).json()["enabled"] is False
    assert (await try_to_sign_in(api)).status_code == 201  # not confirmed: a password is enough
    wrong = await here.call("POST", "/second-factor/confirm", {"code": device.code(5)})
    assert code(wrong) == (401, "code-invalid")
    confirmed = await here.call("POST", "/second-factor/confirm", {"code": device.code()})
    assert len(confirmed.json()["recovery_codes"]) == 10
    factor = (await here.call("GET", "/second-factor")).json()
    assert (factor["enabled"], factor["recovery_codes_left"]) == (True, 10)
    assert (await first_step(api))["next"] == "code"


async def test_nothing_of_it_is_kept_or_told_in_the_clear(api, device):
    """Not in its tables, not in any event; the answers that show it are not kept for repetition."""
    secret = device.uri.partition("secret=")[2].partition("&")[0]
    async with api.database.reading() as connection:
        for table in ("second_factors", "recovery_codes", "outbox", "idempotent_answers", "sign_in_challenges"):
            kept = str(list(await connection.execute(text(f"SELECT * FROM {table}"))))
            assert not [one for one in (secret, *device.codes) if one in kept], table
        (row,) = list(await connection.execute(select(SecondFactor.__table__)))
        assert api.box.open(row.subject_id, row.secret) == secret


async def test_it_is_told_as_an_event_and_by_whom(api, iris, device, time):
    here = await _signed_in_with(api, device)
    removal = {"password": PASSWORD, "code": device.fresh()}
    assert (await here.call("POST", "/second-factor/remove", removal)).status_code == 204
    told = await events(api)
    assert [one.type for one in told] == [SAID.format("contact", what) for what in ("enabled", "removed")]
    assert {(one.key, one.actor) for one in told} == {(str(iris.contact_id), f"member:{iris.id}")}
    assert all(set(one.value.decode().split('"')[1::2]) == {"contact_id", str(iris.contact_id)} for one in told)


async def _signed_in_with(api, device, email=EMAIL) -> SignedIn:
    answer = await second_step(api, await first_step(api, email), device.fresh())
    assert answer.status_code == 201, answer.text
    return SignedIn(api, answer.json())


async def test_enrolment_asks_for_the_password_again(api, iris, time):
    here = await sign_in(api)
    refused = await here.call("POST", "/second-factor", {"password": "wrong password"})
    assert code(refused) == (401, "password-wrong")
    assert code(await here.call("POST", "/second-factor/confirm", {"code": "123456"})) == (
        409,
        "second-factor-not-begun",
    )


async def test_a_second_secret_replaces_the_first_until_one_is_confirmed(api, iris, time):
    here = await sign_in(api)
    first, second = [
        Device((await here.call("POST", "/second-factor", {"password": PASSWORD})).json()["otpauth_uri"], time)
        for _ in range(2)
    ]
    refused = await here.call("POST", "/second-factor/confirm", {"code": first.code()})
    assert code(refused) == (401, "code-invalid")
    assert (await here.call("POST", "/second-factor/confirm", {"code": second.code()})).status_code == 200
    for path, body in (("", {"password": PASSWORD}), ("/confirm", {"code": second.fresh()})):
        assert code(await here.call("POST", f"/second-factor{path}", body)) == (409, "second-factor-enabled")


async def test_two_first_codes_at_once_enable_it_once(api, iris, time):
    here = await sign_in(api)
    begun = await here.call("POST", "/second-factor", {"password": PASSWORD})
    device = Device(begun.json()["otpauth_uri"], time)
    tries = [here.call("POST", "/second-factor/confirm", {"code": device.code(n)}) for n in (-1, 0, 1)]
    answers = await asyncio.gather(*tries)
    assert sorted(one.status_code for one in answers) == [200, 409, 409]
    assert len(await events(api)) == 1


async def test_enabling_and_removing_end_the_other_sessions(api, iris, time):
    lost, here = await sign_in(api), await sign_in(api)
    device = await enrolled(here, time)
    assert (await lost.is_alive(), await here.is_alive()) == (False, True)
    other = await _signed_in_with(api, device)
    removal = {"password": PASSWORD, "code": device.fresh()}
    assert (await here.call("POST", "/second-factor/remove", removal)).status_code == 204
    assert (await other.is_alive(), await here.is_alive()) == (False, True)
    async with api.database.transaction() as session:
        why = set(await session.scalars(select(SignInSession.ended_because)))
    assert why == {None, EndedBecause.SECOND_FACTOR_CHANGED}
    assert await sign_in(api)


@pytest.mark.parametrize("wrong", ["password", "code", "spent code", "both"])
async def test_it_is_removed_with_the_password_and_a_code_alone(api, device, wrong):
    spent = device.code()
    here = await _signed_in_with(api, device)
    body = {"password": PASSWORD, "code": device.fresh()}
    if wrong in ("password", "both"):
        body["password"] = "wrong password"
    if wrong in ("code", "both"):
        body["code"] = "000000" if body["code"] != "000000" else "000001"
    if wrong == "spent code":
        body["code"] = spent
    refused = await here.call("POST", "/second-factor/remove", body)
    assert code(refused) == (401, "password-wrong" if wrong in ("password", "both") else "code-invalid")
    assert (await first_step(api))["next"] == "code"


async def test_a_recovery_code_removes_it_where_the_device_is_lost(api, device):
    answer = await second_step(api, await first_step(api), device.codes[0])
    here = SignedIn(api, answer.json())
    body = {"password": PASSWORD, "code": device.codes[1]}
    assert (await here.call("POST", "/second-factor/remove", body)).status_code == 204
    assert (await here.call("GET", "/second-factor")).json() == {
        "enabled": False,
        "since": None,
        "recovery_codes_left": 0,
    }


async def test_where_it_is_off_nobody_enrols_and_who_has_one_is_asked_for_it(api, iris, company, time):
    async with api.database.transaction() as session:
        await a_member(session, company, "bob@example.com", "user")
    device = await enrolled(await sign_in(api), time)
    await set_policy(api, members="off", administrators="off")
    bob = await sign_in(api, "bob@example.com")
    assert code(await bob.call("POST", "/second-factor", {"password": PASSWORD})) == (403, "second-factor-off")
    assert (await second_step(api, await first_step(api), device.fresh())).status_code == 201


async def test_staff_help_who_lost_device_and_codes_and_all_his_sessions_end(api, iris, device, staff):
    here = await _signed_in_with(api, device)
    assert (await staff.call("DELETE", f"/contacts/{iris.contact_id}/second-factor")).status_code == 204
    assert not await here.is_alive()
    assert await sign_in(api)
    assert (await events(api))[-1].actor == f"staff:{api.staff_id}"
    assert code(await staff.call("DELETE", f"/contacts/{iris.contact_id}/second-factor")) == (404, "not-found")


async def test_nobody_of_the_staff_removes_his_own_without_a_code_nor_a_member_anybodys(api, iris, staff, time):
    await enrolled(staff, time)
    own = await staff.call("DELETE", f"/staff/{api.staff_id}/second-factor")
    assert code(own) == (403, "not-of-oneself")
    member = await sign_in(api)
    for path in (f"/contacts/{iris.contact_id}", f"/staff/{api.staff_id}"):
        assert code(await member.call("DELETE", f"{path}/second-factor")) == (403, "staff-only")
    assert (await first_step(api, STAFF_EMAIL))["next"] == "code"


async def test_of_staff_it_is_told_as_an_event_of_staff(api, staff, time):
    await enrolled(staff, time)
    (told,) = await events(api)
    assert (told.type, told.key) == (SAID.format("staff", "enabled"), str(api.staff_id))
