"""The four services as supervised processes: what each is told through its environment, and when it is ready."""

import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from local_stack.errors import StackError
from local_stack.http import get_json
from local_stack.kafka import Kafka
from local_stack.keys import Keys
from local_stack.layout import ROLES, SERVICES, Layout
from local_stack.mail import Mail
from local_stack.postgres import Postgres
from local_stack.programs import AFTER_REQUESTS, Program
from local_stack.temporal import NAMESPACE, Temporal

_MAILS_LINKS = ("identity", "notifications")
"""The two that compute the tokens in mailed links."""
MALLOC = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "33554432",
}
"""As in the images. Two arenas, not one per thread; and what a password is hashed in, 19 MB, is used again: 5,000 new pages
for each sign-in would take half as long as the hash."""


_ANSWERING = ("api", "all")

Overrides = Mapping[str, Mapping[str, str]]
"""Per service, variables that its processes are started with instead of or besides the usual ones."""


@dataclass(frozen=True)
class Services:
    layout: Layout
    keys: Keys
    postgres: Postgres
    kafka: Kafka
    temporal: Temporal
    mail: Mail
    instances: dict[str, str]
    """A random id for each process, which its liveness answer repeats: a forgotten process can not answer for it."""
    split: bool = False
    """One process for each role instead of one for each service."""
    overrides: Overrides = field(default_factory=dict)

    def present(self) -> list[str]:
        """Those whose sources are here."""
        return [name for name in SERVICES if (self.layout.root / "services" / name / "pyproject.toml").exists()]

    def processes_of(self, service: str) -> dict[str, str]:
        """Process name to the role it is started with."""
        return {f"{service}-{role}": role for role in ROLES} if self.split else {service: "all"}

    def front(self, service: str) -> str:
        """The process that answers the service's HTTP API."""
        return f"{service}-api" if self.split else service

    def url(self, process: str) -> str:
        return f"http://{self.layout.address(process)}"

    def environment(self, service: str, process: str) -> dict[str, str]:
        environment = {
            "COUNTERSIGN_DATABASE_URL": self.postgres.service_url(service),
            "COUNTERSIGN_KAFKA": self.kafka.address,
            "COUNTERSIGN_TEMPORAL": self.temporal.address,
            "COUNTERSIGN_TEMPORAL_NAMESPACE": NAMESPACE,
            "COUNTERSIGN_HTTP_HOST": "127.0.0.1",
            "COUNTERSIGN_HTTP_PORT": str(self.layout.port(process)),
            "COUNTERSIGN_INSTANCE": self.instances[process],
            "COUNTERSIGN_MASTER_KEY": self.keys.master_keys[service],
            # Set by many CI systems; without bytecode of our own sources a process needs seconds longer to come back.
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONUNBUFFERED": "1",
            **MALLOC,
        }
        if service == "notifications":
            environment["COUNTERSIGN_SMTP"] = self.mail.smtp
        if service in _MAILS_LINKS:
            environment["COUNTERSIGN_LINK_KEYS"] = self.keys.link_keys
        if (
            self.split
        ):  # tests follow traces; elsewhere they are off as in production, for they take 4 MB of each process
            environment["COUNTERSIGN_TRACE_FILE"] = str(self.layout.traces / f"{service}.jsonl")
        if endpoint := os.environ.get("COUNTERSIGN_OTLP_ENDPOINT"):
            environment["COUNTERSIGN_OTLP_ENDPOINT"] = endpoint
        return environment | dict(self.overrides.get(service, {}))

    def programs(self) -> list[Program]:
        return [
            Program(
                name=process,
                command=[*([] if role in _ANSWERING else AFTER_REQUESTS), sys.executable, "-m", service, role],
                directory=self.layout.directory,
                ports={self.layout.port(process): f"{service} ({role})"},
                environment=self.environment(service, process),
                why_not_ready=partial(self._why_not_ready, process),
                stop_patience=30,
            )
            for service in self.present()
            for process, role in self.processes_of(service).items()
        ]

    def migrate(self) -> None:
        """Tables, topics and search attributes of all services, side by side.

        Raises `StackError` with the end of what was said.
        """
        with ThreadPoolExecutor() as pool:
            for _ in pool.map(self._migrate, self.present()):
                pass

    def _migrate(self, service: str) -> None:
        log = self.layout.logs / f"{service}-migrate.log"
        environment = {**os.environ, **self.environment(service, self.front(service))}
        with log.open("w") as out:
            try:
                done = subprocess.run(
                    [sys.executable, "-m", service, "migrate"],
                    cwd=self.layout.directory,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    timeout=180,
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                raise StackError(f"The migration of {service} did not finish in 180 s; its log is {log}.") from error
        if done.returncode:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
            raise StackError(f"The migration of {service} failed. The end of {log}:\n{tail}")

    def _why_not_ready(self, process: str) -> str | None:
        url = self.url(process)
        try:
            living = get_json(f"{url}/health/live")
            if not isinstance(living, dict) or living.get("instance") != self.instances[process]:
                return f"another process answers at {url}"
            get_json(f"{url}/health/ready")
        except OSError as error:
            return f"{url} says: {error}"
        return None
