"""A connection that the broker has closed is a reason to connect again, in every event loop."""

import asyncio

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.admin import ApiVersionRequest

from chassis.closed_connections import understand_uvloop


async def send_when_closed() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    connection = AIOKafkaConnection("127.0.0.1", server.sockets[0].getsockname()[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
    # As `connect` does it, without a reading task, which would have seen the end first.
    connection._writer, connection._reader = writer, reader
    connection._read_task = asyncio.get_running_loop().create_future()
    writer.transport.abort()
    await reader.read()
    try:
        await connection.send(ApiVersionRequest())
    finally:
        server.close()


def test_writing_to_a_closed_connection_says_so():
    understand_uvloop()
    with pytest.raises(KafkaConnectionError), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(send_when_closed())
