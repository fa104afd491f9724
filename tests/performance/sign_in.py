"""ID-SIGN-IN: what a sign-in costs, over the argon2id verification that it can not do without."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import cycle

import orjson
from sqlalchemy import text

from identity.app import service as identity_service
from identity.sign_in.commands import SetPassword, set_password
from identity.sign_in.passwords import Passwords
from tests.identity.conftest import Api as InProcess
from tests.identity.people import AT, PASSWORD, a_company, a_member
from tests.performance.cpu import metered
from tests.performance.driver import Connection
from tests.performance.figures import Result, Shape, Void, benchmark
from tests.performance.many_prices import Api
from tests.performance.method import Sample, paired
from tests.performance.stage import Stage

PEOPLE = 10
BARE = """
import sys
from identity.sign_in.passwords import Passwords
passwords, (known, password) = Passwords(), sys.stdin.readline().split("\\t")
verify = passwords._hasher.verify
print("ready", flush=True)
for line in sys.stdin:
    for _ in range(int(line)):
        verify(known, password.rstrip("\\n"))
    print("done", flush=True)
"""
"""Verifies one password by the parameters of the service, so many times as it is told."""


@dataclass
class Door:
    """Identity's API with people who have a password, and the bare verification in a process of its own."""

    http: Connection
    pid: int
    bare: asyncio.subprocess.Process
    addresses: list[str]
    inside: InProcess

    async def sign_in(self, times: int) -> Sample:
        """One after the other; each opens a session."""
        before = await self.sessions()
        bodies = cycle([_credentials(address) for address in self.addresses])
        with metered({"api": self.pid}) as spent:
            for _ in range(times):
                answer = await self.http.ask("POST", "/v1/sessions", "", next(bodies))
                if answer.status != 201:
                    raise Void(f"a sign-in failed: {answer.status} {answer.body[:200]!r}")
        if await self.sessions() - before != times:
            raise Void("a sign-in opened no session")
        cpu = spent.per(times)
        return Sample(cpu["api"], cpu, {"seconds": spent.seconds / times})

    async def sessions(self) -> int:
        async with self.inside.database.reading() as connection:
            return int(await connection.scalar(text("SELECT count(*) FROM sessions")) or 0)

    async def verify(self, times: int) -> Sample:
        with metered({"bare": self.bare.pid}) as spent:
            await self.ask_bare(str(times))
        cpu = spent.per(times)
        return Sample(cpu["bare"], cpu, {"seconds": spent.seconds / times})

    async def ask_bare(self, line: str) -> None:
        assert self.bare.stdin is not None
        assert self.bare.stdout is not None
        self.bare.stdin.write(f"{line}\n".encode())
        if not await self.bare.stdout.readline():
            raise Void("the bare verification ended")


def _credentials(address: str) -> bytes:
    return orjson.dumps({"kind": "member", "email": address, "password": PASSWORD})


@asynccontextmanager
async def door(stage: Stage) -> AsyncIterator[Door]:
    known, addresses = await Passwords().hash(PASSWORD), [f"person-{n}@firm.example" for n in range(PEOPLE)]
    async with stage.new_database(identity_service) as database:
        inside = await InProcess(database).begin()
        async with inside.http:
            async with database.transaction() as session:
                company = await a_company(session)
                for address in addresses:
                    member = await a_member(session, company, address)
                    await set_password(session, SetPassword(member.contact_id, known), AT)
            keys = {"COUNTERSIGN_MASTER_KEY": inside.master_key, "COUNTERSIGN_LINK_KEYS": "k1:" + "A" * 43}
            api = Api(database.url, "identity", **keys)
            pipe = asyncio.subprocess.PIPE
            bare = await asyncio.create_subprocess_exec(sys.executable, "-c", BARE, stdin=pipe, stdout=pipe)
            try:
                await api.ready()
                http = await Connection.to(f"127.0.0.1:{api.port}")
                found = Door(http, api.process.pid, bare, addresses, inside)
                await found.ask_bare(f"{known}\t{PASSWORD}")
                yield found
                http.close()
            finally:
                bare.kill()
                await bare.wait()
                api.stop()


@benchmark("ID-SIGN-IN", shape=Shape.INFRASTRUCTURE)
async def sign_ins(stage: Stage) -> list[Result]:
    times, pairs = stage.size(100, 20), stage.size(8, 3)
    async with door(stage) as place:
        await place.sign_in(PEOPLE)
        measured = await paired(lambda: place.verify(times), lambda: place.sign_in(times), pairs=pairs, seed=stage.seed)
    return [measured.result("ID-SIGN-IN", {"sign_ins_per_block": times, "people": PEOPLE, **measured.medians()})]
