"""The documentation page of an API: our own small renderer of its OpenAPI document, since others load scripts from afar."""

import json
from html import escape
from typing import Any

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:2rem;color:#1c2733}
h1{margin:0}h2{margin-top:2.5rem;border-bottom:1px solid #d5dde5;text-transform:capitalize}
details{border:1px solid #d5dde5;border-radius:6px;margin:.5rem 0;padding:.4rem .8rem}
summary{cursor:pointer}code,pre{font:13px/1.45 ui-monospace,monospace}
pre{background:#f5f7f9;padding:.8rem;overflow:auto;border-radius:4px}
b.get{color:#0a6}b.post{color:#06c}b.put,b.patch{color:#a60}b.delete{color:#c22}
td,th{text-align:left;padding:.15rem .8rem .15rem 0;vertical-align:top}
"""


def documentation_page(document: dict[str, Any]) -> str:
    """HTML without script: every operation with its parameters, body, answers and schemas."""
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["other"])[0]
            by_tag.setdefault(tag, []).append(_operation(path, method, operation, document))
    body = "".join(f"<h2>{escape(tag)}</h2>{''.join(found)}" for tag, found in by_tag.items())
    title, about = escape(document["info"]["title"]), escape(document["info"].get("description", ""))
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>"
        f"<h1>{title}</h1><p>{about}</p><p>The same as <a href=openapi.json>OpenAPI 3.1</a>.</p>{body}"
    )


def _operation(path: str, method: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}{' *' if one.get('required') else ''}"
        f"<td>{escape(one.get('description', ''))}"
        for one in operation.get("parameters", [])
    )
    parts = [f"<p>{escape(operation.get('description', ''))}</p>"]
    if rows:
        parts.append(f"<table><tr><th>Parameter<th>In<th>{rows}</table>")
    if "requestBody" in operation:
        parts.append(f"<p>Body</p>{_content(operation['requestBody'], document)}")
    for status, answer in operation.get("responses", {}).items():
        if not status.startswith(("4", "5")):
            parts.append(f"<p>{escape(status)} {escape(answer.get('description', ''))}</p>{_content(answer, document)}")
    summary = (
        f"<b class={method}>{method.upper()}</b> <code>{escape(path)}</code> {escape(operation.get('summary', ''))}"
    )
    return f"<details><summary>{summary}</summary>{''.join(parts)}</details>"


def _content(holder: dict[str, Any], document: dict[str, Any]) -> str:
    return "".join(
        f"<pre>{escape(media)}\n{escape(json.dumps(_resolved(one.get('schema', {}), document), indent=1))}</pre>"
        for media, one in holder.get("content", {}).items()
    )


def _resolved(schema: Any, document: dict[str, Any], depth: int = 0) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema and depth < 4:
            name = schema["$ref"].rsplit("/", 1)[1]
            return _resolved(document["components"]["schemas"][name], document, depth + 1)
        return {key: _resolved(value, document, depth) for key, value in schema.items() if key != "title"}
    if isinstance(schema, list):
        return [_resolved(one, document, depth) for one in schema]
    return schema
