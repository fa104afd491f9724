"""What may not change in a schema once it is released.

Subscribers read new records with an old schema; we read old records (replay, compacted topics) with the new one. So a
field is neither narrowed nor widened, required stays required, and only these changes pass: a new type, a new optional
field, a new value of an enumeration that was released as open (`OpenEnum`: the public document tells readers to expect values
that they do not know), words and examples.
"""

import json
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

LIMITS = (
    "type", "format", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
)  # fmt: skip
OPEN = "x-values-may-be-added"
PLACE = {"topic": "topic", "partitions": "number of partitions", "key": "key"}


def breaks(released: dict[str, Schema], current: dict[str, Schema]) -> list[str]:
    """Each way in which the current schemas break a reader or a stored record of the released ones, by type name."""
    found = []
    for name, old in sorted(released.items()):
        if name not in current:
            found.append(f"{name}: removed or renamed; publish the new one beside it under a new major version")
            continue
        found += [f"{name}: {change}" for change in _changes(old, current[name])]
    return found


def _changes(old: Schema, new: Schema) -> Iterator[str]:
    for word, meaning in PLACE.items():
        before, after = old["x-kafka"][word], new["x-kafka"][word]
        if before != after:
            yield f"its {meaning} was {before}, is {after}"
    yield from _Comparison(old, new).of("", old, new)


class _Comparison:
    """Two documents whose parts are compared with their references followed."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old, new
        self._entered: set[tuple[str, str]] = set()

    def of(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        """What changed between two places, for the reader."""
        refs = (old.get("$ref", ""), new.get("$ref", ""))
        if all(refs):
            if refs in self._entered:
                return  # seen on the way here, or reported already
            self._entered.add(refs)
        old, new = _followed(self._old, old), _followed(self._new, new)
        where = path or "the body"
        old_options, new_options = _options(old), _options(new)
        if len(old_options) > 1 or len(new_options) > 1:
            yield from self._of_options(where, path, old_options, new_options)
            return
        for limit in LIMITS:
            if old.get(limit) != new.get(limit):
                yield f"{where}: {limit} was {_shown(old, limit)}, is {_shown(new, limit)}"
        yield from _of_values(where, old, new)
        yield from self._of_fields(path, old, new)
        for part, step in (("items", "[]"), ("additionalProperties", ".*"), ("propertyNames", ".<name>")):
            before, after = old.get(part), new.get(part)
            if isinstance(before, dict) and isinstance(after, dict):
                yield from self.of(path + step, before, after)
            elif before != after:
                yield f"{where}: {part} was {_shown(old, part)}, is {_shown(new, part)}"

    def _of_fields(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        was_required, is_required = set(old.get("required", ())), set(new.get("required", ()))
        for name, field in before.items():
            at = f"{path}.{name}".lstrip(".")
            if name not in after:
                yield f"{at}: removed"
                continue
            if name in is_required - was_required:
                yield f"{at}: became required; records without it exist"
            if name in was_required - is_required:
                yield f"{at}: is no longer required; readers rely on it"
            yield from self.of(at, field, after[name])
        for name in sorted(is_required - before.keys()):
            yield f"{path}.{name}".lstrip(".") + ": new and required; records without it exist"

    def _of_options(self, where: str, path: str, old: list[Schema], new: list[Schema]) -> Iterator[str]:
        null: Schema = {"type": "null"}
        if null in old and null not in new:
            yield f"{where}: can no longer be null"
        if null in new and null not in old:
            yield f"{where}: can now be null"
        old, new = [each for each in old if each != null], [each for each in new if each != null]
        if len(old) == len(new):
            for before, after in zip(old, new, strict=True):
                yield from self.of(path, before, after)
        else:
            yield f"{where}: was one of {len(old)} types, is one of {len(new)}"


def _followed(document: Schema, place: Schema) -> Schema:
    """The place, or what it refers to."""
    while "$ref" in place:
        place = document["$defs"][place["$ref"].removeprefix("#/$defs/")]
    return place


def _options(place: Schema) -> list[Schema]:
    options: list[Schema] = place.get("anyOf") or place.get("oneOf") or [place]
    return options


def _of_values(where: str, old: Schema, new: Schema) -> Iterator[str]:
    before, after = _values(old), _values(new)
    if before is None and after is not None:
        yield f"{where}: any value was allowed, now only {json.dumps(after)}"
    elif before is not None and after is None:
        yield f"{where}: only {json.dumps(before)} were allowed, now any value is"
    elif before is not None and after is not None:
        for value in before:
            if value not in after:
                yield f"{where}: value {json.dumps(value)} removed"
        if not old.get(OPEN):
            for value in after:
                if value not in before:
                    yield f"{where}: value {json.dumps(value)} added; no reader expects it"
        if old.get(OPEN) and not new.get(OPEN):
            yield f"{where}: values might be added, and may no longer be"


def _values(place: Schema) -> list[Any] | None:
    """Of an enumeration; pydantic writes one of a single value as `const`."""
    return [place["const"]] if "const" in place else place.get("enum")


def _shown(place: Schema, word: str) -> str:
    return json.dumps(place[word]) if word in place else "absent"
