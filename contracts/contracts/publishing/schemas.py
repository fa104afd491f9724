"""One JSON Schema 2020-12 per published type, from its model and docstrings."""

import ast
import inspect
import textwrap
from enum import Enum
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from contracts.publishing.keys import key_of
from contracts.shared.event import Event
from contracts.shared.values import OpenEnum


def schema_of(event: type[Event], example: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a subscriber may rely on in the body of this type; `x-kafka` tells where it is found.

    A field is required if every version of the type had it.
    """
    schema = event.model_json_schema(schema_generator=_FromDocstrings, mode="serialization")
    for name in event.topic.personal_data:
        schema["properties"][name]["x-personal-data"] = True
    described = {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": f"urn:countersign:schema:{event.type}",
        "title": schema.pop("title"),
        "description": schema.pop("description", None) or f"{_spoken(event.type)}.",
        "x-kafka": {
            "topic": event.topic.name,
            "partitions": event.topic.partitions,
            "key": key_of(event.topic.name),
        },
        **schema,
    }
    if example is not None:
        described["examples"] = [example]
    return described


class _FromDocstrings(GenerateJsonSchema):
    """Takes the descriptions of fields and enum values from the strings below them; gives fields no titles."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        json_schema = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        if model.__doc__:
            json_schema["description"] = inspect.cleandoc(model.__doc__)
        documented = _strings_below(model)
        for name, field in json_schema.get("properties", {}).items():
            if name in documented:
                field["description"] = documented[name]
        return json_schema

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        json_schema = super().enum_schema(schema)
        kind: type[Enum] = schema["cls"]
        documented = _strings_below(kind)
        if issubclass(kind, OpenEnum):
            json_schema["x-values-may-be-added"] = True
        if documented:
            json_schema["x-values"] = {
                member.value: documented[member.name] for member in kind if member.name in documented
            }
        return json_schema

    def encode_default(self, dft: Any) -> Any:
        return super().encode_default(_ordered(dft))

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _strings_below(documented: type) -> dict[str, str]:
    """The string below each assignment in the class and its bases: `{field: text}`."""
    found: dict[str, str] = {}
    for cls in reversed(documented.__mro__):
        if not cls.__module__.startswith("contracts."):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
        assert isinstance(body, ast.ClassDef)
        for assignment, below in zip(body.body, body.body[1:], strict=False):
            match assignment, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    found[name] = inspect.cleandoc(text)
    return found


def _ordered(default: Any) -> Any:
    """Sets in a fixed order: that of the interpreter differs from run to run."""
    if isinstance(default, set | frozenset):
        return sorted(default)
    if isinstance(default, dict):
        return {key: _ordered(value) for key, value in default.items()}
    return default


def _spoken(event_type: str) -> str:
    """`countersign.orders.order.placed.v1` is "Order placed"."""
    _, _, aggregate, happened, _ = event_type.split(".")
    return f"{aggregate} {happened}".replace("_", " ").capitalize()
