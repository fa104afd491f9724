"""Releases of the code, each a copy of the tree with its changes, and their processes beside those of the stack."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from faults.sources import Change, copy, python_path

from chassis.ids import new_id
from local_stack import Stack
from local_stack.layout import ROLES, Layout
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
FIRST_PORT = 60
"""Above the ports of the stack's own processes."""


@dataclass(frozen=True)
class NewFile:
    """Beside `Patch`, which changes one that is there."""

    path: str
    text: str

    def apply(self, root: Path) -> None:
        file = root / self.path
        assert not file.exists()
        file.write_text(self.text)


def release(folder: Path, changes: Sequence[Change]) -> str:
    """The tree's code with the changes, in a folder of its own: its PYTHONPATH."""
    return python_path(copy(ROOT, folder, changes))


@dataclass
class Beside:
    """Processes of another release on a running stack, each in one role."""

    stack: Stack
    python_path: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def _environment(self, service: str) -> dict[str, str]:
        own = {"PYTHONPATH": self.python_path, "COUNTERSIGN_STACK": str(Layout(self.stack.name).directory)}
        return {**os.environ, **self.stack.environment[service], **own}

    def url(self, service: str, role: str) -> str:
        number = FIRST_PORT + 4 * list(self.stack.services).index(service) + ROLES.index(role)
        return f"http://127.0.0.1:{self.stack.port_base + number}"

    async def migrate(self, service: str) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", service, "migrate"),
            env=self._environment(service),
            cwd=Layout(self.stack.name).directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode(errors="replace")[-2000:]

    async def start(self, service: str, role: str, **settings: str) -> None:
        """Until it is ready, as itself."""
        name, url, instance = f"{service}-{role}", self.url(service, role), new_id().hex
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
        async with httpx2.AsyncClient(timeout=5) as http:

            async def ready() -> bool:
                assert self.processes[name].poll() is None, f"{name} ended, see {log.name}"
                try:
                    living = await http.get(f"{url}/health/live")
                    answer = await http.get(f"{url}/health/ready")
                except httpx2.TransportError:
                    return False
                return answer.status_code == 200 and living.json()["instance"] == instance

            await eventually(ready, seconds=180, what=f"{name} ready")

    async def stop(self, service: str, role: str) -> None:
        """In good order."""
        process = self.processes.pop(f"{service}-{role}")
        process.terminate()
        await asyncio.to_thread(process.wait, 60)

    async def stop_all(self) -> None:
        await asyncio.gather(*(self.stop(*name.split("-")) for name in list(self.processes)))
