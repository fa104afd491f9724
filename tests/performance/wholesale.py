"""P15: a month of a real wholesaler's invoices, where the file is beside the checkout."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tests.performance.figures import Interval, Result, Shape, Void, benchmark
from tests.performance.stage import NAME, Stage

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT.parent / "shared" / "data"
REPORT = ROOT / ".local" / "bench" / "replay.json"


@benchmark("P15-equal", "P15-rate", shape=Shape.SPLIT)
async def invoices(stage: Stage) -> list[Result]:
    found = sorted(FILES.glob("*.csv.gz"))
    if not found:
        raise Void("skipped: there is no file of invoices beside this checkout")
    report = await _replay(found[0])
    derived, rate = report["derived part"], report["speed"]["orders per second"]
    settings = {"derived part": derived, "last part": report["last part"], "unexplained": len(report["unexplained"])}
    void = f"{len(report['unexplained'])} differences are not explained" if report["unexplained"] else ""
    equal = Result("P15-equal", _exactly(derived["share equal"]), settings, void)
    accepted = stage.results.get("orders/s")
    if accepted is None:
        return [equal, Result("P15-rate", None, report["speed"], "P10 was not measured in this run")]
    speed = {**report["speed"], "P10_orders_per_second": accepted}
    return [equal, Result("P15-rate", _exactly(rate / accepted), speed)]


def _exactly(number: float) -> Interval:
    return Interval(number, number, number)


async def _replay(file: Path) -> dict[str, Any]:
    command = (
        sys.executable,
        "-m",
        "demo.replay_invoices",
        str(file),
        "--stack",
        NAME,
        "--without-attestation",
        "--report",
        str(REPORT),
    )
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    if await process.wait():
        raise Void(f"the replay ended with {process.returncode}")
    report: dict[str, Any] = json.loads(REPORT.read_text())
    return report
