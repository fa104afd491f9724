"""ID-LISTS: a page of companies, contacts or applications among a hundred thousand, in every order and by every filter."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from identity.app import service as identity_service
from tests.identity.conftest import Api as InProcess
from tests.performance.cpu import metered
from tests.performance.driver import Connection, one_by_one
from tests.performance.figures import Result, Shape, Void, benchmark
from tests.performance.many_companies import Listing, fill, listings
from tests.performance.many_prices import Api
from tests.performance.method import Paired, Sample, paired, percentile
from tests.performance.stage import Stage

PAGE = 50


@dataclass
class Office:
    """Identity's API on a database with so many companies, and one of the staff."""

    connection: Any
    http: Connection
    pid: int
    inside: InProcess
    token: str = ""

    async def sign_in(self) -> None:
        """A token lives for five minutes."""
        headers = await self.inside.staff_token(self.inside.staff_id)
        self.token = headers["Authorization"].removeprefix("Bearer ")

    async def over_http(self, url: str) -> bytes:
        answer = await self.http.ask("GET", url, self.token)
        if answer.status != 200:
            raise Void(f"{url} was refused: {answer.status} {answer.body[:200]!r}")
        return answer.body

    async def bare(self, one: Listing) -> Callable[[str], Awaitable[list[Any]]]:
        """The statement, prepared, with all values fetched."""
        prepared = await self.connection.prepare(one.sql)
        if "$1" not in one.sql:
            return lambda _value: prepared.fetch()
        return lambda value: prepared.fetch(value)

    async def check(self, name: str, one: Listing, bare: Callable[[str], Awaitable[list[Any]]]) -> None:
        """
        Raises:
            Void: the page is not what the statement says, or there is nothing on it.
        """
        for value in one.values:
            shown = [row["id"] for row in orjson.loads(await self.over_http(one.url(value)))["items"]]
            expected = [str(row["id"]) for row in await bare(value)][:PAGE]
            if shown != expected or not shown:
                raise Void(f"{name}: the page is not what the statement says for {value!r}")


@asynccontextmanager
async def office(stage: Stage, companies: int) -> AsyncIterator[Office]:
    async with stage.new_database(identity_service) as database:
        inside = await InProcess(database).begin()
        async with inside.http, stage.connection(database.url.rpartition("/")[2]) as connection:
            await fill(connection, companies)
            keys = {"COUNTERSIGN_MASTER_KEY": inside.master_key, "COUNTERSIGN_LINK_KEYS": "k1:" + "A" * 43}
            api = Api(database.url, "identity", **keys)
            try:
                await api.ready()
                http = await Connection.to(f"127.0.0.1:{api.port}")
                yield Office(connection, http, api.process.pid, inside)
                http.close()
            finally:
                api.stop()


@benchmark("ID-LISTS", shape=Shape.INFRASTRUCTURE)
async def lists(stage: Stage) -> list[Result]:
    companies, times, pairs = stage.size(100_000, 2_000), stage.size(20, 10), stage.size(4, 3)
    settings: dict[str, Any] = {"companies": companies, "requests_per_block": times}
    measured: dict[str, Paired] = {}
    async with office(stage, companies) as place:
        for name, one in listings(companies).items():
            await place.sign_in()
            measured[name] = await _compared(place, name, one, times=times, pairs=pairs, seed=stage.seed)
            settings[name] = {**measured[name].medians(), "ratio": round(measured[name].ratio.value, 3)}
    worst = max(measured.values(), key=lambda one: one.ratio.value)
    return [worst.result("ID-LISTS", settings)]


async def _compared(place: Office, name: str, one: Listing, *, times: int, pairs: int, seed: int) -> Paired:
    bare = await place.bare(one)
    by_sql, by_http = itertools.cycle(one.values), itertools.cycle(one.values)

    async def ask_sql() -> None:
        await bare(next(by_sql))

    async def ask_http() -> None:
        await place.over_http(one.url(next(by_http)))

    await place.check(name, one, bare)
    found = await paired(
        partial(_p95, place, ask_sql, times), partial(_p95, place, ask_http, times), pairs=pairs, seed=seed
    )
    await place.check(name, one, bare)
    return found


async def _p95(place: Office, act: Callable[[], Awaitable[None]], times: int) -> Sample:
    with metered({"api": place.pid}) as spent:
        taken = await one_by_one(act, times)
    return Sample(percentile(taken, 0.95), spent.per(times), {"p50": percentile(taken, 0.5)})
