"""What the Temporal UI shows of a process, read from the API behind its pages, as a browser does."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx2

from demo.http_api import Unexpected
from demo.waiting import until

METADATA = "__temporal_workflow_metadata"
"""The query that answers with the current details in plain words."""


@dataclass(frozen=True)
class Processes:
    ui: str
    namespace: str
    http: httpx2.AsyncClient = field(repr=False)

    def page(self, workflow_id: str) -> str:
        """The address of its page."""
        return f"{self.ui}/namespaces/{self.namespace}/workflows/{quote(workflow_id, safe='')}"

    async def end_of(self, workflow_id: str) -> str:
        """How it ended: `COMPLETED`, `FAILED`, `TERMINATED` …"""

        async def probe() -> str | None:
            response = await self.http.get(self._api(workflow_id))
            if response.status_code != 200:
                return None
            status = str(response.json()["workflowExecutionInfo"]["status"]).rpartition("STATUS_")[2]
            return None if status == "RUNNING" else status

        return await until(f"the end of {workflow_id}", probe)

    async def details(self, workflow_id: str) -> str:
        """What it waits for, or how it ended, in plain words."""

        async def probe() -> str | None:
            if "_csrf" not in self.http.cookies:
                await self.http.get(self._api(workflow_id))
            response = await self.http.post(
                f"{self._api(workflow_id)}/query/{METADATA}",
                json={"query": {"queryType": METADATA}},
                headers={"X-CSRF-TOKEN": self.http.cookies.get("_csrf") or ""},
            )
            if response.status_code in (400, 404) or response.status_code >= 500:
                return None  # it has not begun yet, or its worker has no time
            if response.status_code != 200:
                raise Unexpected(f"the query of {workflow_id} answered {response.status_code} {response.text[:200]}")
            return _details(response.json()) or None

        return await until(f"the details of {workflow_id}", probe)

    def _api(self, workflow_id: str) -> str:
        return f"{self.ui}/api/v1/namespaces/{self.namespace}/workflows/{quote(workflow_id, safe='')}"


def _details(answer: dict[str, Any]) -> str:
    payload = answer["queryResult"]["payloads"][0]["data"]
    return str(json.loads(base64.b64decode(payload)).get("currentDetails", ""))
