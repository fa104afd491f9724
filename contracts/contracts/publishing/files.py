"""The committed form of the contract: `schemas/`, `asyncapi.json`, `examples/`, and `released/<version>/`."""

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

from contracts.catalogue import events
from contracts.publishing.asyncapi import document
from contracts.publishing.compatibility import Schema
from contracts.publishing.examples import Example, verified
from contracts.publishing.schemas import schema_of

FOLDER = Path(__file__).parents[2]
"""`contracts/` of the checkout."""


def rendered(folder: Path) -> dict[Path, str]:
    """What the generated files should hold now, by path."""
    examples = read_examples(folder)
    files = {
        folder / "schemas" / f"{name}.json": _text(
            schema_of(event, examples[name]["value"] if name in examples else None)
        )
        for name, event in sorted(events.items())
    }
    files[folder / "asyncapi.json"] = _text(document(examples, _version()))
    return files


def generate(folder: Path = FOLDER) -> int:
    """Writes the generated files and removes those of types that are no more; answers how many there are."""
    files = rendered(folder)
    (folder / "schemas").mkdir(parents=True, exist_ok=True)
    for path in _stale(folder, files):
        path.unlink()
    for path, text in files.items():
        path.write_text(text)
    return len(files)


def outdated(folder: Path = FOLDER) -> list[str]:
    """Each generated file that is not what would be generated now."""
    files = rendered(folder)
    differing = [
        f"{path.relative_to(folder)}: {'differs from its model' if path.exists() else 'missing'}"
        for path, text in files.items()
        if not path.exists() or path.read_text() != text
    ]
    return differing + [f"{path.relative_to(folder)}: of no known type" for path in _stale(folder, files)]


def current_schemas() -> dict[str, Schema]:
    """By type, as the models are now."""
    return {name: schema_of(event) for name, event in events.items()}


def read_schemas(folder: Path) -> dict[str, Schema]:
    """Every `<type>.json` of a folder, by type."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def releases(folder: Path = FOLDER) -> dict[str, dict[str, Schema]]:
    """The schemas of each released version that is still kept up; none before the first release."""
    return {path.name: read_schemas(path) for path in sorted((folder / "released").glob("*")) if path.is_dir()}


def release(name: str, folder: Path = FOLDER) -> int:
    """Keeps the schemas as they are now as those of a version, for ever; answers how many.

    Raises:
        FileExistsError: the version is released already, and released schemas do not change.
    """
    shutil.copytree(folder / "schemas", folder / "released" / name)
    return len(list((folder / "released" / name).iterdir()))


def read_examples(folder: Path = FOLDER) -> dict[str, Example]:
    """The kept examples by type."""
    return {path.stem: json.loads(path.read_text()) for path in sorted((folder / "examples").glob("*.json"))}


def keep_examples(picked: dict[str, Example], folder: Path = FOLDER) -> list[str]:
    """Writes the examples of types that have none, or none that is still right; answers which."""
    kept = read_examples(folder)
    (folder / "examples").mkdir(parents=True, exist_ok=True)
    written = [name for name in picked if name not in kept or not _right(kept[name])]
    for name in written:
        (folder / "examples" / f"{name}.json").write_text(_text(picked[name]))
    return written


def _right(example: Example) -> bool:
    try:
        verified(example)
    except (ValueError, KeyError):
        return False
    return True


def _version() -> str:
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())
    return str(project["project"]["version"])


def _stale(folder: Path, files: dict[Path, str]) -> list[Path]:
    return sorted(set((folder / "schemas").glob("*")) - files.keys())


def _text(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
