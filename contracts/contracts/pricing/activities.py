"""Steps that pricing carries out for other services' processes."""

from typing import Literal
from uuid import UUID

from contracts.shared.activity import Payload, stub
from contracts.shared.values import Code

TASK_QUEUE = "pricing"


class GiveTerms(Payload):
    """Assigns a price list to a company. Given twice, it is given once."""

    company_id: UUID
    price_list: Code


class Given(Payload):
    outcome: Literal["given"] = "given"


class Refused(Payload):
    outcome: Literal["refused"] = "refused"
    reason: Code
    """`price-list-unknown` or `price-list-expired`."""


class TakeBackTerms(Payload):
    company_id: UUID
    price_list: Code


@stub(task_queue=TASK_QUEUE)
async def give_terms(command: GiveTerms) -> Given | Refused: ...


@stub(task_queue=TASK_QUEUE)
async def take_back_terms(command: TakeBackTerms) -> None: ...
