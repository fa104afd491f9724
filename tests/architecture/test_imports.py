"""The import rules of `pyproject.toml` hold, and would notice if they did not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "contracts": "contracts/contracts",
    "chassis": "chassis/chassis",
    **{name: f"services/{name}/{name}" for name in ("identity", "pricing", "orders", "notifications")},
    "faults": "faults/faults",
    "checker": "faults/checker",
}


def lint_imports(*parents: Path) -> subprocess.CompletedProcess[str]:
    """Runs import-linter with our rules over the packages in these folders."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", ROOT / "pyproject.toml"],
        cwd=parents[0],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, parents))},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_import_rules_are_kept() -> None:
    result = lint_imports(*[(ROOT / folder).parent for folder in PACKAGES.values()])
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("package", "forbidden", "rule"),
    [
        ("identity", "orders", "services do not know each other"),
        ("notifications", "identity", "services do not know each other"),
        ("contracts", "chassis", "contracts import nothing of ours"),
        ("contracts", "pricing", "contracts import nothing of ours"),
        ("chassis", "contracts.orders.events", "the chassis knows no word of the domain"),
        ("chassis", "identity", "the chassis knows no word of the domain"),
        ("checker", "contracts.orders.events", "the checker shares no code with what it checks"),
        ("checker", "faults", "the checker shares no code with what it checks"),
        ("faults", "chassis", "fault runs use the public contract"),
        ("chassis", "faults", "nothing but a fault run knows of faults"),
    ],
)
def test_a_forbidden_import_is_noticed(package: str, forbidden: str, rule: str, tmp_path: Path) -> None:
    for name, folder in PACKAGES.items():
        shutil.copytree(ROOT / folder, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / package / "broken.py").write_text(f"import {forbidden}\n")
    result = lint_imports(tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{rule} BROKEN" in result.stdout
