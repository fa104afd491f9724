"""Every capability that `docs/features.md` promises is shown by a test that uses it as its users do: from outside."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ID = re.compile(r"\b(?:ID|PR|OR|NO|EV|OP)-\d\d\b")
ROW = re.compile(r"^\| ([A-Z]{2}-\d\d) \|", re.MULTILINE)
FROM_OUTSIDE = {"api", "copy", "merchant", "office", "planted", "stack", "trade", "world"}
"""Fixtures that are a service's API, or the whole stack."""


def promised() -> list[str]:
    return ROW.findall((ROOT / "docs" / "features.md").read_text())


def shown(tests: Path = ROOT / "tests") -> set[str]:
    """Ids that a test from outside names in its docstring or name; or its module does, for all its tests."""
    return {name for path in tests.rglob("test_*.py") for name in _shown_by(ast.parse(path.read_text()))}


def _shown_by(module: ast.Module) -> Iterator[str]:
    for test in module.body:
        if not isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef) or not test.name.startswith("test_"):
            continue
        if FROM_OUTSIDE & {one.arg for one in test.args.args}:
            yield from ID.findall(f"{ast.get_docstring(module)} {ast.get_docstring(test)} {_ids_in_name(test.name)}")


def _ids_in_name(name: str) -> str:
    """`test_id_23_...` names ID-23."""
    return re.sub(r"_([a-z]{2})_(\d\d)_", lambda found: f" {found[1].upper()}-{found[2]} ", name)


def test_every_capability_is_shown_from_outside() -> None:
    assert len(promised()) > 40
    assert sorted(set(promised()) - shown()) == []


def test_a_test_of_the_inside_shows_nothing(tmp_path: Path) -> None:
    inside = 'def test_a(database):\n    """ID-98"""\n'
    outside = 'async def test_id_97_is_shown(api, database):\n    """ID-96"""\n'
    (tmp_path / "test_it.py").write_text(inside + outside)
    assert shown(tmp_path) == {"ID-96", "ID-97"}
