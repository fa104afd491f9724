"""When is a process ready? When it holds its ports and answers as the instance it should be."""

import shutil
import time

from local_stack import processes
from local_stack.errors import StackError, no_space
from local_stack.layout import Layout
from local_stack.parts import assemble
from local_stack.programs import Program
from local_stack.supervision import UP, Supervisor

_EXITS_TOLERATED = 3
_FULL_MB = 32
"""PostgreSQL writes its log in files of 16 MB; whoever finds less waits for nothing."""


def start_one(name: str, process: str, *, patience: float = 60) -> None:
    """Start one process of a running stack and wait until it is ready."""
    layout, supervisor, program = _find(name, process)
    if supervisor.info(process).state not in UP:
        demand_ports(program)
        supervisor.start(process)
    wait(program, supervisor, layout, patience)


def wait_for(name: str, process: str, *, patience: float = 60) -> None:
    """Until one process of a running stack is ready."""
    layout, supervisor, program = _find(name, process)
    wait(program, supervisor, layout, patience)


def _find(name: str, process: str) -> tuple[Layout, Supervisor, Program]:
    layout = Layout(name)
    supervisor = Supervisor(layout)
    supervisor.info(process)
    for split in (False, True):
        for program in assemble(layout, fresh_instances=False, split=split).programs():
            if program.name == process:
                return layout, supervisor, program
    raise StackError(f"There is no process {process} in the {name} stack.")


def demand_ports(program: Program) -> None:
    for port, purpose in program.ports.items():
        processes.demand_free(port, purpose)


def wait(program: Program, supervisor: Supervisor, layout: Layout, patience: float) -> None:
    """Until it holds its ports and answers as this instance.

    Raises `StackError` with the end of its log when it ends again and again, or takes too long, and when the disk is full.
    """
    deadline = time.monotonic() + patience
    seen: set[int] = set()
    why: str | None = "it has not started"
    while time.monotonic() < deadline:
        if shutil.disk_usage(layout.directory).free < _FULL_MB * 1_000_000:
            raise no_space(layout.directory)
        info = supervisor.info(program.name)
        if info.pid:
            seen.add(info.pid)
            missing = [port for port in program.ports if not processes.listens(info.pid, port)]
            why = f"it does not listen on port {missing[0]} yet" if missing else program.why_not_ready()
            if why is None:
                return
        if info.state == "FATAL" or len(seen) > _EXITS_TOLERATED:
            why = f"it ends again and again (it has been started {len(seen)} times)"
            break
        time.sleep(0.2)
    log = layout.logs / f"{program.name}.log"
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-25:]) if log.exists() else "(empty)"
    raise StackError(f"{program.name} does not get ready: {why}. The end of {log}:\n{tail}")
