"""Up and down. Every step may be repeated, and may follow a run that was killed at any point."""

import contextlib
import fcntl
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from local_stack import processes
from local_stack.errors import StackError, no_space
from local_stack.layout import Layout
from local_stack.parts import Infrastructure, Parts, assemble
from local_stack.postgres import Postgres
from local_stack.programs import Program
from local_stack.readiness import demand_ports, wait
from local_stack.services import Overrides
from local_stack.stack import Stack
from local_stack.supervision import UP, Supervisor, render
from local_stack.temporal import Temporal

T = TypeVar("T")

_NEEDED_MB = 300


def up(
    name: str = "demo",
    *,
    infra_only: bool = False,
    split: bool = False,
    fresh: bool = False,
    overrides: Overrides | None = None,
) -> Stack:
    """Start what does not run, and return when all of it answers.

    `infra_only` leaves the four services alone; `split` runs each role as a process of its own; `fresh` forgets the
    data first; services whose `overrides` are others than before are started again. Raises `StackError` with the end
    of the log of what failed, and then leaves nothing running that did not run before.
    """
    layout = Layout(name)
    with _only_one(layout):
        if fresh:
            _down(layout)
            shutil.rmtree(layout.directory, ignore_errors=True)
        layout.directory.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(layout.directory).free < _NEEDED_MB * 1_000_000:
            raise no_space(layout.directory)
        supervisor = Supervisor(layout)
        alive = supervisor.alive()
        parts = assemble(layout, fresh_instances=not alive, split=split, overrides=overrides)
        conf = render(layout, parts.programs())
        with contextlib.ExitStack() as undoing:
            if alive:
                supervisor.update(conf)
            else:
                _end(processes.members(layout), "of an earlier run")
                layout.supervisor_socket.unlink(missing_ok=True)
                undoing.callback(_down, layout)
                supervisor.launch(conf)
            _demand_ports(parts.programs(infra_only=infra_only), supervisor)
            stack = Stack.of(parts)
            stack.save()
            _in_parallel(lambda part: _up_infrastructure(part, supervisor, layout), parts.infrastructure)
            if not infra_only:
                _up_services(parts, supervisor)
            undoing.pop_all()
        return stack


def _demand_ports(programs: Iterable[Program], supervisor: Supervisor) -> None:
    """Before anything is started, those of everything that does not run yet."""
    known = supervisor.processes()
    for program in programs:
        if known[program.name].state not in UP:
            demand_ports(program)


def _up_infrastructure(part: Infrastructure, supervisor: Supervisor, layout: Layout) -> None:
    program = part.program()
    new = program is None
    if program is not None:
        new = supervisor.info(program.name).state not in UP
        if new:
            part.prepare()
            supervisor.start(program.name)
        wait(program, supervisor, layout, program.start_patience)
    if new and isinstance(part, Postgres | Temporal):
        part.provision()


def _up_services(parts: Parts, supervisor: Supervisor) -> None:
    programs = parts.services.programs()
    known = supervisor.processes()
    new = [program for program in programs if known[program.name].state not in UP]
    if new:
        parts.services.migrate()

    def begin(program: Program) -> None:
        if program in new:
            supervisor.start(program.name)
        wait(program, supervisor, parts.layout, program.start_patience)

    _in_parallel(begin, programs, at_once=4)


def down(name: str = "demo") -> None:
    """Stop everything of this stack; raises `StackError` when something does not end."""
    layout = Layout(name)
    with _only_one(layout):
        _down(layout)


def _down(layout: Layout) -> None:
    supervisor = Supervisor(layout)
    if supervisor.alive():
        names = [info.name for info in supervisor.processes().values() if info.state in UP]
        infrastructure = {"postgres", "kafka", "temporal", "mail"}
        # The services first, so that they can finish what they are doing.
        _in_parallel(supervisor.stop, [name for name in names if name not in infrastructure])
        _in_parallel(supervisor.stop, [name for name in names if name in infrastructure])
        supervisor.shutdown()
    _end(processes.members(layout), "left over")
    layout.supervisor_socket.unlink(missing_ok=True)


def _end(pids: list[int], what: str) -> None:
    if pids:
        print(f"Ending {len(pids)} processes {what}.", file=sys.stderr)
        processes.end(pids, patience=10)


def _in_parallel(work: Callable[[T], None], items: Iterable[T], *, at_once: int = 16) -> None:
    with ThreadPoolExecutor(at_once) as pool:
        for _ in pool.map(work, items):
            pass


@contextlib.contextmanager
def _only_one(layout: Layout) -> Iterator[None]:
    """Two commands on the same stack take turns."""
    file = layout.root / ".local" / f"{layout.name}.lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        deadline = time.monotonic() + 300
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise StackError(f"Another command keeps the {layout.name} stack busy for 5 minutes.") from error
                time.sleep(0.1)
        yield
