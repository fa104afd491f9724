"""What an operator is told by `bootstrap-staff`, as a process of its own."""

import asyncio
import os
import socket
import sys


async def bootstrap(infrastructure, **environment: str) -> tuple[int, str]:
    """Its status, and all that it says."""
    given = {**os.environ, **infrastructure.environment["identity"], **environment}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "identity", "bootstrap-staff", "--name", "Sanne Smit", "--email", "sanne@example.com"),
        env={**given, "COUNTERSIGN_BOOTSTRAP_PASSWORD": "copper-fjord-linen-482"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_a_database_that_can_not_be_reached_is_told_in_a_sentence(infrastructure):
    with socket.socket() as refuses, socket.socket() as is_silent:
        for database in (refuses, is_silent):
            database.bind(("127.0.0.1", 0))
        is_silent.listen()
        urls = [
            f"postgresql+asyncpg://identity:secret@127.0.0.1:{database.getsockname()[1]}/identity"
            for database in (refuses, is_silent)
        ]
        ended = await asyncio.gather(*(bootstrap(infrastructure, COUNTERSIGN_DATABASE_URL=url) for url in urls))
    for status, said in ended:
        assert status == 1
        assert said.startswith("Something that this command needs can not be reached now: ")
        assert "Traceback" not in said
        assert "secret" not in said
