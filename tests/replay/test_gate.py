"""The gate is shown to work: it objects to each of twelve changes that would break running processes, and to none done right."""

import importlib
import inspect
import sys
from contextlib import contextmanager
from types import ModuleType

import pytest

from tests.replay.breaks import APPLICATIONS, BREAKS, DONE_RIGHT, INVITATIONS, ORDERS, Change
from tests.replay.gate import histories, objections

PROCESSES = {
    APPLICATIONS: ("account-approval", "AccountApprovalWorkflow"),
    INVITATIONS: ("invitation-acceptance", "InvitationAcceptanceWorkflow"),
    ORDERS: ("order-attestation", "OrderAttestationWorkflow"),
}


@contextmanager
def changed(change: Change):
    """The workflow with the change, in a module of its own beside the original."""
    source = inspect.getsource(importlib.import_module(change.module))
    assert source.count(change.old) == 1, f"{change.name}: {change.module} has {source.count(change.old)} such places"
    name = f"{change.module}_changed"
    sys.modules[name] = module = ModuleType(name)
    try:
        exec(compile(source.replace(change.old, change.new), name, "exec"), module.__dict__)
        yield getattr(module, PROCESSES[change.module][1])
    finally:
        del sys.modules[name]


async def first_objection(change: Change) -> list[str]:
    """Of the first branch that has one."""
    with changed(change) as workflow:
        for recorded in histories(PROCESSES[change.module][0]):
            if found := await objections(workflow, recorded):
                return [f"{recorded.stem}: {found[0]}"]
    return []


@pytest.mark.parametrize("change", BREAKS, ids=lambda change: change.name.replace(" ", "-"))
async def test_the_gate_objects_to_a_change_that_breaks_what_runs(change):
    assert await first_objection(change)


@pytest.mark.parametrize("change", DONE_RIGHT, ids=lambda change: change.name.replace(" ", "-"))
async def test_the_gate_passes_a_change_done_right(change):
    assert await first_objection(change) == []


def test_there_are_twelve():
    assert len({change.name for change in BREAKS}) == 12
