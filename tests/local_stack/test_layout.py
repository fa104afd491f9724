"""Ports and paths."""

import json
from pathlib import Path

import pytest

from local_stack.errors import StackError
from local_stack.layout import PORT_OFFSETS, STACK_OFFSETS, Layout


def test_both_stacks_of_a_checkout_have_ports_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COUNTERSIGN_PORT_BASE", raising=False)
    ports = [Layout(name, tmp_path).port(purpose) for name in (*STACK_OFFSETS, "other") for purpose in PORT_OFFSETS]
    assert len(ports) == len(set(ports))


def test_the_ports_used_last_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COUNTERSIGN_PORT_BASE", raising=False)
    layout = Layout("demo", tmp_path)
    layout.directory.mkdir(parents=True)
    layout.file.write_text(json.dumps({"port_base": 19500}))
    assert layout.port("kafka") == 19501


@pytest.mark.parametrize("base", ["eighteen", "80", "70000"])
def test_a_port_base_that_is_none_is_refused(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_PORT_BASE", base)
    with pytest.raises(StackError, match="COUNTERSIGN_PORT_BASE"):
        Layout("demo", tmp_path).port("kafka")


def test_a_deep_checkout_gets_a_socket_the_kernel_accepts() -> None:
    deep = Path("/" + "/".join(["folder"] * 30))
    assert len(str(Layout("demo", deep).supervisor_socket)) < 100
    assert Layout("demo", deep).supervisor_socket != Layout("test", deep).supervisor_socket
