"""What a row changes in its copy of the code is there to be changed."""

import importlib
import pkgutil
from collections.abc import Iterator

import faults.rows
import pytest
from faults.sources import Patch

from faults import next_release
from local_stack.layout import ROOT


def patches() -> Iterator[tuple[str, Patch]]:
    modules = [
        importlib.import_module(f"{faults.rows.__name__}.{one.name}")
        for one in pkgutil.iter_modules(faults.rows.__path__)
    ]
    for module in (*modules, next_release):
        for name, value in vars(module).items():
            for one in value if isinstance(value, list | tuple) else (value,):
                if isinstance(one, Patch):
                    yield f"{module.__name__.rpartition('.')[2]}-{name}", one


@pytest.mark.parametrize("patch", [pytest.param(patch, id=name) for name, patch in patches()])
def test_it_fits_the_code_as_it_is(patch: Patch) -> None:
    assert (ROOT / patch.path).read_text().count(patch.old) == 1
