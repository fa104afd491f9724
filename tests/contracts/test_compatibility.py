"""What may change in a released schema, and what is refused with the reason."""

import copy
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, create_model
from typer.testing import CliRunner

from contracts.__main__ import app
from contracts.orders.topics import ORDER, ORDER_STATE
from contracts.publishing import files
from contracts.publishing.compatibility import Schema, breaks
from contracts.publishing.schemas import schema_of
from contracts.shared.event import Event, registry
from contracts.shared.topic import Topic
from contracts.shared.values import OpenEnum

TYPE = "countersign.orders.order.tested.v1"


class One(OpenEnum):
    A = "a"


class Two(OpenEnum):
    A = "a"
    B = "b"


class ClosedTwo(StrEnum):
    A = "a"
    B = "b"


class Part(BaseModel):
    size: int
    kind: Two


class WiderPart(BaseModel):
    size: int | None
    kind: Two


class Tree(BaseModel):
    size: int
    branches: "list[Tree]" = []


class NarrowTree(BaseModel):
    size: Annotated[int, Field(le=5)]
    branches: "list[NarrowTree]" = []


def declared(topic: Topic = ORDER, /, **fields: Any) -> Schema:
    """The schema of an event type with these fields: `name=type`, or `name=(type, default)`."""
    given: dict[str, Any] = {
        name: field if isinstance(field, tuple) else (field, ...) for name, field in fields.items()
    }
    event = create_model("Tested", __base__=Event, __cls_kwargs__={"type": TYPE, "topic": topic}, **given)
    registry.pop(TYPE)
    return schema_of(event)


def changes(old: Schema, new: Schema) -> list[str]:
    return [change.removeprefix(f"{TYPE}: ") for change in breaks({TYPE: old}, {TYPE: new})]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (declared(a=int), declared(a=int)),
        (declared(a=int), declared(a=int, b=(str | None, None))),
        (declared(a=One), declared(a=Two)),
        (declared(a=Two | None), declared(a=None | Two)),
        (declared(a=(int, 1)), declared(a=(int, 2))),
        (declared(a=int), declared(a=Annotated[int, Field(description="better words", examples=[1])])),
        (declared(a=list[Tree]), declared(a=list[Tree])),
        (declared(a=Part), declared(a=create_model("Part", __base__=Part, colour=(str, "red")))),
    ],
    ids=[
        "nothing",
        "optional field",
        "value added",
        "order of types",
        "default",
        "words",
        "recursive",
        "nested field",
    ],
)
def test_additions_pass(old: Schema, new: Schema) -> None:
    assert changes(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (declared(a=int, b=int), declared(a=int), ["b: removed"]),
        (declared(a=int), declared(a=str), ['a: type was "integer", is "string"']),
        (declared(a=str), declared(a=UUID), ['a: format was absent, is "uuid"']),
        (declared(a=datetime), declared(a=str), ['a: format was "date-time", is absent']),
        (
            declared(a=Annotated[str, Field(max_length=9)]),
            declared(a=Annotated[str, Field(max_length=8)]),
            ["a: maxLength was 9, is 8"],
        ),
        (declared(a=int | None), declared(a=int), ["a: can no longer be null"]),
        (declared(a=int), declared(a=int | None), ["a: can now be null"]),
        (declared(a=int | str), declared(a=int), ["a: was one of 2 types, is one of 1"]),
        (declared(a=int), declared(a=int, b=int), ["b: new and required; records without it exist"]),
        (declared(a=(int, 1)), declared(a=int), ["a: became required; records without it exist"]),
        (declared(a=int), declared(a=(int, 1)), ["a: is no longer required; readers rely on it"]),
        (declared(a=Two), declared(a=One), ['a: value "b" removed']),
        (declared(a=Literal["a"]), declared(a=Literal["a", "b"]), ['a: value "b" added; no reader expects it']),
        (declared(a=Literal["a"]), declared(a=Two), ['a: value "b" added; no reader expects it']),
        (declared(a=Two), declared(a=ClosedTwo), ["a: values might be added, and may no longer be"]),
        (declared(a=str), declared(a=Two), ['a: any value was allowed, now only ["a", "b"]']),
        (declared(a=Two), declared(a=str), ['a: only ["a", "b"] were allowed, now any value is']),
        (declared(a=tuple[int, ...]), declared(a=tuple[str, ...]), ['a[]: type was "integer", is "string"']),
        (declared(a=list[int]), declared(a=frozenset[int]), ["a: uniqueItems was absent, is true"]),
        (declared(a=dict[str, int]), declared(a=dict[str, str]), ['a.*: type was "integer", is "string"']),
        (declared(a=dict[Two, int]), declared(a=dict[One, int]), ['a.<name>: value "b" removed']),
        (declared(a=list[Part]), declared(a=list[WiderPart]), ["a[].size: can now be null"]),
        (declared(a=Tree), declared(a=NarrowTree), ["a.size: maximum was absent, is 5"]),
        (declared(a=int), declared(ORDER_STATE, a=int), [f"its topic was {ORDER.name}, is {ORDER_STATE.name}"]),
        (declared(a=int), declared(Topic(ORDER.name, partitions=12), a=int), ["its number of partitions was 6, is 12"]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_anything_else_is_refused_with_its_reason(old: Schema, new: Schema, said: list[str]) -> None:
    assert changes(old, new) == said


def test_another_key_is_refused() -> None:
    old = declared(a=int)
    new = copy.deepcopy(old)
    new["x-kafka"]["key"] = "a"
    assert changes(old, new) == ["its key was order_id, is a"]


def test_a_removed_or_renamed_type_is_refused_and_a_new_one_passes() -> None:
    schema = declared(a=int)
    assert breaks({TYPE: schema}, {"countersign.orders.order.tried.v1": schema}) == [
        f"{TYPE}: removed or renamed; publish the new one beside it under a new major version"
    ]
    assert breaks({}, {TYPE: schema}) == []


@pytest.mark.parametrize("version", [*files.releases(), "today"])
def test_today_breaks_no_released_version(version: str) -> None:
    current = files.current_schemas()
    assert breaks(files.releases().get(version, current), current) == []


def test_a_release_keeps_the_schemas_and_is_made_once(tmp_path: Path) -> None:
    files.generate(tmp_path)
    assert files.releases(tmp_path) == {}
    assert files.release("1.0.0", tmp_path) == len(registry)
    assert breaks(files.releases(tmp_path)["1.0.0"], files.current_schemas()) == []
    with pytest.raises(FileExistsError):
        files.release("1.0.0", tmp_path)


def test_the_check_fails_against_a_version_it_breaks(tmp_path: Path) -> None:
    files.generate(tmp_path)
    placed = tmp_path / "schemas" / "countersign.orders.order.placed.v1.json"
    placed.write_text(placed.read_text().replace('"placed_at"', '"placed_on"'))
    result = CliRunner().invoke(app, ["check", "--against", str(tmp_path / "schemas")])
    assert result.exit_code == 1
    assert "countersign.orders.order.placed.v1: placed_on: removed" in result.output


def test_the_check_passes_without_any_release() -> None:
    result = CliRunner().invoke(app, ["check"])
    assert result.exit_code == 0, result.output
