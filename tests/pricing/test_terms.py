"""Price lists of contacts, companies and groups, and the fact that makes a wholesale customer (PR-04)."""

from datetime import timedelta

from chassis.clock import now
from chassis.ids import new_id
from chassis.processes import ActivityEntry
from contracts.pricing.activities import Given, GiveTerms, Refused, TakeBackTerms
from contracts.pricing.events import TermsGiven, TermsLapsed, TermsTakenBack
from contracts.pricing.states import TermsState
from pricing.terms.activities import give_terms, take_back_terms
from pricing.terms.commands import note_lapses
from tests.pricing.merchant import Merchant, accepted, refused


async def states(merchant: Merchant) -> list[tuple[tuple[str, ...], bool]]:
    return [(state.price_lists, state.has_valid_price_list) for state in await merchant.published(TermsState)]


async def test_the_first_valid_list_makes_a_wholesale_customer_and_the_last_unmakes_it(merchant: Merchant) -> None:
    company = str(new_id())
    await merchant.price_list("retail")
    await merchant.price_list("special")
    staff = merchant.staff
    for code in ("retail", "special", "special"):
        body = {"assignee_kind": "company", "assignee": company.upper(), "price_list": code}
        await accepted(staff.post("/terms", json=body))
    assert (await accepted(staff.get(f"/terms/company/{company}"))).json()["price_lists"] == ["retail", "special"]
    await accepted(staff.delete(f"/terms/company/{company}/retail"))
    await accepted(staff.delete(f"/terms/company/{company}/special"))
    await refused(staff.delete(f"/terms/company/{company}/special"), 404, "not-found")
    assert await states(merchant) == [
        (("retail",), True),
        (("retail", "special"), True),
        (("special",), True),
        ((), False),
    ]
    assert len(await merchant.published(TermsGiven)) == 2
    assert len(await merchant.published(TermsTakenBack)) == 2


async def test_a_list_is_given_to_a_contact_that_is_known_and_taken_back(merchant: Merchant) -> None:
    """PR-03: its events and its state name the contact by its id alone."""
    contact = (await merchant.join(new_id())).sub
    await merchant.price_list("his")
    staff = merchant.staff
    given = {"assignee_kind": "contact", "assignee": str(contact).upper(), "price_list": "his"}
    for _ in range(2):
        answer = await accepted(staff.post("/terms", json=given))
    assert answer.headers["Location"] == f"/v1/terms/contact/{contact}"
    read = (await accepted(staff.get(f"/terms/contact/{contact}"))).json()
    assert (read["price_lists"], read["has_valid_price_list"]) == (["his"], True)
    await accepted(staff.delete(f"/terms/contact/{contact}/his"))
    await refused(staff.delete(f"/terms/contact/{contact}/his"), 404, "not-found")
    assert await states(merchant) == [(("his",), True), ((), False)]
    for event in (TermsGiven, TermsTakenBack):
        (published,) = await merchant.published(event)
        assert published.model_dump() == {**given, "assignee": str(contact)}
    assert {one.assignee for one in await merchant.published(TermsState)} == {str(contact)}


async def test_a_list_is_not_given_to_a_contact_whom_nobody_knows(merchant: Merchant) -> None:
    await merchant.price_list("his")
    for assignee, why in ((str(new_id()), "contact-unknown"), ("not-an-id", "assignee-malformed")):
        body = {"assignee_kind": "contact", "assignee": assignee, "price_list": "his"}
        problem = await refused(merchant.staff.post("/terms", json=body), 422, why)
        assert [one["pointer"] for one in problem["errors"]] == ["/assignee"]
    assert await states(merchant) == []
    member = await merchant.join(new_id())
    body["assignee"] = str(member.sub)
    await refused(merchant.signed_in(member).post("/terms", json=body), 403, "staff-only")


async def test_the_base_list_counts_for_nothing(merchant: Merchant) -> None:
    await merchant.price_list("base", base=True)
    await merchant.give("base", group="retail")
    assert await states(merchant) == [(("base",), False)]


async def test_a_list_that_is_unknown_or_has_ended_can_not_be_given(merchant: Merchant) -> None:
    await merchant.price_list("old", valid_until="2020-01-01T00:00:00Z")
    for code, why in (("nothing", "price-list-unknown"), ("old", "price-list-expired")):
        body = {"assignee_kind": "group", "assignee": "retail", "price_list": code}
        await refused(merchant.staff.post("/terms", json=body), 422, why)
    body = {"assignee_kind": "company", "assignee": "not-an-id", "price_list": "old"}
    await refused(merchant.staff.post("/terms", json=body), 422, "assignee-malformed")
    assert await states(merchant) == []


async def test_a_process_is_told_why_a_list_can_not_be_given(merchant: Merchant) -> None:
    await merchant.price_list("retail")
    entry, company = ActivityEntry(merchant.database, {}, now()), new_id()
    refusal = await give_terms.implementation(entry, GiveTerms(company_id=company, price_list="nothing"))
    assert refusal == Refused(reason="price-list-unknown")
    for _ in range(2):
        given = await give_terms.implementation(entry, GiveTerms(company_id=company, price_list="retail"))
        assert given == Given()
    for _ in range(2):
        await take_back_terms.implementation(entry, TakeBackTerms(company_id=company, price_list="retail"))
    assert await states(merchant) == [(("retail",), True), ((), False)]


async def test_the_clock_begins_and_ends_validity(merchant: Merchant) -> None:
    begins, ends = now() + timedelta(days=1), now() + timedelta(days=2)
    await merchant.price_list("spring", valid_from=begins.isoformat(), valid_until=ends.isoformat())
    await merchant.give("spring", group="retail")
    for at in (begins - timedelta(seconds=1), begins, begins, ends):
        async with merchant.database.transaction() as session:
            await note_lapses(session, at)
    assert [valid for _, valid in await states(merchant)] == [False, True, False]
    assert len(await merchant.published(TermsLapsed)) == 2


async def test_a_changed_validity_is_noticed_at_once(merchant: Merchant) -> None:
    await merchant.price_list("spring")
    await merchant.give("spring", group="retail")
    await merchant.price_list("spring", valid_until="2020-01-01T00:00:00Z")
    await merchant.price_list("spring")
    assert [valid for _, valid in await states(merchant)] == [True, False, True]
