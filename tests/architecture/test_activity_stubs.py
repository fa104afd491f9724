"""Every step that a process may ask for is carried out by the service that owns its task queue, and by it alone."""

import importlib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from chassis.processes import BoundActivity, implements
from contracts.catalogue import activities
from contracts.orders.activities import OrderRef, place_order

ROOT = Path(__file__).parents[2]
SERVICES = ("identity", "pricing", "orders", "notifications")


def implemented(service: str) -> Iterable[BoundActivity]:
    """Whatever the service binds to a stub, in each of its modules named `activities`."""
    folder = ROOT / "services" / service
    for path in sorted((folder / service).rglob("activities.py")):
        module = importlib.import_module(".".join(path.relative_to(folder).with_suffix("").parts))
        yield from (bound for bound in vars(module).values() if isinstance(bound, BoundActivity))


def problems(by_service: dict[str, Iterable[BoundActivity]]) -> list[str]:
    """Stubs that are not implemented exactly once, or not by their owner."""
    owners = defaultdict(list)
    for service, bindings in by_service.items():
        for bound in bindings:
            owners[bound.stub.activity_name].append(service)
    return [
        f"{name} is implemented by {' and '.join(owners[name]) or 'nobody'}"
        for name, stub in sorted(activities.items())
        if owners[name] != [stub.task_queue]
    ]


def test_every_stub_is_implemented_once_by_its_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    for service in SERVICES:
        monkeypatch.syspath_prepend(str(ROOT / "services" / service))
    found = problems({service: list(implemented(service)) for service in SERVICES})
    assert found == []


async def _place(_entry: object, _command: OrderRef) -> object: ...


def test_a_stub_that_nobody_two_or_a_stranger_implement_is_noticed() -> None:
    bound = implements(place_order)(_place)  # type: ignore[arg-type]
    said = "orders.place_order is implemented by"
    assert f"{said} nobody" in problems({})
    assert f"{said} orders and orders" in problems({"orders": [bound, bound]})
    assert f"{said} identity" in problems({"identity": [bound]})
    assert not any(said in problem for problem in problems({"orders": [bound]}))


def test_a_stub_is_named_by_its_queue_which_is_a_service() -> None:
    for name, stub in activities.items():
        assert stub.task_queue in SERVICES
        assert name == stub.activity_name == f"{stub.task_queue}.{name.rpartition('.')[2]}"
        assert stub.options["task_queue"] == stub.task_queue
