"""Records that none of our services would publish, put on a topic by hand."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
from aiokafka import AIOKafkaProducer

from faults.system import System

Headers = list[tuple[str, bytes]]

LARGEST = 8_000_000


def headers(event_type: str, key: str, **others: str) -> Headers:
    """As the contract wants them, of the first event of this key; its id is new."""
    said = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid4()),
        "ce_type": event_type,
        "ce_source": f"/countersign/{event_type.split('.')[1]}",
        "ce_subject": key,
        "ce_time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "ce_epoch": "1",
        "ce_sequence": "1",
        "ce_actor": "process:fault",
        "content-type": "application/json",
        **others,
    }
    return [(name, value.encode()) for name, value in said.items()]


async def send(system: System, topic: str, key: str, value: bytes | dict[str, Any], headers: Headers) -> str:
    """Where it lies now: `topic/partition/offset`. It is compressed, so that a broker's limit does not keep a large one out."""
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    producer = AIOKafkaProducer(
        bootstrap_servers=system.stack.kafka, max_request_size=LARGEST, compression_type="gzip", acks="all"
    )
    await producer.start()
    try:
        lies = await producer.send_and_wait(topic, value=body, key=key.encode(), headers=headers)
    finally:
        await producer.stop()
    place = f"{topic}/{lies.partition}/{lies.offset}"
    system.made |= {place, key, *(value.decode() for name, value in headers if name == "ce_id")}
    return place
