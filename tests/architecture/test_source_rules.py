"""Rules of style and structure that a reader relies on, checked on the source."""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 420
VAGUE = {"utils", "util", "common", "helpers", "helper", "manager", "managers", "misc"}
WORKFLOWS_MAY_IMPORT = {"contracts", "temporalio", "pydantic", *sys.stdlib_module_names}

Rule = Callable[[Path, ast.Module], Iterator[str]]


def sources() -> list[Path]:
    """Paths from the root of the repository."""
    return sorted(
        path.relative_to(ROOT)
        for folder in ("contracts", "chassis", "services")
        for path in (ROOT / folder).rglob("*.py")
    )


def imported(tree: ast.Module) -> Iterator[str]:
    """Full names of what is imported anywhere in a module; a relative import begins with a dot."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (f"{module}.{alias.name}" for alias in node.names)


def no_blanket_except(path: Path, tree: ast.Module) -> Iterator[str]:
    """Nobody catches `Exception` outside the chassis."""
    if path.parts[0] == "chassis":
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = {part.id for part in ast.walk(node.type) if isinstance(part, ast.Name)} if node.type else {""}
            if caught & {"", "Exception", "BaseException"}:
                yield f"{path}:{node.lineno} catches everything"


def no_vague_name(path: Path, tree: ast.Module) -> Iterator[str]:
    """A module is named by what it holds."""
    if vague := VAGUE & {path.stem, *path.parts}:
        yield f"{path} is named {vague.pop()}"


def no_second_idea(path: Path, tree: ast.Module) -> Iterator[str]:
    """A file that is longer is two ideas; but the first migration has every table."""
    if "versions" in path.parts:
        return
    lines = len((ROOT / path).read_text().splitlines())
    if lines > LONGEST:
        yield f"{path} has {lines} lines"


def workflow_api_in_workflows_only(path: Path, tree: ast.Module) -> Iterator[str]:
    """Code that must be deterministic is found under one file name."""
    if (
        path.name == "workflows.py"
        or path.parts[0] == "chassis"
        or path.parts[:3] == ("contracts", "contracts", "shared")
    ):
        return
    for name in imported(tree):
        if f"{name}.".startswith("temporalio.workflow."):
            yield f"{path} imports {name}"


def workflows_import_contracts_only(path: Path, tree: ast.Module) -> Iterator[str]:
    """Workflows are tested and replayed without a service around them."""
    if path.name != "workflows.py":
        return
    for name in imported(tree):
        if name.split(".")[0] not in WORKFLOWS_MAY_IMPORT:
            yield f"{path} imports {name}"


RULES = [
    no_blanket_except,
    no_vague_name,
    no_second_idea,
    workflow_api_in_workflows_only,
    workflows_import_contracts_only,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_source_keeps_the_rule(rule: Rule) -> None:
    found = [broken for path in sources() for broken in rule(path, ast.parse((ROOT / path).read_text()))]
    assert found == []


def test_the_rules_see_every_package() -> None:
    seen = {path.parts[: 3 if path.parts[0] == "services" else 2] for path in sources()}
    assert {("contracts", "contracts"), ("chassis", "chassis"), ("services", "orders", "orders")} <= seen


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (no_blanket_except, "services/orders/orders/routes.py", "try: pass\nexcept Exception: raise"),
        (no_blanket_except, "contracts/contracts/catalogue.py", "try: pass\nexcept (ValueError, BaseException): pass"),
        (no_blanket_except, "services/orders/orders/routes.py", "try: pass\nexcept: pass"),
        (no_vague_name, "services/orders/orders/utils.py", ""),
        (no_vague_name, "services/orders/orders/common/models.py", ""),
        (workflow_api_in_workflows_only, "services/orders/orders/commands.py", "from temporalio import workflow"),
        (workflow_api_in_workflows_only, "services/orders/orders/routes.py", "import temporalio.workflow as w"),
        (workflow_api_in_workflows_only, "contracts/contracts/orders/events.py", "from temporalio.workflow import now"),
        (workflows_import_contracts_only, "services/orders/orders/workflows.py", "from orders.models import Order"),
        (workflows_import_contracts_only, "services/orders/orders/workflows.py", "def f():\n    import sqlalchemy"),
        (workflows_import_contracts_only, "services/orders/orders/workflows.py", "from . import models"),
        (workflows_import_contracts_only, "services/orders/orders/workflows.py", "import chassis.processes"),
    ],
)
def test_a_broken_rule_is_noticed(rule: Rule, path: str, source: str) -> None:
    assert list(rule(Path(path), ast.parse(source)))


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (no_blanket_except, "chassis/chassis/consumers.py", "try: pass\nexcept Exception: pass"),
        (no_blanket_except, "services/orders/orders/routes.py", "try: pass\nexcept ValueError: pass"),
        (workflow_api_in_workflows_only, "services/orders/orders/workflows.py", "from temporalio import workflow"),
        (workflow_api_in_workflows_only, "services/orders/orders/activities.py", "from temporalio import activity"),
        (workflows_import_contracts_only, "services/orders/orders/workflows.py", "from contracts.orders import values"),
        (workflows_import_contracts_only, "services/orders/orders/workflows.py", "from datetime import timedelta"),
        (workflows_import_contracts_only, "services/orders/orders/models.py", "import sqlalchemy"),
    ],
)
def test_what_is_allowed_passes(rule: Rule, path: str, source: str) -> None:
    assert not list(rule(Path(path), ast.parse(source)))


def test_a_file_that_is_too_long_is_noticed(tmp_path: Path) -> None:
    long = tmp_path / "long.py"
    long.write_text("pass\n" * (LONGEST + 1))
    assert list(no_second_idea(long, ast.parse("")))
