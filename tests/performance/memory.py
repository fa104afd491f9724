"""P13: what the four services hold in memory after many orders, each service one process with all its roles."""

from typing import Any

from local_stack.layout import SERVICES
from tests.performance.cpu import proportional_bytes
from tests.performance.effects import drained, submit_all
from tests.performance.figures import Interval, Result, Shape, benchmark
from tests.performance.stage import Stage

LINES = 5
PORTION = 250


async def _order(stage: Stage, many: int) -> None:
    for _ in range(0, many, PORTION):
        await stage.shop.sign_in()
        await submit_all(stage.shop, await stage.shop.priced_carts(min(PORTION, many), LINES), at_once=4)
    await drained(stage)


def _megabytes(stage: Stage) -> dict[str, float]:
    return {name: proportional_bytes(pid) / 1e6 for name, pid in stage.pids(*SERVICES).items()}


@benchmark("P13-memory", "P13-growth", shape=Shape.WHOLE)
async def memory(stage: Stage) -> list[Result]:
    idle = _megabytes(stage)
    await _order(stage, stage.size(1_000, 50))
    early = _megabytes(stage)
    await _order(stage, stage.size(4_000, 100))
    late = _megabytes(stage)
    held, growth = sum(early.values()), sum(late.values()) / sum(early.values()) - 1
    settings: dict[str, Any] = {
        "lines": LINES,
        "measure": "proportional set size: what processes share is counted once",
        "idle_mb": _rounded(idle),
        "after_1000_mb": _rounded(early),
        "after_5000_mb": _rounded(late),
    }
    return [
        Result("P13-memory", Interval(held, held, held), settings),
        Result("P13-growth", Interval(growth, growth, growth), settings),
    ]


def _rounded(found: dict[str, float]) -> dict[str, int]:
    return {name: round(one) for name, one in found.items()}
