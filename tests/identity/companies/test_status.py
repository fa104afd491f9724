"""The customer status is a function of the facts, whatever happened in which order."""

from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict
from chassis.ids import new_id
from contracts.identity.events import CompanyOrigin, CompanyStatusChanged
from contracts.identity.values import CustomerStatus
from contracts.shared.values import Language
from identity.companies.models import Company
from identity.companies.status import ApplicationOutcome, Facts, customer_status, what_next

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
S, O = CustomerStatus, ApplicationOutcome  # noqa: E741

facts = st.builds(
    Facts,
    application_outcome=st.sampled_from(ApplicationOutcome),
    first_invitation_live=st.booleans(),
    accepted_at=st.sampled_from([None, AT]),
    suspended_at=st.sampled_from([None, AT]),
    has_price_list=st.booleans(),
)


def company(*, with_account_access: bool = True) -> Company:
    return Company(
        id=new_id(),
        sequence=0,
        number="C-000001",
        legal_name="Bakkerij Jansen B.V.",
        country="NL",
        language=Language.DUTCH,
        storefront="nl",
        groups=[],
        external_keys={},
        pays_by_invoice=False,
        vat_exempt=False,
        test=False,
        with_account_access=with_account_access,
        origin=CompanyOrigin.APPLIED,
        application_outcome=O.NONE,
        first_invitation_live=False,
        has_price_list=False,
        status=S.NONE,
        created_at=AT,
    )


COMMANDS = {
    **{f"application {outcome}": partial(Company.note_application, outcome=outcome) for outcome in O},
    "invite": lambda one: one.note_first_invitation(live=True, reason="invitation-issued"),
    "expire": lambda one: one.note_first_invitation(live=False, reason="invitation-expired"),
    "accept": lambda one: one.accept(AT),
    "suspend": lambda one: one.suspend("does not pay", AT),
    "reactivate": lambda one: one.reactivate(),
    "price list": lambda one: one.note_price_list(has=True),
    "no price list": lambda one: one.note_price_list(has=False),
}
commands = st.lists(st.sampled_from(sorted(COMMANDS)), max_size=12)


@given(commands)
def test_after_any_commands_the_status_is_that_of_the_facts_and_every_change_is_told(names):
    one = company()
    for name in names:
        COMMANDS[name](one)
        assert one.status is customer_status(one.facts)
    told = [recorded.event for recorded in one.drain() if isinstance(recorded.event, CompanyStatusChanged)]
    assert [change.old for change in told] == [S.NONE, *(change.new for change in told)][: len(told)]
    assert all(change.old is not change.new for change in told)
    assert one.status is (told[-1].new if told else S.NONE)


@given(commands)
def test_sequences_have_no_gap_and_the_state_carries_the_last(names):
    one = company()
    for name in names:
        COMMANDS[name](one)
    recorded = one.drain()
    sequences = [each.sequence for each in recorded[:-1]]
    assert sequences == list(range(1, len(sequences) + 1))
    if recorded:
        assert recorded[-1].sequence == sequences[-1]
        assert recorded[-1].event == one.state()


@given(facts)
def test_reactivating_gives_back_what_the_other_facts_say_and_enables_nobody_who_never_accepted(before):
    one = company()
    one.application_outcome, one.first_invitation_live = before.application_outcome, before.first_invitation_live
    one.accepted_at, one.has_price_list = before.accepted_at, before.has_price_list
    one.status = status = customer_status(one.facts)
    one.suspend("reason", AT)
    assert one.status is S.DISABLED
    one.reactivate()
    assert one.status is status
    assert one.status is not S.ENABLED or before.accepted_at is not None


@given(facts)
def test_the_heaviest_fact_decides(found):
    status = customer_status(found)
    weights = [
        (found.suspended_at is not None, S.DISABLED),
        (found.application_outcome is O.REJECTED, S.REJECTED),
        (found.application_outcome is O.PENDING, S.PENDING_APPROVAL),
        (found.accepted_at is not None, S.ENABLED),
        (found.application_outcome is O.APPROVED, S.REGISTERED),
        (found.first_invitation_live, S.INVITED),
        (found.has_price_list, S.NOT_INVITED),
        (True, S.NONE),
    ]
    assert status is next(answer for true, answer in weights if true)


@given(facts)
def test_what_is_said_to_come_next_really_would_change_the_status(found):
    for status in what_next(found, AT).values():
        assert status is not customer_status(found)


@given(facts)
def test_losing_the_price_list_takes_the_status_of_a_not_invited_only(found):
    without = Facts(**{**vars(found), "has_price_list": False})
    if customer_status(found) is not S.NOT_INVITED:
        assert customer_status(without) is customer_status(found)
    else:
        assert customer_status(without) is S.NONE


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        (["application pending", "application approved", "invite", "accept"], [S.PENDING_APPROVAL, S.REGISTERED, S.ENABLED]),
        (["application pending", "application rejected", "application pending"],
         [S.PENDING_APPROVAL, S.REJECTED, S.PENDING_APPROVAL]),
        (["application pending", "application none"], [S.PENDING_APPROVAL, S.NONE]),
        (["price list", "invite", "expire", "invite", "accept", "suspend", "reactivate"],
         [S.NOT_INVITED, S.INVITED, S.NOT_INVITED, S.INVITED, S.ENABLED, S.DISABLED, S.ENABLED]),
        (["application pending", "application approved", "invite", "expire"], [S.PENDING_APPROVAL, S.REGISTERED]),
    ],
)  # fmt: skip
def test_the_usual_paths(path, statuses):
    one = company()
    for name in path:
        COMMANDS[name](one)
    told = [recorded.event for recorded in one.drain() if isinstance(recorded.event, CompanyStatusChanged)]
    assert [change.new for change in told] == statuses


def test_a_company_without_account_access_is_neither_invited_nor_enabled():
    one = company(with_account_access=False)
    with pytest.raises(Conflict, match="company-without-account-access"):
        one.note_first_invitation(live=True, reason="invitation-issued")
    with pytest.raises(Conflict, match="company-without-account-access"):
        one.accept(AT)
    assert one.drain() == []
