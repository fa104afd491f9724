"""OP-07: past invoices with every oddity are played on the whole stack, and each ends where it should."""

import asyncio
import json
import sys
from pathlib import Path

from tests.demo.replay_invoices.past import every_oddity

ROOT = Path(__file__).parents[2]
PATIENCE = 300
"""Seconds."""


async def replayed(stack, folder: Path, *arguments: str):
    """The report, and what was printed."""
    past, report = folder / "past.csv", folder / "report.json"
    past.write_text(every_oddity().text)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "demo.replay_invoices", str(past), "--stack", stack.name, "--report", str(report), *arguments,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE):
        output, _ = await process.communicate()
    told = output.decode()
    assert report.exists(), told
    return json.loads(report.read_text()), told


def causes(part):
    return {"different": part["different"], "refused": part["refused"], "not played": part["not played"]}


async def test_every_invoice_is_equal_or_has_its_cause_with_attestation_and_without(stack, tmp_path):
    report, told = await replayed(stack, tmp_path)
    first, last = report["derived part"], report["last part"]
    assert report["unexplained"] == [], told
    assert causes(first) == {
        "different": {"two prices at once": 1},
        "refused": {},
        "not played": {
            "free of charge": 1, "stock correction": 1, "no goods": 1, "adjustment of the books": 1, "unreadable row": 1,
        },
    }  # fmt: skip
    assert causes(last) == {
        "different": {
            "new price": 1, "price new to the customer": 1, "price of another time or quantity": 1,
        },
        "refused": {"new article": 1, "no price for this customer yet": 1},
        "not played": {},
    }  # fmt: skip
    assert first["equal to the cent"] == first["invoices of goods"] - 1
    assert report["cancellations"] == {
        "cancelled": 1, "returned in part": 2, "its sale is not in the file": 1, "no goods": 1,
    }  # fmt: skip
    assert report["speed"]["attested orders"] > 0

    again, told = await replayed(stack, tmp_path, "--without-attestation")
    assert again["unexplained"] == [], told
    assert again["speed"]["attested orders"] == 0
    assert [causes(again[part]) for part in ("derived part", "last part")] == [causes(first), causes(last)]
    assert again["run"] != report["run"]
