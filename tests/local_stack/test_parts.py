"""What is started, with which settings, and what is taken from the environment instead."""

import configparser
import socket
import struct
import threading
from hashlib import sha256

import pytest

from local_stack.errors import StackError
from local_stack.jars import LIST, listed
from local_stack.kafka import cluster_id
from local_stack.keys import Keys
from local_stack.layout import SERVICES, Layout
from local_stack.parts import Parts, assemble
from local_stack.supervision import render


@pytest.fixture(autouse=True)
def _no_given_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for part in ("POSTGRES", "KAFKA", "TEMPORAL", "SMTP", "MAIL"):
        monkeypatch.delenv(f"COUNTERSIGN_{part}", raising=False)


def _parts(layout: Layout, *, split: bool = False) -> Parts:
    layout.directory.mkdir(parents=True, exist_ok=True)
    for service in SERVICES:
        folder = layout.root / "services" / service
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pyproject.toml").touch()
    return assemble(layout, fresh_instances=False, split=split)


def _names(parts: Parts) -> list[str]:
    return [program.name for program in parts.programs()]


def test_everything_is_started_when_nothing_is_given(layout: Layout) -> None:
    assert _names(_parts(layout)) == ["postgres", "kafka", "temporal", "mail", *SERVICES]


def test_roles_can_be_processes_of_their_own(layout: Layout) -> None:
    names = _names(_parts(layout, split=True))
    assert {"orders-api", "orders-consumer", "orders-relay", "orders-worker"} <= set(names)
    assert "orders" not in names


def test_spans_are_written_where_tests_read_them_and_nowhere_else(layout: Layout) -> None:
    """OP-05: tracing takes 4 MB of each process."""
    split, whole = _parts(layout, split=True).services, _parts(layout).services
    assert "COUNTERSIGN_TRACE_FILE" in split.environment("orders", "orders-api")
    assert "COUNTERSIGN_TRACE_FILE" not in whole.environment("orders", "orders")


def test_a_given_server_is_used_and_not_started(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_KAFKA", "broker:9092")
    monkeypatch.setenv("COUNTERSIGN_POSTGRES", "postgresql://root:secret@db:5432/postgres")
    parts = _parts(layout)
    assert not {"kafka", "postgres"} & set(_names(parts))
    environment = parts.services.environment("orders", "orders")
    assert environment["COUNTERSIGN_KAFKA"] == "broker:9092"
    assert environment["COUNTERSIGN_DATABASE_URL"].startswith("postgresql+asyncpg://orders:")
    assert environment["COUNTERSIGN_DATABASE_URL"].endswith("@db:5432/orders")


def test_a_service_whose_sources_are_missing_is_passed_over(layout: Layout) -> None:
    parts = _parts(layout)
    (layout.root / "services/pricing/pyproject.toml").unlink()
    assert "pricing" not in _names(parts)


def test_secrets_outlive_a_restart_and_differ_between_stacks(layout: Layout) -> None:
    keys = Keys.of(layout.directory)
    assert Keys.of(layout.directory) == keys
    assert Keys.of(Layout("test", layout.root).directory) != keys
    assert (layout.directory / "keys.json").stat().st_mode & 0o077 == 0


def test_link_keys_are_shared_by_the_two_that_print_and_check_links(layout: Layout) -> None:
    services = _parts(layout).services
    holders = {name: services.environment(name, name).get("COUNTERSIGN_LINK_KEYS") for name in SERVICES}
    assert holders["identity"] is not None
    assert holders["identity"] == holders["notifications"]
    assert holders["pricing"] is None
    assert holders["orders"] is None


def test_a_second_up_changes_nothing_in_the_configuration(layout: Layout) -> None:
    assert render(layout, _parts(layout).programs()) == render(layout, _parts(layout).programs())


def test_another_port_reaches_the_supervisor_for_every_part(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kafka's port stands in a file, which the supervisor does not compare."""

    def sections(base: str) -> dict[str, dict[str, str]]:
        monkeypatch.setenv("COUNTERSIGN_PORT_BASE", base)
        moved = Layout(layout.name, layout.root)
        parser = configparser.RawConfigParser()
        parser.read_string(render(moved, _parts(moved).programs()))
        return {name: dict(parser[name]) for name in parser.sections() if name.startswith("program:")}

    before, after = sections("23000"), sections("24000")
    assert all(before[name] != after[name] for name in before)


def test_a_percent_sign_in_the_path_is_not_expanded(layout: Layout) -> None:
    odd = Layout("demo", layout.root / "100%x")
    odd.directory.mkdir(parents=True)
    text = render(odd, assemble(odd, fresh_instances=True, split=False).programs())
    assert "100%%x" in text
    assert "100%x" not in text


def test_what_can_not_be_quoted_is_refused(layout: Layout) -> None:
    odd = Layout("demo", layout.root / 'a"b')
    odd.directory.mkdir(parents=True)
    with pytest.raises(StackError, match="quotes"):
        render(odd, assemble(odd, fresh_instances=True, split=False).programs())


def test_every_jar_is_listed_once_with_a_checksum() -> None:
    jars = listed(LIST.read_text())
    assert len({jar.coordinates.rpartition(":")[0] for jar in jars}) == len(jars)
    assert all(len(jar.sha256) == len(sha256().hexdigest()) for jar in jars)
    versions = {jar.coordinates.rpartition(":")[2] for jar in jars if jar.coordinates.startswith("org.apache.kafka:")}
    assert versions == {"4.3.1"}


def test_a_broker_tells_its_cluster() -> None:
    def text(value: str) -> bytes:
        return struct.pack(">h", len(value)) + value.encode()

    body = struct.pack(">iiii", 0, 1, 1, 1) + text("127.0.0.1") + struct.pack(">ih", 9092, -1) + text("the-cluster")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(body)

        broker = threading.Thread(target=answer)
        broker.start()
        assert cluster_id(f"127.0.0.1:{server.getsockname()[1]}") == "the-cluster"
        broker.join()


def test_a_broker_that_hangs_up_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        broker = threading.Thread(target=lambda: server.accept()[0].close())
        broker.start()
        with pytest.raises(OSError, match=r".*"):
            cluster_id(f"127.0.0.1:{server.getsockname()[1]}")
        broker.join()
