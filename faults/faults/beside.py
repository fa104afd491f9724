"""Processes of another build on a running stack, each in one role, beside or in place of the stack's own."""

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from uuid import uuid4

import httpx2

from local_stack import Stack
from local_stack.layout import ROLES, Layout

FIRST_PORT = 66
"""Above the ports of the stack's own processes, and of the proxies before its parts."""
READY_WITHIN = 180.0


class DidNotStart(Exception):
    """A process ended or did not get ready; the message names its log."""


@dataclass
class Beside:
    stack: Stack
    python_path: str
    """Of the build, as `sources.python_path` says it."""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def _environment(self, service: str) -> dict[str, str]:
        own = {"PYTHONPATH": self.python_path, "COUNTERSIGN_STACK": str(Layout(self.stack.name).directory)}
        return {**os.environ, **self.stack.environment[service], **own}

    def url(self, service: str, role: str) -> str:
        number = FIRST_PORT + 4 * list(self.stack.services).index(service) + ROLES.index(role)
        return f"http://127.0.0.1:{self.stack.port_base + number}"

    async def migrate(self, service: str, **settings: str) -> None:
        """
        Raises:
            DidNotStart: the migration failed; the end of what it said.
        """
        process = await self.begin_migrating(service, **settings)
        output, _ = await process.communicate()
        if process.returncode:
            raise DidNotStart(output.decode(errors="replace")[-2000:])

    async def begin_migrating(self, service: str, **settings: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", service, "migrate"),
            env=self._environment(service) | settings,
            cwd=Layout(self.stack.name).directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    async def start(self, service: str, role: str, **settings: str) -> None:
        """Until it is ready, as itself.

        Raises:
            DidNotStart: it ended, or took too long.
        """
        name, url, instance = f"{service}-{role}", self.url(service, role), uuid4().hex
        environment = self._environment(service) | {
            "COUNTERSIGN_HTTP_PORT": url.rpartition(":")[2],
            "COUNTERSIGN_INSTANCE": instance,
            **settings,
        }
        directory = Layout(self.stack.name).directory
        with (directory / "logs" / f"{name}-beside.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(  # noqa: ASYNC220 - it goes on when this function has ended
                [sys.executable, "-m", service, role], env=environment, cwd=directory, stdout=log, stderr=log
            )
        deadline = time.monotonic() + READY_WITHIN
        while not await self._ready(url, instance):
            if self.processes[name].poll() is not None:
                raise DidNotStart(f"{name} ended, see {log.name}")
            if time.monotonic() > deadline:
                raise DidNotStart(f"{name} is not ready after {READY_WITHIN:g} s, see {log.name}")
            await asyncio.sleep(0.05)

    async def _ready(self, url: str, instance: str) -> bool:
        async with httpx2.AsyncClient(timeout=5) as http:
            try:
                living = await http.get(f"{url}/health/live")
                answer = await http.get(f"{url}/health/ready")
            except httpx2.TransportError:
                return False
        return answer.status_code == 200 and living.json()["instance"] == instance

    def pid(self, service: str, role: str) -> int:
        return self.processes[f"{service}-{role}"].pid

    async def stop(self, service: str, role: str) -> None:
        """In good order."""
        process = self.processes.pop(f"{service}-{role}")
        process.terminate()
        await asyncio.to_thread(process.wait, 60)

    async def stop_all(self) -> None:
        await asyncio.gather(*(self.stop(*name.split("-")) for name in list(self.processes)))
