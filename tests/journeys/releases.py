"""Releases of the code, each a copy of the tree with its changes, and their processes beside those of the stack."""

import asyncio
import compileall
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from chassis.ids import new_id
from local_stack import Stack
from local_stack.layout import ROLES, Layout
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "contracts",
    "chassis",
    "services/identity",
    "services/pricing",
    "services/orders",
    "services/notifications",
)
FIRST_PORT = 60
"""Above the ports of the stack's own processes."""


@dataclass(frozen=True)
class Change:
    """Replaces `old`, which is in the file exactly once; `old` of None: a new file."""

    path: str
    old: str | None
    new: str

    def apply(self, folder: Path) -> None:
        file = folder / self.path
        if self.old is None:
            assert not file.exists()
            file.write_text(self.new)
            return
        text = file.read_text()
        assert text.count(self.old) == 1, f"{self.path} has {text.count(self.old)} of {self.old!r}"
        file.write_text(text.replace(self.old, self.new))


def release(folder: Path, changes: list[Change]) -> str:
    """The tree's code with the changes, in a folder of its own: its PYTHONPATH."""
    shutil.rmtree(folder, ignore_errors=True)
    for package in PACKAGES:
        name = package.rpartition("/")[2]
        source = ROOT / package / name
        shutil.copytree(source, folder / package / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("asyncapi.json", "schemas"):
        published = ROOT / "contracts" / name
        into = folder / "contracts" / name
        shutil.copytree(published, into) if published.is_dir() else shutil.copy(published, into)
    for change in changes:
        change.apply(folder)
    compileall.compile_dir(folder, quiet=2)
    return os.pathsep.join(str(folder / package) for package in PACKAGES)


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
