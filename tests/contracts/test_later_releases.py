"""EV-01: a reader takes the events of a later release: with fields and with values that it does not know."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.identity.events import CompanyStatusChanged
from contracts.identity.values import CustomerStatus
from contracts.publishing import files
from contracts.publishing.compatibility import Schema
from contracts.shared.event import registry
from contracts.shared.values import READING

LATER = "of_a_later_release"
SCHEMAS = files.current_schemas()
EXAMPLES = {name: example["value"] for name, example in files.read_examples().items()}


def kinds(place: Schema, document: Schema) -> Iterator[Schema]:
    """What may stand here, references followed."""
    for option in place.get("anyOf", [place]):
        if "$ref" in option:
            yield from kinds(document["$defs"][option["$ref"].removeprefix("#/$defs/")], document)
        else:
            yield option


def later(value: Any, place: Schema, document: Schema) -> Any:
    """A field more in every object, and another value wherever one may be added."""
    for kind in kinds(place, document):
        if isinstance(value, str) and kind.get("x-values-may-be-added"):
            return LATER
        if isinstance(value, list) and "items" in kind:
            return [later(item, kind["items"], document) for item in value]
        if isinstance(value, dict) and "properties" in kind:
            known = {name: later(one, kind["properties"][name], document) for name, one in value.items()}
            return {**known, LATER: {"any": "thing"}}
    return value


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_event_of_a_later_release_is_read(name: str) -> None:
    schema = SCHEMAS[name]
    body = later(EXAMPLES[name], schema, schema)
    registry[name].model_validate_json(json.dumps(body), context=READING)


def test_a_value_that_is_not_known_is_kept_and_equals_none_that_is() -> None:
    body = EXAMPLES[CompanyStatusChanged.type] | {"new": LATER}
    event = CompanyStatusChanged.model_validate_json(json.dumps(body), context=READING)
    assert event.new == LATER
    assert event.new.value == LATER
    assert event.new not in list(CustomerStatus)
    assert json.loads(event.model_dump_json())["new"] == LATER


def test_elsewhere_a_value_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(CustomerStatus).validate_python(LATER)
    with pytest.raises(ValueError, match=LATER):
        CustomerStatus(LATER)
