"""Recorded histories of every branch of every process run through today's code: a process outlives deployments."""

import pytest

from identity.applications.workflows import AccountApprovalWorkflow
from identity.invitations.workflows import InvitationAcceptanceWorkflow
from orders.attestation.workflows import OrderAttestationWorkflow
from tests.replay.gate import HISTORIES, histories, objections

PROCESSES = {
    "account-approval": AccountApprovalWorkflow,
    "invitation-acceptance": InvitationAcceptanceWorkflow,
    "order-attestation": OrderAttestationWorkflow,
}
RECORDED = sorted(HISTORIES.glob("*/*.json"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}/{path.stem}")
async def test_a_recorded_history_is_replayed_by_the_code_of_today(path):
    assert await objections(PROCESSES[path.parent.name], path) == []


@pytest.mark.parametrize("process", PROCESSES)
def test_every_process_has_recorded_branches(process):
    assert len(histories(process)) >= 5
