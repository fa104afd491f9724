"""What `up` does when it can not."""

import shutil
import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from local_stack import processes, readiness
from local_stack.errors import StackError
from local_stack.layout import Layout
from local_stack.lifecycle import up
from local_stack.mail import Mail
from local_stack.supervision import Supervisor


@pytest.fixture
def unlucky(monkeypatch: pytest.MonkeyPatch) -> Iterator[Layout]:
    """A stack of this checkout, one of whose ports somebody else has."""
    monkeypatch.setenv("COUNTERSIGN_PORT_BASE", "23100")
    layout = Layout("unlucky")
    with socket.create_server(("127.0.0.1", layout.port("orders"))):
        yield layout
    shutil.rmtree(layout.directory)
    layout.directory.with_name("unlucky.lock").unlink()


def test_a_taken_port_is_told_before_anything_is_started_and_leaves_nothing_running(unlucky: Layout) -> None:
    with pytest.raises(StackError, match=f"Port {unlucky.port('orders')}, wanted for orders"):
        up(unlucky.name)
    assert processes.members(unlucky) == []
    assert not (unlucky.directory / "postgres").exists()


def test_a_full_disk_is_told_at_once(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    layout.directory.mkdir(parents=True)
    program = Mail(layout).program()
    assert program is not None
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    with pytest.raises(StackError, match="is full"):
        readiness.wait(program, Supervisor(layout), layout, patience=60)
