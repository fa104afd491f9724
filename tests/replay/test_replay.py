"""Recorded histories of every branch of every process run through today's code: a process outlives deployments."""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from identity.applications.workflows import AccountApprovalWorkflow
from identity.invitations.workflows import InvitationAcceptanceWorkflow
from orders.attestation.workflows import OrderAttestationWorkflow

HISTORIES = Path(__file__).parent / "histories"
PROCESSES = {
    "account-approval": AccountApprovalWorkflow,
    "invitation-acceptance": InvitationAcceptanceWorkflow,
    "order-attestation": OrderAttestationWorkflow,
}
RECORDED = sorted(HISTORIES.glob("*/*.json"))


def replayer(process: str) -> Replayer:
    return Replayer(workflows=[PROCESSES[process]], data_converter=pydantic_data_converter)


def history(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text())


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}/{path.stem}")
async def test_a_recorded_history_is_replayed_by_the_code_of_today(path):
    result = await replayer(path.parent.name).replay_workflow(history(path), raise_on_replay_failure=False)
    assert result.replay_failure is None


@pytest.mark.parametrize("process", PROCESSES)
def test_every_process_has_recorded_branches(process):
    assert len([path for path in RECORDED if path.parent.name == process]) >= 5


async def test_another_step_than_was_recorded_is_found():
    """The gate can fail."""
    path = next(path for path in RECORDED if path.parent.name == "order-attestation" and path.stem == "attested")
    changed = path.read_text().replace('"notifications.send_mail"', '"notifications.send_letter"')
    assert changed != path.read_text()
    result = await replayer("order-attestation").replay_workflow(
        WorkflowHistory.from_json(path.stem, changed), raise_on_replay_failure=False
    )
    assert isinstance(result.replay_failure, NondeterminismError)
