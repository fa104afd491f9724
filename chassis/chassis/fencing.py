"""A producer that shuts out its predecessors: what one of them still has in its hands can not land behind newer records.

The broker counts the generations of a producer's name, and on each partition refuses an older one than it has seen there.
Transactions are not used: readers see events at once, and a batch is one round trip.
"""

from datetime import timedelta
from typing import Any

from aiokafka import AIOKafkaProducer

RENEWED_EVERY = timedelta(days=1)
"""Start another one by then: a broker forgets names that nobody has taken for seven days (`transactional.id.expiration.ms`)."""


class FencedProducer(AIOKafkaProducer):  # type: ignore[misc]
    """The only one of its name from `start` on: start it as the leader, not before."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(transactional_id=name, **options)

    async def start(self) -> None:
        await super().start()
        # It has its generation. Without the name, aiokafka takes it for an idempotent producer without transactions.
        self._txn_manager.transactional_id = None
