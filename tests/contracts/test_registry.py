"""Rules for all that is published: names, topics, and personal data where it is listed and nowhere else (EV-05)."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, create_model

import contracts
from contracts.catalogue import events, topics
from contracts.publishing.keys import KEYS, is_field, key_of
from contracts.shared.activity import Payload
from contracts.shared.event import Event, State, family, major_version
from contracts.shared.topic import Topic

SERVICES = {"identity", "pricing", "orders", "notifications"}
TYPE = re.compile(
    r"countersign\.(?P<service>[a-z]+)\.(?P<aggregate>[a-z_]+)\.(?P<happened>[a-z_]+)\.v(?P<major>[1-9][0-9]*)"
)
TOPIC = re.compile(r"countersign\.(?P<service>[a-z]+)\.[a-z_]+(\.state)?")
PARTICIPLES_WITHOUT_ED = {"given", "taken_back", "withdrawn", "sent", "resent"}
PERSONAL = {
    "name", "surname", "email", "mail", "phone", "mobile", "address", "street", "line1", "line2", "city", "postal",
    "postcode", "birth", "iban", "token", "password", "secret", "text", "note", "comment", "remark", "salutation",
}  # fmt: skip
"""Words that a field's name is made of when it holds a person's data, a secret or free text."""

ALL_EVENTS = pytest.mark.parametrize("event", [events[name] for name in sorted(events)], ids=lambda event: event.type)
ALL_TOPICS = pytest.mark.parametrize("topic", topics(), ids=lambda topic: topic.name)


def fields(model: type[BaseModel]) -> Iterator[str]:
    """Names of all fields, those of nested models included."""
    schema = TypeAdapter(model).json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        yield from part.get("properties", {})


def suspicious(model: type[BaseModel]) -> set[str]:
    return {name for name in fields(model) if set(name.split("_")) & PERSONAL}


def payloads(base: type[Payload] = Payload) -> Iterator[type[Payload]]:
    for payload in base.__subclasses__():
        yield payload
        yield from payloads(payload)


@ALL_EVENTS
def test_a_type_is_named_by_its_owner_aggregate_and_what_happened(event: type[Event]) -> None:
    named = TYPE.fullmatch(event.type)
    assert named
    assert named["service"] in SERVICES
    assert event.topic.owner == named["service"]
    assert event.topic.name.split(".")[2] == named["aggregate"]
    if issubclass(event, State):
        assert named["happened"] == "state"
    else:
        assert named["happened"].endswith("ed") or named["happened"] in PARTICIPLES_WITHOUT_ED
    assert event.type == f"{family(event.type)}.v{major_version(event.type)}"


@ALL_EVENTS
def test_states_and_only_states_are_on_compacted_topics(event: type[Event]) -> None:
    assert issubclass(event, State) == event.topic.compacted


@ALL_EVENTS
def test_a_key_that_is_a_field_is_always_there(event: type[Event]) -> None:
    key = key_of(event.topic.name)
    if is_field(key):
        assert event.model_fields[key].is_required()


@ALL_TOPICS
def test_a_topic_is_named_by_its_owner_and_aggregate(topic: Topic) -> None:
    named = TOPIC.fullmatch(topic.name)
    assert named
    assert named["service"] in SERVICES


def test_every_topic_has_a_key_and_no_other() -> None:
    assert KEYS.keys() == {topic.name for topic in topics()}
    with pytest.raises(LookupError, match="what the key of countersign"):
        key_of("countersign.orders.offer")


def test_an_aggregate_has_the_same_partitions_on_both_of_its_topics() -> None:
    partitions = {topic.name: topic.partitions for topic in topics()}
    for name, count in partitions.items():
        assert partitions.get(f"{name}.state", count) == count


def test_topics_of_one_owner_are_its_own() -> None:
    assert {topic.owner for topic in topics("orders")} == {"orders"}
    assert sum(len(topics(service)) for service in SERVICES) == len(topics())


@ALL_TOPICS
def test_a_state_topic_is_compacted_and_keeps_tombstones(topic: Topic) -> None:
    if topic.name.endswith(".state"):
        assert topic.config["cleanup.policy"] == "compact"
        assert int(topic.config["delete.retention.ms"]) == 30 * 86_400_000
    else:
        assert topic.config == {"cleanup.policy": "delete", "retention.ms": str(30 * 86_400_000)}


def test_an_erased_person_is_gone_within_a_day() -> None:
    personal = [topic for topic in topics() if topic.personal_data]
    assert [topic.name for topic in personal] == ["countersign.identity.contact.state"]
    assert personal[0].config["max.compaction.lag.ms"] == str(86_400_000)
    assert "max.compaction.lag.ms" not in Topic("countersign.orders.order.state").config


@ALL_EVENTS
def test_personal_data_is_listed_field_by_field(event: type[Event]) -> None:
    assert suspicious(event) <= set(event.topic.personal_data)
    assert set(event.topic.personal_data) <= set(event.model_fields)


@ALL_EVENTS
def test_no_address_is_published(event: type[Event]) -> None:
    assert not {"line1", "Address"} & {*fields(event), *TypeAdapter(event).json_schema().get("$defs", {})}


def test_processes_carry_no_personal_data() -> None:
    for module in pkgutil.walk_packages(contracts.__path__, "contracts."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: dict[str, Any] = {payload.__name__: suspicious(payload) for payload in payloads()}
    assert {"StartOrderAttestation", "SendMail", "RowChanged"} <= found.keys()
    assert {name: names for name, names in found.items() if names} == {}


def test_a_nested_personal_field_is_found() -> None:
    person = create_model("Person", home_address=str)
    order = create_model("Order", buyers=(list[person], ...), order_id=str)
    assert suspicious(order) == {"home_address"}


def test_a_type_can_be_declared_once_and_needs_a_topic() -> None:
    with pytest.raises(TypeError, match="declared twice"):
        create_model(
            "Again", __base__=Event, __cls_kwargs__={"type": "countersign.orders.order.placed.v1", "topic": topics()[0]}
        )
    with pytest.raises(TypeError, match="no topic"):
        create_model("Nowhere", __base__=Event, __cls_kwargs__={"type": "countersign.orders.order.lost.v1"})
