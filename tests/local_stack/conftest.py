import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from local_stack.layout import ROOT, Layout


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A stack of a checkout of its own, on ports nobody else has."""
    monkeypatch.setenv("COUNTERSIGN_PORT_BASE", "23000")
    return Layout("demo", tmp_path)


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The bootstrap script, at work in an empty checkout with one package."""
    spec = spec_from_file_location("bootstrap_under_test", ROOT / "deploy" / "local" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    for name, path in {"ROOT": ".", "LOCAL": ".local", "VENV": ".local/venv"}.items():
        monkeypatch.setattr(module, name, tmp_path / path)
    monkeypatch.setattr(module, "PYTHON", tmp_path / ".local/venv/bin/python")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".local/venv/countersign.stamp")
    for file in ("requirements/installer.txt", "requirements/development.txt", "contracts/pyproject.toml"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(file)
    yield module
    del sys.modules[spec.name]
