"""Who holds a port, and what was left behind."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack import processes
from local_stack.errors import StackError
from local_stack.layout import Layout

_FORGOTTEN = "import sys, time; print('here', flush=True); time.sleep(600)"
_STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + _FORGOTTEN


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _leave_behind(layout: Layout, code: str) -> subprocess.Popen[str]:
    name, _, value = layout.marker.partition("=")
    child = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, name: value}, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "here\n"
    return child


def test_a_taken_port_is_told_with_its_holder(taken: int) -> None:
    with pytest.raises(StackError) as told:
        processes.demand_free(taken, "Kafka")
    assert f"Port {taken}, wanted for Kafka, is taken by process {os.getpid()} (" in str(told.value)
    assert "COUNTERSIGN_PORT_BASE=" in str(told.value)


def test_a_holder_that_can_not_be_seen_is_not_guessed(
    taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PROC", tmp_path / "missing")
    with pytest.raises(StackError, match="a process I may not look at"):
        processes.demand_free(taken, "Kafka")


def test_a_free_port_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    processes.demand_free(port, "Kafka")


def test_another_process_does_not_answer_for_ours(taken: int, layout: Layout) -> None:
    other = _leave_behind(layout, _FORGOTTEN)
    try:
        assert processes.listens(os.getpid(), taken)
        assert not processes.listens(other.pid, taken)
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("code", [_FORGOTTEN, _STUBBORN])
def test_what_a_killed_run_left_behind_is_found_and_ended(layout: Layout, code: str) -> None:
    left = _leave_behind(layout, code)
    assert processes.members(layout) == [left.pid]
    processes.end(processes.members(layout), patience=0.5)
    assert left.wait(60) in {-signal.SIGTERM, -signal.SIGKILL}
    assert processes.members(layout) == []


def test_processes_of_another_stack_are_left_alone(layout: Layout) -> None:
    left = _leave_behind(layout, _FORGOTTEN)
    try:
        assert processes.members(Layout("test", layout.root)) == []
        assert processes.members(Layout("demo", layout.root / "other")) == []
    finally:
        left.kill()
        left.wait()
