"""Where a stack keeps its files and which ports it listens on."""

import json
import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from local_stack.errors import StackError

ROOT = Path(__file__).resolve().parents[3]
"""The checkout. The package is installed editable, so its own place tells."""

SERVICES = ("identity", "pricing", "orders", "notifications")
ROLES = ("api", "consumer", "relay", "worker")

DEFAULT_PORT_BASE = 18000
STACK_OFFSETS = {"demo": 0, "test": 100}
"""Both stacks of a checkout run at once, so each has a hundred ports of its own."""

_INFRASTRUCTURE_PORTS = {
    "postgres": 0,
    "kafka": 1,
    "kafka-controller": 2,
    "temporal": 3,
    "temporal-ui": 4,
    "smtp": 5,
    "mail": 6,
}


def _service_ports() -> dict[str, int]:
    ports: dict[str, int] = {}
    for tens, service in enumerate(SERVICES, start=1):
        ports[service] = tens * 10
        for ones, role in enumerate(ROLES, start=1):
            ports[f"{service}-{role}"] = tens * 10 + ones
    return ports


PORT_OFFSETS = _INFRASTRUCTURE_PORTS | _service_ports()


@dataclass(frozen=True)
class Layout:
    """One named stack of one checkout."""

    name: str
    root: Path = ROOT

    @property
    def directory(self) -> Path:
        """Everything the stack writes is below it, logs and secrets included."""
        return self.root / ".local" / self.name

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    @property
    def traces(self) -> Path:
        return self.directory / "traces"

    @property
    def file(self) -> Path:
        """What `up` writes for the demo and the tests."""
        return self.directory / "stack.json"

    @property
    def supervisor_conf(self) -> Path:
        return self.directory / "supervisord.conf"

    @property
    def supervisor_socket(self) -> Path:
        """In the temporary folder for a checkout deep in a tree: the path of a socket has a hundred bytes at most."""
        socket = self.directory / "supervisor.sock"
        if len(os.fsencode(socket)) < 90:
            return socket
        digest = sha256(os.fsencode(socket)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"countersign-{digest}.sock"

    @property
    def marker(self) -> str:
        """In the environment of every process of this stack, so that forgotten ones are found."""
        return f"COUNTERSIGN_STACK={self.directory}"

    @cached_property
    def port_base(self) -> int:
        """`COUNTERSIGN_PORT_BASE`, or what this stack used last, or the default."""
        offset = STACK_OFFSETS.get(self.name)
        wanted = os.environ.get("COUNTERSIGN_PORT_BASE")
        if wanted is not None:
            if not wanted.isdigit() or not 1024 <= int(wanted) <= 65300:
                raise StackError(f"COUNTERSIGN_PORT_BASE is {wanted!r}: give a number from 1024 to 65300.")
            return int(wanted) + (self._own_offset() if offset is None else offset)
        try:
            return int(json.loads(self.file.read_text())["port_base"])
        except (OSError, ValueError, KeyError):
            return DEFAULT_PORT_BASE + (self._own_offset() if offset is None else offset)

    def _own_offset(self) -> int:
        """A stack of another name: a hundred ports from 2 to 9 hundreds above the base, the same ones each time."""
        return 200 + int(sha256(self.name.encode()).hexdigest(), 16) % 8 * 100

    def port(self, purpose: str) -> int:
        return self.port_base + PORT_OFFSETS[purpose]

    def address(self, purpose: str) -> str:
        return f"127.0.0.1:{self.port(purpose)}"


def known_stacks(root: Path = ROOT) -> list[Layout]:
    """Every stack of this checkout that has ever been up."""
    return [Layout(conf.parent.name, root) for conf in sorted((root / ".local").glob("*/supervisord.conf"))]
