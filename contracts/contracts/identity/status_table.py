"""Status x capability: what each customer status allows. Data, published by identity; every service decides from it."""

from contracts.identity.topics import STATUS_TABLE
from contracts.identity.values import Capability, CustomerStatus
from contracts.shared.event import State

S, C = CustomerStatus, Capability

DEFAULT_ALLOWED: dict[CustomerStatus, frozenset[Capability]] = {
    S.NONE: frozenset(),
    S.NOT_INVITED: frozenset({C.BE_ORDERED_FOR}),
    S.INVITED: frozenset({C.BE_ORDERED_FOR}),
    S.PENDING_APPROVAL: frozenset(),
    S.REGISTERED: frozenset({C.BE_ORDERED_FOR}),
    S.REJECTED: frozenset(),
    S.ENABLED: frozenset(Capability),
    S.DISABLED: frozenset(),
    S.MERGED: frozenset(),
}
"""The table as delivered; a merchant changes a cell by policy."""


class StatusTable(State, type="countersign.identity.status_table.state.v1", topic=STATUS_TABLE):
    """The merchant's current table. A status that is absent allows nothing."""

    allowed: dict[CustomerStatus, frozenset[Capability]] = DEFAULT_ALLOWED

    def allows(self, status: CustomerStatus, capability: Capability) -> bool:
        return capability in self.allowed.get(status, frozenset())


def refusal_code(status: CustomerStatus) -> str:
    """The stable code of a refusal by status, the same in every service: `customer-disabled`."""
    return f"customer-{status.value.replace('_', '-')}"
