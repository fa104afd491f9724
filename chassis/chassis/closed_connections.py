"""aiokafka knows by an `OSError` that a connection it writes to is closed; uvloop says so by a `RuntimeError`.

That one ends a consumer's coordinator, which nobody starts again (aio-libs/aiokafka issue 1038).
"""

from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

_send = AIOKafkaConnection.send


def understand_uvloop() -> None:
    """From here on, connections of aiokafka understand both. May be called again."""

    def send(self: Any, request: Any, expect_response: bool = True) -> Any:
        try:
            return _send(self, request, expect_response)
        except RuntimeError as closed:
            self.close(reason=CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"Connection at {self.host}:{self.port} broken: {closed}") from closed

    AIOKafkaConnection.send = send
