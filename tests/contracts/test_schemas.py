"""The generated files: the same on every run, what the models say now, and valid in their own languages."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from contracts.catalogue import events, topics
from contracts.publishing import files
from contracts.publishing.compatibility import Schema
from contracts.publishing.schemas import schema_of

PRINT_ALL = """
import json
from pathlib import Path
from contracts.publishing import files
from contracts.publishing.compatibility import Schema
print(json.dumps({str(path): text for path, text in files.rendered(Path("nowhere")).items()}))
"""


@pytest.fixture(scope="module")
def schemas() -> dict[str, Schema]:
    return files.current_schemas()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files.generate(tmp_path)
    return tmp_path


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def references(place: Any) -> Iterator[str]:
    if isinstance(place, dict):
        if isinstance(place.get("$ref"), str):
            yield place["$ref"]
        for part in place.values():
            yield from references(part)
    elif isinstance(place, list):
        for part in place:
            yield from references(part)


def test_the_committed_files_are_what_the_models_say() -> None:
    assert files.outdated() == []


def test_generation_is_the_same_on_every_run() -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-c", PRINT_ALL],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(files.FOLDER)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    ]
    assert runs[0] == runs[1] == runs[2]


def test_a_changed_missing_or_stray_file_is_seen(folder: Path) -> None:
    assert files.outdated(folder) == []
    written = folder / "schemas"
    (written / "countersign.orders.order.placed.v1.json").write_text("{}")
    (written / "countersign.orders.order.expired.v1.json").unlink()
    (written / "countersign.orders.order.lost.v1.json").write_text("{}")
    assert files.outdated(folder) == [
        "schemas/countersign.orders.order.expired.v1.json: missing",
        "schemas/countersign.orders.order.placed.v1.json: differs from its model",
        "schemas/countersign.orders.order.lost.v1.json: of no known type",
    ]
    files.generate(folder)
    assert files.outdated(folder) == []


@pytest.mark.parametrize("name", sorted(events))
def test_a_schema_is_valid_and_says_what_it_is(name: str, schemas: dict[str, Schema]) -> None:
    schema = schemas[name]
    jsonschema_rs.meta.validate(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:countersign:schema:{name}"
    assert schema["title"] == events[name].__name__
    assert schema["description"].endswith(".")
    assert schema["x-kafka"]["topic"] == events[name].topic.name


def test_words_of_the_models_are_in_their_schemas(schemas: dict[str, Schema]) -> None:
    issued = schemas["countersign.identity.invitation.issued.v1"]
    assert issued["description"] == "Starts the process `invitation/<invitation id>`."
    assert issued["properties"]["first_administrator"]["description"] == "Accepting it enables the company."
    assert issued["properties"]["contact_id"]["description"] == "The guest contact that the invitation is addressed to."
    placed = schemas["countersign.orders.order.placed.v1"]
    assert placed["description"] == "Order placed."
    status = schemas["countersign.orders.order.state.v1"]["$defs"]["OrderStatus"]
    assert status["x-values"]["refused"] == "Attested, but at placement it no longer may be."
    assert status["x-values-may-be-added"] is True


def test_personal_data_is_marked_field_by_field(schemas: dict[str, Schema]) -> None:
    marked = {
        (name, field)
        for name, schema in schemas.items()
        for field, described in schema["properties"].items()
        if described.get("x-personal-data")
    }
    contact = "countersign.identity.contact.state.v1"
    assert marked == {(contact, field) for field in ("name", "email", "language", "company_name")}


def test_money_is_text_and_a_field_with_a_default_is_optional(schemas: dict[str, Schema]) -> None:
    placed = schemas["countersign.orders.order.placed.v1"]
    assert placed["$defs"]["Money"]["properties"]["amount"]["type"] == "string"
    assert "test" not in schemas["countersign.identity.company.created.v1"]["required"]


def test_an_example_becomes_part_of_its_schema() -> None:
    assert schema_of(events["countersign.pricing.article.changed.v1"], {"article": "A-1"})["examples"] == [
        {"article": "A-1"}
    ]


def test_the_document_names_every_topic_with_its_settings_and_types(folder: Path) -> None:
    channels = read(folder / "asyncapi.json")["channels"]
    assert channels.keys() == {topic.name for topic in topics()}
    for topic in topics():
        channel = channels[topic.name]
        kafka = channel["bindings"]["kafka"]
        assert channel["address"] == kafka["topic"] == topic.name
        assert kafka["partitions"] == topic.partitions
        assert kafka["topicConfiguration"].keys() == topic.config.keys()
        types = {name for name, event in events.items() if event.topic == topic}
        assert channel["messages"].keys() - {"tombstone"} == types
        assert ("tombstone" in channel["messages"]) == topic.compacted
        assert channel.get("x-personal-data", []) == list(topic.personal_data)


def test_every_reference_of_the_document_leads_somewhere(folder: Path) -> None:
    document = read(folder / "asyncapi.json")
    found = set(references(document))
    assert len(found) > len(events) * 2
    for reference in found:
        if reference.startswith("./"):
            assert (folder / reference).is_file(), reference
            continue
        place = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in place, reference
            place = place[step]


def test_every_topic_is_sent_by_its_owner_and_every_message_has_a_key_and_headers(folder: Path) -> None:
    document = read(folder / "asyncapi.json")
    for topic in topics():
        operation = document["operations"][f"publish.{topic.name}"]
        assert (operation["action"], operation["title"]) == ("send", f"{topic.owner} publishes")
    for name in events:
        message = document["components"]["messages"][name]
        assert message["bindings"]["kafka"]["key"]["description"]
        assert message["headers"]["allOf"][1]["properties"]["ce_type"] == {"const": name}
