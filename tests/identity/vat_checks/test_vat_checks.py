"""ID-01: VAT numbers are asked about at the EU's service; an outage is `unknown`, never `invalid`, and is asked again."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from chassis.clock import now
from contracts.identity.values import VatCheck
from identity.applications import approving, commands
from identity.policies import ApprovalPolicy
from identity.vat_checks.asking import ask_vies
from identity.vat_checks.vies import LARGEST_ANSWER, Said, Vies
from tests.identity.applications.reviews import Review, refused
from tests.identity.vat_checks.vies_server import Answered, ViesServer, no, said, vies_server, yes

VAT, OTHER_VAT = "NL004495445B01", "NL123456782B90"


@pytest.fixture
async def server() -> AsyncIterator[ViesServer]:
    async with vies_server() as started:
        yield started


@pytest.fixture
async def review(api) -> Review:
    return await Review(api).begin()


async def look(review: Review, vies: Vies, *, later: timedelta = timedelta(0)) -> bool:
    """One round of the background work, so much later."""
    return await ask_vies(review.api.database, {Vies: vies}, now() + later)


async def company(review: Review, application: str) -> dict[str, Any]:
    read: dict[str, Any] = (await review.read(application))["company"]
    return read


async def checks(review: Review) -> list[tuple[str, str | None]]:
    """The results that were told, in order."""
    async with review.api.database.reading() as connection:
        query = "SELECT convert_from(value, 'UTF8') FROM outbox WHERE type LIKE '%.company.vat_checked.v1' ORDER BY id"
        told = [json.loads(one) for one in await connection.scalars(text(query))]
    return [(one["result"], one["consultation"]) for one in told]


async def test_a_yes_is_on_the_company_and_its_application_with_its_proof_and_is_told_once(review, server):
    application = await review.apply(vat_number=VAT)
    assert (await company(review, application))["vat_check"] is None
    vies = Vies(server.url, OTHER_VAT)
    assert await look(review, vies) is True
    shown = await company(review, application)
    assert (shown["vat_check"], shown["vat_consultation"], shown["vat_check_due_at"]) == ("valid", "WAPIAAAAX1", None)
    assert shown["vat_checked_at"] is not None
    assert await look(review, vies) is False, "nothing is due any more"
    assert server.asked == [
        {
            "countryCode": "NL", "vatNumber": VAT[2:],
            "requesterMemberStateCode": "NL", "requesterNumber": OTHER_VAT[2:],
        }
    ]  # fmt: skip
    assert await checks(review) == [("valid", "WAPIAAAAX1")]


async def test_an_outage_is_unknown_and_is_asked_again_later_until_there_is_a_yes_or_no(review, server):
    application = await review.apply(vat_number=VAT)
    server.answer = lambda _: (503, b"")
    vies = Vies(server.url)
    for hours in (0, 1, 2):
        assert await look(review, vies, later=timedelta(hours=hours)) is True
        assert (await company(review, application))["vat_check"] == "unknown"
        assert await look(review, vies, later=timedelta(minutes=4)) is False, "not at once again"
    server.answer = no
    assert await look(review, vies, later=timedelta(days=1)) is True
    assert (await company(review, application))["vat_check"] == "invalid"
    assert await look(review, vies, later=timedelta(days=30)) is False
    assert await checks(review) == [("unknown", None), ("invalid", None)]


def error(_: dict[str, Any]) -> Answered:
    return 200, b'{"actionSucceed": false, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]}'


BAD_ANSWERS = {
    "away": lambda _: (500, b"{}"),
    "an error in a good answer": error,
    "a member state away": lambda asked: said(asked, valid=False, userError="MS_UNAVAILABLE"),
    "not JSON": lambda _: (200, b"<html>"),
    "not an object": lambda _: (200, b"[false]"),
    "empty": lambda _: (200, b""),
    "no word of validity": lambda asked: said(asked),
    "validity as a text": lambda asked: said(asked, valid="false"),
    "of another number": lambda asked: said({**asked, "vatNumber": "1"}, valid=False),
    "too large": lambda asked: said(asked, valid=False, name="x" * LARGEST_ANSWER),
    "elsewhere": lambda asked: (302, no(asked)[1]),
    "elsewhere for good": lambda asked: (308, no(asked)[1]),
}


@pytest.mark.parametrize("bad", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
async def test_what_is_no_plain_answer_is_unknown(server, bad):
    server.answer = bad
    assert (await Vies(server.url).ask(VAT)).result is VatCheck.UNKNOWN
    assert server.paths == ["POST /rest-api/check-vat-number"], "no redirect is followed"


async def test_who_answers_too_late_or_is_not_there_is_unknown(server):
    server.go_on.clear()
    begun = asyncio.get_running_loop().time()
    assert (await Vies(server.url, timeout_seconds=0.3).ask(VAT)).result is VatCheck.UNKNOWN
    assert asyncio.get_running_loop().time() - begun < 20
    assert (await Vies("http://127.0.0.1:1").ask(VAT)).result is VatCheck.UNKNOWN


@pytest.mark.parametrize("strange", ["x" * 65, "<script>", 7, ["a"], "a\0b"])
async def test_a_strange_proof_is_left_out(server, strange):
    server.answer = lambda asked: said(asked, valid=True, requestIdentifier=strange)
    assert await Vies(server.url).ask(VAT) == Said(VatCheck.VALID)


@pytest.mark.parametrize(
    "address", ["http://vies.example/rest", "ftp://127.0.0.1/", "https://me@vies.example/", "vies"]
)
def test_only_a_safe_address_is_configured(address):
    with pytest.raises(ValueError, match="address"):
        Vies(address)


async def test_nobody_is_asked_without_an_address_or_outside_the_eu_or_without_a_number(review, server):
    await review.apply(vat_number=VAT)
    assert await look(review, Vies(None)) is False
    vies = Vies(server.url)
    assert await look(review, vies) is True
    for more in ({}, {"country": "GB", "vat_number": "GB980780684"}):
        await review.apply(**more)
        assert await look(review, vies, later=timedelta(days=1)) is False
    assert [one["vatNumber"] for one in server.asked] == [VAT[2:]]


async def test_another_number_is_asked_about_and_an_answer_about_the_old_one_counts_for_nothing(review, server):
    """The number is changed while the EU is being asked about the old one."""
    application = await review.apply(vat_number=VAT)
    path = f"/v1/companies/{(await company(review, application))['id']}"
    server.answer = lambda asked: (no if asked["vatNumber"] == VAT[2:] else yes)(asked)
    server.go_on.clear()
    vies = Vies(server.url)
    asking = asyncio.create_task(look(review, vies))
    await asyncio.wait_for(server.arrived.wait(), 60)
    headers = {**review.sanne, "If-Match": "*"}
    answer = await review.api.http.patch(path, json={"vat_number": OTHER_VAT}, headers=headers)
    assert answer.status_code == 200, answer.text
    server.go_on.set()
    assert await asking is True
    assert (await company(review, application))["vat_check"] is None
    assert await look(review, vies) is True
    assert (await company(review, application))["vat_check"] == "valid"
    assert await checks(review) == [("valid", None)]
    back = await review.api.http.patch(path, json={"vat_number": VAT}, headers=headers)
    assert back.json()["vat_check"] is None, "a yes is about the number that it was said of"
    assert await look(review, vies) is True
    assert await checks(review) == [("valid", None), ("invalid", None)]


async def test_workers_ask_one_after_the_other_and_about_each_number_once(review, server):
    for number in (VAT, OTHER_VAT):
        await review.apply(vat_number=number)
    server.go_on.clear()
    vies = Vies(server.url)
    first = asyncio.create_task(look(review, vies))
    await asyncio.wait_for(server.arrived.wait(), 60)
    assert [await look(review, vies) for _ in range(3)] == [False, False, False]
    server.go_on.set()
    assert await first is True
    while await look(review, vies):
        pass
    assert sorted(one["vatNumber"] for one in server.asked) == sorted([VAT[2:], OTHER_VAT[2:]])


async def test_an_invalid_number_blocks_approval_where_policy_says_so_and_an_unknown_one_does_not(review, server):
    free = await review.apply(vat_number=VAT)
    await review.follow(ApprovalPolicy(invalid_vat_blocks=True))
    blocked = await review.apply(vat_number=VAT)
    vies = Vies(server.url)
    server.answer = lambda asked: (503, b"")
    while await look(review, vies):
        pass
    unknown = await review.apply(vat_number=VAT)
    assert (await review.act(review.sanne, unknown, "approve")).status_code == 202
    server.answer = no
    while await look(review, vies, later=timedelta(days=1)):
        pass
    assert (await review.act(review.sanne, free, "approve")).status_code == 202
    assert refused(await review.act(review.sanne, blocked, "approve")) == (409, "vat-number-invalid")


async def test_an_approval_of_a_number_that_turns_out_invalid_returns_to_its_reviewer(review, server):
    """The answer came between the decision and the moment at which it is carried out."""
    await review.follow(ApprovalPolicy(invalid_vat_blocks=True))
    application = await review.apply(vat_number=VAT)
    requested = await review.act(review.sanne, application, "approve")
    assert requested.json()["status"] == "approving"
    server.answer = no
    await look(review, Vies(server.url))
    async with review.api.database.transaction() as session:
        application_id = (await commands.lock_application(session, application)).id
        await approving.approve_application(session, application_id, 1, now())
    shown = await review.read(application)
    assert (shown["status"], shown["returned"]) == ("waiting", "vat-number-invalid")
