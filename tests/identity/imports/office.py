"""The merchant's back office: sends files, has them read and applied, and looks at what came of it."""

import csv
import io
from dataclasses import dataclass
from typing import Any

import httpx2
import openpyxl
from sqlalchemy import text

from chassis.clock import now
from chassis.service import Resources
from contracts.shared.event import Event
from identity.app import service
from identity.vat_checks.vies import Vies
from tests.identity.conftest import Api

RESOURCES: Resources = {Vies: Vies(None)}
"""Of its worker, made once as in a process: a client of HTTPS reads all authorities that it trusts."""


@dataclass
class Office(Api):
    async def get(self, path: str, **params: Any) -> Any:
        return (await self._answer("GET", path, params=params)).json()

    async def _answer(self, method: str, path: str, **request: Any) -> httpx2.Response:
        answer = await self.http.request(method, f"/v1{path}", headers=self.staff, **request)
        assert answer.status_code < 300, answer.text
        return answer

    async def send(self, kind: str, content: str | bytes) -> str:
        content = content.encode() if isinstance(content, str) else content
        answer = await self._answer("POST", f"/{kind}/imports", content=content)
        assert answer.status_code == 202
        return str(answer.json()["import_id"])

    async def preview(self, kind: str, content: str | bytes) -> dict[str, Any]:
        import_id = await self.send(kind, content)
        await self._work()
        return dict(await self.get(f"/imports/{import_id}"))

    async def ask_to_apply(self, progress: dict[str, Any]) -> None:
        await self._answer("POST", f"/imports/{progress['import_id']}/apply")

    async def apply(self, progress: dict[str, Any]) -> dict[str, Any]:
        await self.ask_to_apply(progress)
        await self._work()
        return dict(await self.get(f"/imports/{progress['import_id']}"))

    async def _work(self) -> None:
        """What a worker of identity does in the background, until nothing waits."""
        for work in service.background:
            while await work(self.database, RESOURCES, now()):
                pass

    async def bring_in(self, kind: str, content: str | bytes) -> dict[str, Any]:
        return await self.apply(await self.preview(kind, content))

    async def outcomes(self, progress: dict[str, Any], **params: Any) -> list[tuple[Any, ...]]:
        """Row, outcome, and the changed fields or code and column of the refusal."""
        rows = (await self.get(f"/imports/{progress['import_id']}/rows", limit=200, **params))["items"]
        return [
            (one["row"], one["outcome"], *((one["code"], one["column"]) if one["code"] else one["fields"]))
            for one in rows
        ]

    async def refused(self, progress: dict[str, Any]) -> str:
        answer = await self._answer("GET", f"/imports/{progress['import_id']}/refused.csv")
        return answer.content.decode("utf-8-sig")

    async def export(self, kind: str, format_: str = "csv", **params: Any) -> bytes:
        answer = await self._answer("GET", f"/exports/{kind}", params={"format": format_, **params})
        return answer.content

    async def company(self, number: str) -> dict[str, Any]:
        (found,) = (one for one in (await self.get("/companies", search=number))["items"] if one["number"] == number)
        return dict(found)

    async def published(self, *types: type[Event]) -> list[Any]:
        """What waits in the outbox, of these types, in order."""
        kinds = {one.type: one for one in types}
        query = text("SELECT type, value FROM outbox WHERE type = ANY(:types) ORDER BY id")
        async with self.database.reading() as connection:
            rows = (await connection.execute(query, {"types": list(kinds)})).all()
        return [kinds[row.type].model_validate_json(row.value) for row in rows]

    async def scalar(self, query: str) -> Any:
        async with self.database.reading() as connection:
            return await connection.scalar(text(query))


def counts(progress: dict[str, Any]) -> tuple[int, int, int, int]:
    return progress["created"], progress["changed"], progress["unchanged"], progress["refused"]


def workbook(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def cells_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
