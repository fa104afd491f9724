"""What `docs/security.md` says is shown by a test is: the test exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
ROW = re.compile(r"^\| (\d+\.\d+\.\d+.*?) \|(.*)\|(.*)\|$", re.MULTILINE)


def missing(page: str) -> list[str]:
    """Tests that the page names and nobody finds."""
    return [f"{path}::{name}" for path, name in NAMED.findall(page) if name not in functions_in(ROOT / path)]


def functions_in(path: Path) -> set[str]:
    if not path.is_file():
        return set()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, functions)}


def test_every_test_that_the_page_names_exists() -> None:
    assert len(NAMED.findall(PAGE)) > 30
    assert missing(PAGE) == []


def test_every_requirement_names_a_test_or_says_why_there_is_none() -> None:
    rows = ROW.findall(PAGE)
    assert len(rows) > 50
    assert [what for what, _, shown in rows if not NAMED.search(shown) and "no test: " not in shown] == []


def test_a_test_that_is_not_there_is_noticed() -> None:
    here = "tests/architecture/test_security_page.py"
    page = f"`{here}::test_nobody_wrote` `tests/nowhere.py::test_x` `{here}::test_a_test_that_is_not_there_is_noticed`"
    assert missing(page) == [f"{here}::test_nobody_wrote", "tests/nowhere.py::test_x"]
