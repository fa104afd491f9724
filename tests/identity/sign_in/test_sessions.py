"""A person sees his sessions and ends them, and so may who is responsible for him; over HTTP, on real PostgreSQL (ID-23)."""

import asyncio
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from chassis import clock
from chassis.errors import Unauthenticated
from chassis.ids import new_id
from identity.members.commands import AddMember, add_member
from identity.members.grants import MemberTerms, granted
from identity.roles.policies import BuiltIn
from identity.sign_in.models import EndedBecause, SignInSession, SubjectKind
from identity.sign_in.passwords import Passwords
from identity.sign_in.signing_in import Attempt
from identity.sign_in.signing_in import sign_in as open_by_password
from tests.identity.people import AT, PASSWORD, a_company, a_member
from tests.identity.sign_in.conftest import EMAIL, STAFF_EMAIL, SignedIn, code, sign_in, try_to_sign_in

NEW = "another good password"
MANAGER = {"names": {"en": "Manager"}, "permissions": ["manage_members", "buy"]}


async def listed(who: SignedIn) -> list[dict]:
    answer = await who.call("GET", "/sessions")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def ended_because(api, session_id) -> EndedBecause | None:
    async with api.database.transaction() as session:
        return (await session.get_one(SignInSession, session_id)).ended_because


async def test_a_person_sees_his_sessions_which_client_and_which_is_this_one(api, iris):
    await sign_in(api, client="Shop app 3")
    here = await sign_in(api, client="Mozilla/5.0 (X11)")
    first, second = await listed(here)
    assert (first["current"], first["client"], first["company_id"]) == (True, "Mozilla/5.0 (X11)", str(iris.company_id))
    assert (second["current"], second["client"]) == (False, "Shop app 3")
    assert first.keys() == {"session_id", "company_id", "client", "opened_at", "last_used_at", "current"}


async def test_a_renewal_is_a_use(api, iris):
    here = await sign_in(api)
    (before,) = await listed(here)
    assert await here.is_alive()
    (after,) = await listed(here)
    assert after["opened_at"] == before["opened_at"] == before["last_used_at"] < after["last_used_at"]


@pytest.mark.parametrize(
    ("days", "alive"),
    [([29], True), ([30], False), ([29, 58, 87], True), ([29, 58, 87, 89], True), ([29, 58, 87, 90], False)],
)
async def test_a_session_ends_when_it_is_not_renewed_and_at_last_in_any_case(api, iris, monkeypatch, days, alive):
    """After 30 days without a renewal, and 90 days after the sign-in."""
    here, began = await sign_in(api), clock.now()
    for day in days:
        monkeypatch.setattr(clock, "now", lambda day=day: began + timedelta(days=day))
        answer = await here.renewal()
    assert answer.status_code == (200 if alive else 401)


@pytest.mark.parametrize(
    ("said", "kept"),
    [("x" * 5000, "x" * 80), ("", None), ("  \t ", None), ("a\x1b[31mb\x7f", "a[31mb"), ("<script>", "<script>")],
)
async def test_what_a_client_says_it_is_is_cut_short_and_printable(api, iris, said, kept):
    here = await sign_in(api, client=said)
    assert (await listed(here))[0]["client"] == kept


async def test_sessions_come_in_pages(api, iris):
    here = [await sign_in(api) for _ in range(3)][-1]
    first = (await here.call("GET", "/sessions?limit=2")).json()
    rest = (await here.call("GET", f"/sessions?limit=2&cursor={first['next']}")).json()
    assert [len(first["items"]), len(rest["items"])] == [2, 1]
    assert len({one["session_id"] for one in first["items"] + rest["items"]}) == 3


async def test_one_is_revoked_and_its_refresh_token_is_dead_at_once(api, iris):
    lost, here = await sign_in(api), await sign_in(api)
    (its_id,) = [one["session_id"] for one in await listed(here) if not one["current"]]
    for _ in range(2):
        assert (await here.call("DELETE", f"/sessions/{its_id}")).status_code == 204
    assert code(await lost.renewal()) == (401, "refresh-token-invalid")
    assert len(await listed(here)) == 1
    assert await here.is_alive()
    assert await ended_because(api, its_id) is EndedBecause.REVOKED


async def test_all_others_are_revoked_at_once(api, iris):
    lost = [await sign_in(api), await sign_in(api)]
    here = await sign_in(api)
    assert (await here.call("POST", "/sessions/revoke-others")).json() == {"revoked": 2}
    assert [await one.is_alive() for one in lost] == [False, False]
    assert await here.is_alive()


async def test_nobody_revokes_a_strangers_session_nor_learns_that_it_is_there(api, iris):
    async with api.database.transaction() as session:
        await a_member(session, await a_company(session), "eve@example.com")
    hers, eve = await sign_in(api), await sign_in(api, "eve@example.com")
    (its_id,) = [one["session_id"] for one in await listed(hers)]
    answers = [await eve.call("DELETE", f"/sessions/{one}") for one in (its_id, new_id())]
    assert [code(one) for one in answers] == [(404, "not-found")] * 2
    assert answers[0].json()["detail"] == answers[1].json()["detail"]
    assert (await eve.call("POST", "/sessions/revoke-others")).json() == {"revoked": 0}
    assert await hers.is_alive()


async def test_who_was_revoked_does_not_revoke_the_others_with_what_his_token_has_left(api, iris):
    thief, here = await sign_in(api), await sign_in(api)
    await here.call("POST", "/sessions/revoke-others")
    body = {"current_password": PASSWORD, "password": NEW}
    for method, path in (("POST", "/sessions/revoke-others"), ("GET", "/sessions"), ("POST", "/password")):
        answer = await thief.call(method, path, body if path == "/password" else None)
        assert code(answer) == (401, "session-ended")
    assert await here.is_alive()


async def test_an_administrator_revokes_a_members_sessions_for_his_company_alone(api, iris, company):
    async with api.database.transaction() as session:
        buyer = await a_member(session, company, "bob@example.com", BuiltIn.USER)
        second = await a_company(session)
        grant = await granted(session, second.id, MemberTerms(BuiltIn.USER))
        await add_member(session, AddMember(second.id, buyer.contact_id, grant), AT)
    here = await sign_in(api, "bob@example.com", company_id=str(company.id))
    there = await sign_in(api, "bob@example.com", company_id=str(second.id))
    administrator = await sign_in(api)
    assert (await administrator.call("DELETE", f"/members/{buyer.id}/sessions")).status_code == 204
    assert (await here.is_alive(), await there.is_alive()) == (False, True)


async def test_who_may_not_revoke_the_sessions_of_others(api, iris, company):
    """ID-14: no member without the permission, no manager those of an administrator, nobody those of another company."""
    await api.set_roles(manager=MANAGER)
    async with api.database.transaction() as session:
        for name, role in (("user", BuiltIn.USER), ("manager", "manager")):
            await a_member(session, company, f"{name}@example.com", role)
        await a_member(session, await a_company(session), "eve@example.com")
    here = await sign_in(api)
    expected = {"user": (403, "permission-missing"), "manager": (403, "administrators-only"), "eve": (404, "not-found")}
    for name, refusal in expected.items():
        other = await sign_in(api, f"{name}@example.com")
        assert code(await other.call("DELETE", f"/members/{iris.id}/sessions")) == refusal
        for path in (f"/contacts/{iris.contact_id}/sessions", f"/staff/{api.staff_id}/sessions"):
            assert code(await other.call("DELETE", path)) == (403, "staff-only")
    assert await here.is_alive()


async def test_staff_revoke_those_of_anybody(api, iris, staff):
    for path in (f"/members/{iris.id}/sessions", f"/contacts/{iris.contact_id}/sessions"):
        here = await sign_in(api)
        assert (await staff.call("DELETE", path)).status_code == 204
        assert not await here.is_alive()
    colleague = await sign_in(api, STAFF_EMAIL)
    assert (await staff.call("DELETE", f"/staff/{api.staff_id}/sessions")).status_code == 204
    assert not await colleague.is_alive()


async def test_a_renewal_at_the_moment_of_revocation_saves_nothing(api, iris):
    here = await sign_in(api)
    for _ in range(8):
        lost = await sign_in(api)
        await asyncio.gather(lost.renewal(), here.call("POST", "/sessions/revoke-others"))
        assert not await lost.is_alive()


async def test_a_changed_password_ends_the_other_sessions_and_is_good_from_then_on(api, iris):
    lost, here = await sign_in(api), await sign_in(api)
    answer = await here.call("POST", "/password", {"current_password": PASSWORD, "password": NEW})
    assert answer.status_code == 204
    assert (await here.is_alive(), await lost.is_alive()) == (True, False)
    assert code(await try_to_sign_in(api)) == (401, "credentials-invalid")
    assert await sign_in(api, password=NEW)


async def test_the_password_is_changed_by_who_knows_it_and_to_a_good_one(api, iris):
    here = await sign_in(api)
    weak = await here.call("POST", "/password", {"current_password": PASSWORD, "password": "iris@example.com1"})
    assert code(weak) == (422, "password-too-weak")
    assert weak.json()["errors"][0]["pointer"] == "/password"
    for _ in range(5):
        wrong = await here.call("POST", "/password", {"current_password": "wrong password", "password": NEW})
        assert code(wrong) == (401, "password-wrong")
    guessed = await here.call("POST", "/password", {"current_password": PASSWORD, "password": NEW})
    assert code(guessed) == (429, "sign-in-throttled")
    assert await sign_in(api, EMAIL)  # guessing in a stolen session keeps nobody from signing in


async def test_two_changes_of_a_password_at_once_are_one(api, iris):
    sessions = [await sign_in(api), await sign_in(api)]
    passwords = [NEW, "yet another good one"]
    tries = [
        one.call("POST", "/password", {"current_password": PASSWORD, "password": new})
        for one, new in zip(sessions, passwords, strict=True)
    ]
    answers = await asyncio.gather(*tries)
    assert sorted(one.status_code for one in answers)[0] == 204
    assert sum(one.status_code == 204 for one in answers) == 1
    assert sum([await one.is_alive() for one in sessions]) == 1


class Interrupted(Passwords):
    """Lets something happen between the moment at which a password is verified and the session that it opens."""

    def __init__(self, then) -> None:
        super().__init__(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.then = then

    async def verify(self, password_hash: str | None, password: str) -> bool:
        verified = await super().verify(password_hash, password)
        await self.then()
        return verified


async def test_no_session_is_opened_past_the_change_of_its_password(api, iris):
    """Whoever is signing in with the old password while it is changed would otherwise outlive the change."""
    here = await sign_in(api)
    change = {"current_password": PASSWORD, "password": NEW}
    passwords = Interrupted(lambda: here.call("POST", "/password", change))
    attempt = Attempt(SubjectKind.MEMBER, EMAIL, PASSWORD, "192.0.2.0/24")
    with pytest.raises(Unauthenticated, match="credentials-invalid"):
        await open_by_password(api.database, passwords, attempt, clock.now())
    assert len(await listed(here)) == 1
