"""Examples: one of each type from a real run, as its schema says."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from contracts.catalogue import events
from contracts.publishing import files
from contracts.publishing.compatibility import Schema
from contracts.publishing.examples import Example, pick, verified
from contracts.publishing.keys import is_field, key_of
from contracts.shared.envelope import HEADERS_SCHEMA

ARTICLE = "countersign.pricing.article.changed.v1"


def line(*, at: str = "2026-03-01T09:00:00Z", offset: int = 0, article: str = "A-1", **changed: Any) -> str:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": "01890000-0000-7000-8000-000000000001",
        "ce_type": ARTICLE,
        "ce_source": "/countersign/pricing",
        "ce_subject": article,
        "ce_time": at,
        "ce_epoch": "1",
        "ce_sequence": "1",
        "content-type": "application/json",
    }
    seen = {
        "topic": "countersign.pricing.article",
        "partition": 0,
        "offset": offset,
        "key": article,
        "headers": headers,
    }
    return json.dumps({**seen, "value": {"article": article}, **changed})


@pytest.fixture(scope="module")
def examples() -> dict[str, Example]:
    return files.read_examples()


@pytest.fixture(scope="module")
def schemas() -> dict[str, Schema]:
    return files.current_schemas()


@pytest.mark.parametrize("name", sorted(events))
def test_every_type_has_an_example_from_a_real_run(
    name: str, examples: dict[str, Example], schemas: dict[str, Schema]
) -> None:
    assert name in examples, "run the demo with a subscriber, then `python -m contracts examples --from <its record>`"
    example = examples[name]
    jsonschema_rs.validate(schemas[name], example["value"], validate_formats=True)
    jsonschema_rs.validate(HEADERS_SCHEMA, example["headers"], validate_formats=True)
    assert verified(example).source == f"/countersign/{events[name].topic.owner}"
    key = key_of(example["topic"])
    if is_field(key):
        assert example["key"] == example["value"][key]


def test_no_example_is_of_an_unknown_type(examples: dict[str, Example]) -> None:
    assert examples.keys() <= events.keys()


def test_the_earliest_of_each_type_is_picked_in_whatever_order_it_was_seen() -> None:
    record = [
        line(at="2026-03-01T09:00:02Z", offset=2, article="late"),
        line(at="2026-03-01T09:00:01Z", offset=1, article="early"),
        line(at="2026-03-01T09:00:01Z", offset=3, article="later-place"),
    ]
    assert pick(record) == pick(reversed(record))
    assert pick(record)[ARTICLE]["value"] == {"article": "early"}


def test_tombstones_unknown_types_and_blank_lines_are_passed_over() -> None:
    assert pick([line(value=None), line(headers={"ce_type": "other.v1"}), "", line()]).keys() == {ARTICLE}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"value": {}}, "article"),
        ({"topic": "countersign.pricing.terms"}, "belongs on"),
        ({"key": "B-2"}, "the subject is A-1"),
        ({"headers": {"ce_type": ARTICLE}}, "ce_specversion is missing"),
    ],
)
def test_a_record_that_breaks_its_contract_is_refused_with_its_place(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"/0@7: (.|\n)*{said}"):
        pick([line(offset=7, **wrong)])


def test_an_example_stays_until_it_is_wrong(tmp_path: Path) -> None:
    first, second = pick([line(article="A-1")]), pick([line(article="A-2")])
    assert files.keep_examples(first, tmp_path) == [ARTICLE]
    assert files.keep_examples(second, tmp_path) == []
    assert files.read_examples(tmp_path) == first
    (tmp_path / "examples" / f"{ARTICLE}.json").write_text(json.dumps({**first[ARTICLE], "value": {"other": 1}}))
    assert files.keep_examples(second, tmp_path) == [ARTICLE]
    assert files.read_examples(tmp_path) == second
