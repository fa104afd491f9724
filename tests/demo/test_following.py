"""What the demo says when it can not compare."""

import socket

import pytest
from demo.following import end_offsets
from demo.waiting import TimedOut


async def test_kafka_that_does_not_answer_is_told_in_a_sentence():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(TimedOut, match=f"Kafka at {address} does not answer"):
            await end_offsets(address, {"countersign.orders.order": 1})
