"""ID-09: who looks after an application, and the second person whom some terms need."""

from uuid import uuid4

from tests.identity.applications.reviews import INVOICE, approval, refused


async def test_a_reviewer_takes_an_application_and_finds_it_among_his_own(review):
    mine, nobodys = await review.apply(), await review.apply("Slagerij Vos", "piet@slager.nl")
    taken = await review.act(review.sanne, mine, "take")
    assert taken.json() == {"application_id": mine, "reviewer": str(review.api.staff_id)}
    assert await review.listed(review.sanne, reviewer="me") == [mine]
    assert await review.listed(review.joost, reviewer="me") == []
    assert await review.listed(review.joost, reviewer=str(review.api.staff_id)) == [mine]
    assert await review.listed(review.joost, reviewer="nobody", status="waiting") == [nobodys]
    assert await review.listed(review.joost) == [mine, nobodys]


async def test_of_two_who_take_at_once_one_gets_it_and_the_other_is_told_who(review):
    application = await review.apply()
    both = [review.act(who, application, "take") for who in (review.sanne, review.joost)]
    assert await review.at_once(*both) == [200, 409]
    has = (await review.read(application))["reviewer"]
    loser = review.joost if has == str(review.api.staff_id) else review.sanne
    answer = await review.act(loser, application, "take")
    assert (refused(answer), answer.json()["reviewer"]) == ((409, "application-taken"), has)
    assert await review.events("assigned") == 1


async def test_it_is_given_to_a_colleague_and_released_and_each_is_told_once(review):
    application = await review.apply()
    await review.act(review.sanne, application, "take")
    for _ in range(2):
        given = await review.act(review.sanne, application, "give", staff_id=str(review.joost_id))
        assert given.json()["reviewer"] == str(review.joost_id)
    assert (await review.act(review.sanne, application, "release")).json()["reviewer"] is None
    assert await review.events("assigned") == 3


async def test_it_is_given_to_nobody_who_is_not_of_the_staff_and_not_when_it_is_closed(review):
    application = await review.apply()
    answer = await review.act(review.sanne, application, "give", staff_id=str(uuid4()))
    assert refused(answer) == (422, "staff-unknown")
    assert answer.json()["errors"][0]["pointer"] == "/staff_id"
    await review.act(review.sanne, application, "withdraw")
    for act, body in (("take", {}), ("give", {"staff_id": str(review.joost_id)}), ("release", {})):
        assert refused(await review.act(review.joost, application, act, **body)) == (409, "application-not-waiting")


async def test_terms_above_the_policy_are_proposed_first_and_given_when_a_second_person_confirms(review):
    await review.two_people_above(30)
    application = await review.apply()
    proposed = await review.act(review.sanne, application, "approve", price_list="b2b", **INVOICE)
    assert proposed.json() == {"application_id": application, "status": "waiting", "decision": 0, "proposal": 1}
    shown = await review.read(application)
    assert shown["proposed"]["price_list"] == "b2b"
    assert shown["proposed"]["conditions"]["invoice_days"] == 60
    assert shown["proposed_by"] == f"staff:{review.api.staff_id}"
    confirmed = await review.act(review.joost, application, "confirm", proposal=1)
    assert (confirmed.status_code, confirmed.json()["status"]) == (202, "approving")
    decided = await review.read(application)
    assert (decided["decided_by"], decided["proposed_by"]) == (f"staff:{review.joost_id}", shown["proposed_by"])
    assert (decided["decision"], decided["proposed"], decided["price_list"]) == (1, None, "b2b")
    assert (await review.events("approval_proposed"), await review.events("approval_requested")) == (1, 1)


async def test_terms_within_the_policy_need_one_person_and_unstated_days_need_two(review):
    await review.two_people_above(30)
    for terms, status in (
        ({"pays_by_invoice": True, "invoice_days": 30}, "approving"),
        ({"pays_by_invoice": False, "invoice_days": 90}, "approving"),
        ({"pays_by_invoice": True, "invoice_days": 31}, "waiting"),
        ({"pays_by_invoice": True}, "waiting"),
    ):
        application = await review.apply()
        assert (await review.act(review.sanne, application, "approve", **terms)).json()["status"] == status, terms


async def test_who_proposed_does_not_confirm_not_even_in_bulk(review):
    await review.two_people_above(30)
    application = await review.apply()
    await review.act(review.sanne, application, "approve", **INVOICE)
    own = await review.act(review.sanne, application, "confirm", proposal=1)
    assert refused(own) == (403, "second-person-needed")
    again = await review.act(review.joost, application, "approve", **INVOICE)
    assert (refused(again), again.json()["proposal"]) == ((409, "approval-proposed"), 1)
    (outcome,) = (await review.decide(approval(application))).json()["outcomes"]
    assert outcome["problem"]["code"] == "approval-proposed"
    assert await review.events("approval_requested") == 0


async def test_nobody_confirms_what_he_has_not_seen(review):
    """The first took his proposal back, and proposed something else, while the second was reading."""
    await review.two_people_above(30)
    application = await review.apply()
    await review.act(review.sanne, application, "approve", **INVOICE)
    taken_back = await review.act(review.sanne, application, "retract", proposal=1)
    assert (taken_back.json()["status"], taken_back.json()["proposal"]) == ("waiting", None)
    assert refused(await review.act(review.joost, application, "confirm", proposal=1)) == (409, "proposal-gone")
    second = await review.act(review.sanne, application, "approve", pays_by_invoice=True, invoice_days=365)
    assert second.json()["proposal"] == 2
    assert refused(await review.act(review.joost, application, "confirm", proposal=1)) == (409, "proposal-gone")
    assert refused(await review.act(review.joost, application, "retract", proposal=1)) == (409, "proposal-gone")
    assert (await review.act(review.joost, application, "confirm", proposal=2)).status_code == 202


async def test_confirmed_and_retracted_at_once_one_of_the_two_happens(review):
    await review.two_people_above(30)
    application = await review.apply()
    await review.act(review.sanne, application, "approve", **INVOICE)
    both = (
        review.act(review.joost, application, "confirm", proposal=1),
        review.act(review.sanne, application, "retract", proposal=1),
    )
    assert await review.at_once(*both) in ([200, 409], [202, 409])
    assert await review.events("proposal_retracted") + await review.events("approval_requested") == 1


async def test_a_proposal_holds_back_questions_and_falls_with_a_rejection(review):
    await review.two_people_above(30)
    application = await review.apply()
    await review.act(review.sanne, application, "approve", **INVOICE)
    assert refused(await review.act(review.joost, application, "questions", text="Why?")) == (409, "approval-proposed")
    rejected = await review.act(review.joost, application, "reject", reason="credit")
    assert (rejected.json()["status"], rejected.json()["proposal"]) == ("rejected", None)
    assert refused(await review.act(review.joost, application, "confirm", proposal=1)) == (
        409,
        "application-not-waiting",
    )
