"""What the OpenAPI documents show."""

from typing import Any


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def example_of(document: dict[str, Any], method: str, path: str) -> tuple[str, Any] | None:
    """The media type and the whole body that an operation gives as its example."""
    contents = document["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
    for media, content in contents.items():
        examples = (
            [content["example"]] if "example" in content else _resolved(document, content["schema"]).get("examples")
        )
        if examples:
            return media, examples[0]
    return None
