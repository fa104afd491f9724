"""The checker of fault runs is tested first: it finds nothing in the code as it is, and each of ten bugs seeded into a copy."""

import compileall
import os
import shutil

import httpx2
import pytest
from faults.row import all_rows
from faults.run import Bench
from faults.seeded import SEEDED, Seeded, contested_orders, some_orders
from faults.sources import copy

import local_stack
from local_stack.layout import ROOT

STACK = f"{os.environ.get('COUNTERSIGN_TEST_STACK', 'test')}-seeded"


@pytest.fixture(scope="module")
async def bench():
    """A stack of its own: what the bugs leave behind would be found in every other test."""
    bench = Bench.start(STACK, ROOT, [], seed=1, split=False)
    async with httpx2.AsyncClient(limits=httpx2.Limits(keepalive_expiry=2)) as http:
        await bench.open(http)
        yield bench
    local_stack.down(STACK)


@pytest.mark.seeded
async def test_the_code_as_it_is_has_nothing_to_find(bench: Bench):
    await some_orders(*bench.hands())
    await contested_orders(*bench.hands())
    verdict = await bench.verdict()
    assert verdict["looked_at"]["orders"] >= 3
    assert bench.news(verdict) == []


@pytest.mark.seeded
@pytest.mark.parametrize("bug", SEEDED, ids=lambda bug: bug.name)
async def test_a_seeded_bug_is_found(bench: Bench, bug: Seeded):
    await bench.change(bug.service, bug.changes)
    await bug.act(*bench.hands())
    kinds = {found["kind"] for found in bench.news(await bench.verdict(settle=20))}
    assert bug.found_as in kinds, kinds


def test_the_changes_of_each_row_and_bug_fit_the_code_as_it_is_and_leave_it_python(tmp_path):
    code = copy(ROOT, tmp_path / "code", [])
    for number, changes in enumerate(
        [*(row.failpoints for row in all_rows().values()), *(bug.changes for bug in SEEDED)]
    ):
        folder = tmp_path / str(number)
        for path in {one.path for one in changes}:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            if (code / path).exists():
                shutil.copy(code / path, folder / path)
        for one in changes:
            one.apply(folder)
        assert compileall.compile_dir(folder, quiet=1), changes
