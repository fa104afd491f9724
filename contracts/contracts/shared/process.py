"""What the three processes have in common: how they learn that their row moved on."""

from datetime import datetime
from typing import Annotated

from pydantic import Field
from temporalio import workflow
from temporalio.common import SearchAttributeKey

from contracts.shared.activity import Payload
from contracts.shared.values import Elapsed

COMPANY_NUMBER = SearchAttributeKey.for_keyword("CompanyNumber")
ORDER_NUMBER = SearchAttributeKey.for_keyword("OrderNumber")
PROCESS_STATE = SearchAttributeKey.for_keyword("ProcessState")
WAITING_FOR = SearchAttributeKey.for_keyword("WaitingFor")
DUE_AT = SearchAttributeKey.for_datetime("DueAt")
SEARCH_ATTRIBUTES = (COMPANY_NUMBER, ORDER_NUMBER, PROCESS_STATE, WAITING_FOR, DUE_AT)
"""What operators search processes by; scarce (10 keywords, 3 datetimes per namespace) and never encrypted."""


def show(state: str, waiting_for: str, due: datetime | None) -> None:
    """From within a process, to operators who search for it. What they see already is not said again: that is an event of its
    history, and a write of the server."""
    seen = workflow.info().typed_search_attributes
    if (state, waiting_for, due) != (seen.get(PROCESS_STATE), seen.get(WAITING_FOR), seen.get(DUE_AT)):
        workflow.upsert_search_attributes(
            [
                PROCESS_STATE.value_set(state),
                WAITING_FOR.value_set(waiting_for),
                DUE_AT.value_set(due) if due else DUE_AT.value_unset(),
            ]
        )


ROW_CHANGED = "row_changed"
"""The one signal. A process never trusts it for facts: it reads the row and goes where the row leads."""


class RowChanged(Payload):
    """The process's row moved on. Repeated, late and reordered ones do no harm."""

    sequence: int
    """Of the event that says so. One that is not higher than the last seen is an echo and is ignored."""
    status: str
    """Of the row after that event; saves a reading where the next step checks the row anyway."""


ClaimedName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$")]
"""Whom an operator says to be; the Temporal UI does not prove it."""


class ByOperator(Payload):
    """What an operator sends a process from the Temporal UI."""

    actor: ClaimedName

    @property
    def claimed(self) -> str:
        """The actor as events name him: `operator:<name>`."""
        return f"operator:{self.actor}"


class RemindByOperator(ByOperator):
    pass


class ExtendByOperator(ByOperator):
    by: Elapsed


class WithdrawByOperator(ByOperator):
    pass
