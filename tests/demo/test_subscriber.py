"""The subscriber finds what is wrong, and nothing in what is right."""

from pathlib import Path

import pytest
from demo.following import differences, leaks
from demo.subscriber.checks import Checks, Record
from demo.subscriber.contract import Contract

CONTRACT = Contract.read(Path(__file__).resolve().parents[2] / "contracts")
COMPANY = "8a5d3f0e-6c0c-4c0b-9b39-3f3a6a1f0b11"
CONTACT = "0b7c7f52-1c8e-4a4e-8f6d-1f6a1de0a001"
TOPIC = "countersign.identity.contact"
CREATED = "countersign.identity.contact.created.v1"
STATE_TOPIC = "countersign.pricing.price_list.state"
STATE = "countersign.pricing.price_list.state.v1"


def headers(*, key=CONTACT, event_type=CREATED, sequence=1, epoch=1, number=1):
    return {
        "ce_specversion": "1.0",
        "ce_id": f"00000000-0000-4000-8000-{number:012}",
        "ce_type": event_type,
        "ce_source": "/countersign/identity",
        "ce_subject": key,
        "ce_time": "2026-03-02T09:10:00Z",
        "ce_epoch": str(epoch),
        "ce_sequence": str(sequence),
        "content-type": "application/json",
    }


def created(*, sequence=1, number=None, offset=0, value=None, epoch=1):
    number = sequence if number is None else number
    body = {"contact_id": CONTACT, "company_id": COMPANY} if value is None else value
    return Record(TOPIC, 2, offset, CONTACT, headers(sequence=sequence, number=number, epoch=epoch), body)


def state(*, sequence, number, value="whole"):
    body = {"code": "base", "currency": "EUR", "base": True, "valid_from": None, "valid_until": None, "prices": 3}
    header = headers(key="base", event_type=STATE, sequence=sequence, number=number)
    return Record(STATE_TOPIC, 0, number, "base", header, body if value == "whole" else value)


@pytest.fixture
def checks():
    return Checks(CONTRACT, started_empty=True)


def test_it_reads_every_open_topic_and_leaves_the_closed_one():
    assert CONTRACT.closed == {"countersign.identity.contact.state"}
    assert not CONTRACT.closed & set(CONTRACT.topics)
    assert {"countersign.orders.order", "countersign.orders.order.state"} <= set(CONTRACT.topics)


def test_good_events_in_order_have_no_faults(checks):
    assert [checks.faults(created(sequence=n)) for n in (1, 2, 3)] == [[], [], []]


def test_a_missing_header_is_a_fault(checks):
    record = created()
    del record.headers["ce_epoch"]
    assert "ce_epoch" in checks.faults(record)[0]


def test_a_body_that_is_not_of_its_schema_is_a_fault(checks):
    assert "body" in checks.faults(created(value={"contact_id": "nobody"}))[0]


def test_a_type_of_another_topic_is_a_fault(checks):
    record = Record(TOPIC, 0, 0, CONTACT, headers(event_type=STATE), {})
    assert "is not in the contract of this topic" in checks.faults(record)[0]


def test_a_key_that_is_not_the_subject_is_a_fault(checks):
    record = created()
    other = Record(record.topic, record.partition, record.offset, COMPANY, record.headers, record.value)
    assert "is not the subject" in checks.faults(other)[0]


def test_a_key_that_is_not_the_field_of_the_contract_is_a_fault(checks):
    assert checks.faults(created(value={"contact_id": COMPANY})) == [
        f"{TOPIC}/2/0: the key is {CONTACT}, not the contact_id of the body"
    ]


def test_a_gap_is_a_fault(checks):
    checks.faults(created(sequence=1))
    assert checks.faults(created(sequence=3)) == [f"{TOPIC}/2/0: sequence 3 after 1"]


def test_another_event_with_the_same_sequence_is_a_fault(checks):
    checks.faults(created(sequence=1))
    assert checks.faults(created(sequence=1, number=9))


def test_a_topic_that_was_empty_begins_with_one(checks):
    assert checks.faults(created(sequence=4)) == [f"{TOPIC}/2/0: the first record of the key has sequence 4"]
    assert Checks(CONTRACT, started_empty=False).faults(created(sequence=4)) == []


def test_a_repeated_event_is_counted_and_no_fault(checks):
    for sequence in (1, 2, 1, 2, 3):
        assert checks.faults(created(sequence=sequence)) == []
    assert checks.duplicates == 2


def test_sequences_may_begin_again_in_a_higher_epoch(checks):
    checks.faults(created(sequence=5, number=1, epoch=1))
    assert checks.faults(created(sequence=5, number=2, epoch=2)) == []


def test_a_state_may_skip_and_must_rise(checks):
    assert checks.faults(state(sequence=2, number=1)) == []
    assert checks.faults(state(sequence=7, number=2)) == []
    assert "after" in checks.faults(state(sequence=6, number=3))[0]


def test_a_tombstone_belongs_on_a_state_topic(checks):
    assert checks.faults(state(sequence=2, number=1, value=None)) == []
    on_events = Record(TOPIC, 2, 0, CONTACT, headers(), None)
    assert "tombstone" in checks.faults(on_events)[0]


def test_an_address_is_a_fault_and_a_message_id_is_none(checks):
    value = {"contact_id": CONTACT, "company_id": COMPANY, "note": "sanne@bloemrijk.example"}
    assert checks.faults(created(value=value)) == [f"{TOPIC}/2/0: holds an e-mail address"]
    value["note"] = "<4f1d@countersign.example>"
    assert checks.faults(created(sequence=2, value=value)) == []


def record(offset, *, key="k", value=None):
    return {"topic": "t", "partition": 0, "offset": offset, "key": key, "headers": {}, "value": value}


def test_a_record_is_complete_when_each_offset_is_there_once():
    assert differences([record(4), record(5)], {("t", 0): 4}, {("t", 0): 5}, {("t", 0): 6}) == []


def test_what_is_missing_repeated_or_unknown_is_named():
    found = differences([record(4), record(4), record(7)], {("t", 0): 4}, {("t", 0): 6}, {("t", 0): 7})
    assert found == ["t/0/4 was recorded 2 times", "t/0/5 was recorded 0 times", "t/0/7 is not in Kafka"]


def test_a_name_in_a_record_is_found_whatever_its_case():
    assert leaks([record(1, value={"note": "by SANNE DE JONG"})], {"Sanne de Jong"}) == ["t/0/1 holds 'Sanne de Jong'"]
    assert leaks([record(1, value={"note": "by a member"})], {"Sanne de Jong"}) == []
