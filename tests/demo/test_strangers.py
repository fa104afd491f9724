"""The demo and its subscriber are strangers: they know what is published, and import nothing of the product."""

import ast
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "demo" / "demo"
OURS = {"contracts", "chassis", "identity", "pricing", "orders", "notifications"}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", sorted(DEMO.rglob("*.py")), ids=lambda path: str(path.relative_to(DEMO)))
def test_nothing_of_the_product_is_imported(path):
    assert not {name.partition(".")[0] for name in imported(path)} & OURS


def test_the_subscriber_imports_nothing_of_the_demo_either():
    names = {name for path in (DEMO / "subscriber").glob("*.py") for name in imported(path)}
    assert all(name.startswith("demo.subscriber") for name in names if name.startswith("demo"))
    assert "local_stack" not in names
