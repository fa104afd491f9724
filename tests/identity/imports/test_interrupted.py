"""Workers that die and workers that race: nothing twice, nothing lost (ID-24)."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.clock import now
from contracts.identity.events import CompanyChanged, CompanyCreated
from identity import bulk
from identity.imports import applying, reading
from identity.imports.applying import apply_imports
from identity.imports.kinds import KINDS
from identity.imports.models import ImportKind
from identity.imports.reading import read_imports
from tests.identity.imports.office import Office, counts
from tests.waiting import eventually

HEADER = "number,legal_name,country,language,storefront,vat_number\n"


def rows(count: int, name: str = "Name") -> str:
    return HEADER + "".join(f"K-{number},{name} {number},NL,nl,main,NL123456782B90\n" for number in range(count))


async def test_an_applier_that_is_cancelled_in_a_batch_is_followed_by_one_that_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    preview = await office.preview("companies", rows(1_200))
    await office.ask_to_apply(preview)
    assert await apply_imports(office.database, {}, now())
    noted, reached = applying._note, asyncio.Event()

    async def waits(*args: Any) -> None:
        await noted(*args)
        reached.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(applying, "_note", waits)
    dying = asyncio.create_task(apply_imports(office.database, {}, now()))
    await reached.wait()
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    monkeypatch.setattr(applying, "_note", noted)
    half, batch = await office.get(f"/imports/{preview['import_id']}"), KINDS[ImportKind.COMPANIES].batch
    assert (half["status"], half["applied"]) == ("applying", batch)
    assert await office.scalar("SELECT count(*) FROM companies") == batch
    done = await office.apply(preview)
    assert (done["status"], done["applied"], counts(done)) == ("applied", 1_200, (1_200, 0, 0, 0))
    assert [one.number for one in await office.published(CompanyCreated)] == [f"K-{number}" for number in range(1_200)]


async def test_a_connection_that_is_cut_in_a_batch_loses_that_batch_alone(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    preview = await office.preview("companies", rows(700))
    await office.ask_to_apply(preview)
    noted = applying._note

    async def cut(session: Any, *args: Any) -> None:
        await noted(session, *args)
        await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    monkeypatch.setattr(applying, "_note", cut)
    with pytest.raises((DBAPIError, OSError)):
        await apply_imports(office.database, {}, now())
    monkeypatch.setattr(applying, "_note", noted)
    assert await office.scalar("SELECT count(*) FROM companies") == 0
    assert counts(await office.apply(preview)) == (700, 0, 0, 0)
    assert len(await office.published(CompanyCreated)) == 700


async def test_two_appliers_at_once_do_each_row_once(office: Office) -> None:
    preview = await office.preview("companies", rows(1_600))
    await office.ask_to_apply(preview)

    async def works() -> None:
        while (await office.get(f"/imports/{preview['import_id']}"))["status"] != "applied":
            await apply_imports(office.database, {}, now())

    await asyncio.gather(works(), works())
    done = await office.get(f"/imports/{preview['import_id']}")
    assert (done["applied"], counts(done)) == (1_600, (1_600, 0, 0, 0))
    numbers = [one.number for one in await office.published(CompanyCreated)]
    assert len(numbers) == len(set(numbers)) == 1_600


async def test_the_import_that_was_applied_later_wins(office: Office) -> None:
    first, second = [await office.preview("companies", rows(600, name)) for name in ("First", "Second")]
    await office.ask_to_apply(first)
    await office.ask_to_apply(second)
    while any(await asyncio.gather(*(apply_imports(office.database, {}, now()) for _ in range(2)))):
        pass
    assert (await office.company("K-599"))["legal_name"] == "Second 599"
    assert counts(await office.get(f"/imports/{second['import_id']}")) == (0, 600, 0, 0)
    assert len(await office.published(CompanyChanged)) == 600


async def test_a_company_that_somebody_makes_meanwhile_is_changed_instead(office: Office) -> None:
    preview = await office.preview("companies", rows(3))
    body = {"legal_name": "By hand", "country": "NL", "language": "nl", "storefront": "main", "customer_number": "K-1"}
    answer = await office.http.post(
        "/v1/companies", json={**body, "vat_number": "NL123456782B90"}, headers=office.staff
    )
    assert answer.status_code == 201
    done = await office.apply(preview)
    assert (done["status"], counts(done)) == ("applied", (2, 1, 0, 0))
    assert await office.outcomes(done) == [(2, "created"), (3, "changed", "legal_name"), (4, "created")]


async def test_a_row_that_creates_a_company_against_its_preview_has_its_numbers_checked_then(office: Office) -> None:
    """ID-01: only of what was foretold to be new were they checked before."""
    written = rows(1).replace("NL123456782B90", "NL 1234.56.782.B90")
    await office.bring_in("companies", written)
    preview = await office.preview("companies", written)
    assert counts(preview) == (0, 0, 1, 0)
    first = await office.company("K-0")
    headers = {**office.staff, "If-Match": "*"}
    moved = await office.http.patch(f"/v1/companies/{first['id']}", json={"number": "M-0"}, headers=headers)
    assert moved.status_code == 200, moved.text
    assert counts(await office.apply(preview)) == (1, 0, 0, 0)
    assert [(await office.company(number))["vat_number"] for number in ("M-0", "K-0")] == ["NL123456782B90"] * 2


async def test_one_row_that_turned_bad_takes_no_other_with_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The storefront asks for more than it did when the import was previewed; rows before it were written already."""
    monkeypatch.setattr(bulk, "SLICE", 5)
    header = HEADER.strip() + ",phone\n"
    lines = "".join(f"K-{n},Name,NL,nl,main,NL123456782B90,{'' if n == 7 else '+31 20 1'}\n" for n in range(20))
    preview = await office.preview("companies", header + lines)
    assert counts(preview) == (20, 0, 0, 0)
    read = await office.http.get("/v1/policies/registration", headers=office.staff)
    policy = {**read.json(), "required": ["vat_number", "phone"]}
    headers = {**office.staff, "If-Match": read.headers["ETag"]}
    assert (await office.http.put("/v1/policies/registration", json=policy, headers=headers)).status_code == 200
    done = await office.apply(preview)
    assert (done["status"], done["applied"], counts(done)) == ("applied", 20, (19, 0, 0, 1))
    assert await office.outcomes(done, outcome="refused") == [(9, "refused", "required", "phone")]
    assert len(await office.published(CompanyCreated)) == 19


async def test_a_reader_that_dies_between_chunks_is_followed_by_one_that_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK", 10)
    import_id = await office.send("companies", rows(35) + rows(2).removeprefix(HEADER))
    written, calls = reading._Reading._write, 0

    async def dies(self: Any, session: Any, *args: Any) -> None:
        nonlocal calls
        calls += 1
        await written(self, session, *args)
        if calls == 3:
            await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    monkeypatch.setattr(reading._Reading, "_write", dies)
    with pytest.raises((DBAPIError, OSError)):
        await read_imports(office.database, {}, now())
    half = await office.get(f"/imports/{import_id}")
    assert (half["status"], half["rows"]) == ("reading", 20)
    await eventually(lambda: read_imports(office.database, {}, now()), what="the next reader's turn")
    done = await office.get(f"/imports/{import_id}")
    assert (done["status"], done["rows"], counts(done)) == ("previewed", 37, (33, 0, 0, 4))
    assert await office.scalar("SELECT count(*) FROM import_pieces") == 0


async def test_two_readers_read_an_import_once(office: Office) -> None:
    import_id = await office.send("companies", rows(3_000))
    both = await asyncio.gather(*(read_imports(office.database, {}, now()) for _ in range(2)))
    assert sorted(both) == [False, True]
    assert counts(await office.get(f"/imports/{import_id}")) == (3_000, 0, 0, 0)


async def test_companies_are_looked_for_in_the_table_as_it_is(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that was kept from when it was empty would go through all of it for each row, until the statement is cut off."""
    monkeypatch.setattr(KINDS[ImportKind.COMPANIES], "batch", 10)
    await office.bring_in("companies", rows(100))
    async with office.database.reading() as connection:
        looking = text(
            "SELECT sum(custom_plans) AS anew, sum(generic_plans) AS kept FROM pg_prepared_statements"
            " WHERE statement LIKE 'SELECT companies%number = ANY%'"
        )
        plans = (await connection.execute(looking)).one()
    assert plans.kept == 0
    assert plans.anew >= 20
