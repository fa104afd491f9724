"""A running stack, as the demo and the tests see it."""

import contextlib
import dataclasses
import json
import os
import signal
import time
from dataclasses import dataclass

from local_stack import processes
from local_stack.errors import StackError
from local_stack.keys import write_private
from local_stack.layout import SERVICES, Layout
from local_stack.parts import Parts
from local_stack.readiness import start_one, wait_for
from local_stack.supervision import Supervisor
from local_stack.temporal import NAMESPACE, TEST_SERVER


@dataclass(frozen=True)
class Stack:
    """Addresses of everything, and the means to stop and kill single processes."""

    name: str
    port_base: int
    postgres: str
    """URL of the administrator."""
    kafka: str
    temporal: str
    temporal_namespace: str
    temporal_ui: str
    smtp: str
    mail: str
    """The page that shows the mails; `GET {mail}/messages/` lists them."""
    test_server: str
    """Path of the Temporal server that skips time."""
    services: dict[str, str]
    """Base URL of each service."""
    processes: dict[str, str]
    """Base URL of each process of a service; the same as `services` unless roles are split."""
    environment: dict[str, dict[str, str]]
    """What each service is started with."""
    supervisor: dict[str, str]
    """Socket and configuration, for `supervisorctl`."""

    @classmethod
    def of(cls, parts: Parts) -> "Stack":
        services = parts.services
        return cls(
            name=parts.layout.name,
            port_base=parts.layout.port_base,
            postgres=parts.postgres.url,
            kafka=parts.kafka.address,
            temporal=parts.temporal.address,
            temporal_namespace=NAMESPACE,
            temporal_ui=parts.temporal.ui,
            smtp=parts.mail.smtp,
            mail=parts.mail.page,
            test_server=str(TEST_SERVER),
            services={name: services.url(services.front(name)) for name in SERVICES},
            processes={process: services.url(process) for name in SERVICES for process in services.processes_of(name)},
            environment={name: services.environment(name, services.front(name)) for name in SERVICES},
            supervisor={
                "socket": str(parts.layout.supervisor_socket),
                "configuration": str(parts.layout.supervisor_conf),
            },
        )

    def save(self) -> None:
        write_private(Layout(self.name).file, json.dumps(dataclasses.asdict(self), indent=2))

    def pid(self, process: str) -> int:
        """Process id of `orders`, `orders-worker`, `kafka` …; `StackError` when it does not run now."""
        info = self._supervisor().info(process)
        if info.pid == 0:
            raise StackError(f"{process} is not running: {info.state.lower()}.")
        return info.pid

    def stop(self, process: str) -> None:
        """End it in good order, and leave it down."""
        self._supervisor().stop(process)

    def start(self, process: str, *, patience: float = 60) -> None:
        """Start it again and wait until it is ready."""
        start_one(self.name, process, patience=patience)

    def restart(self, process: str) -> None:
        self.stop(process)
        self.start(process)

    def kill(self, process: str, sig: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal. Returns the process id it had; after SIGKILL the supervisor starts it again by itself."""
        pid = self.pid(process)
        os.kill(pid, sig)
        return pid

    def wait_ready(self, process: str, *, patience: float = 60) -> None:
        """Until it answers as itself, for instance after a kill."""
        wait_for(self.name, process, patience=patience)

    def wait_gone(self, pid: int, *, patience: float = 10) -> None:
        deadline = time.monotonic() + patience
        while processes.running(pid):
            if time.monotonic() > deadline:
                raise StackError(f"Process {pid} is still there after {patience:g} s.")
            time.sleep(0.02)

    def _supervisor(self) -> Supervisor:
        return Supervisor(Layout(self.name))


def load(name: str = "demo") -> Stack:
    """The stack of this name. Raises `StackError` when it is not running."""
    layout = Layout(name)
    with contextlib.suppress(FileNotFoundError, TypeError, ValueError):
        stack = Stack(**json.loads(layout.file.read_text()))
        if Supervisor(layout).alive():
            return stack
    raise StackError(f"The {name} stack is not running: python -m local_stack --name {name} up starts it.")
