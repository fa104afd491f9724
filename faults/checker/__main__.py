"""python -m checker --stack .local/faulted/stack.json --journal … --contract contracts --out verdict.json

Ends with 0 when there is nothing to find, with `FOUND` when there is; anything else means that it could not judge.
"""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

from checker import acknowledged, answers, chain, companies, effects, money, order, progress, published
from checker.contract import Contract
from checker.facts import Addresses, Facts, settle
from checker.findings import Finding
from checker.told import Told

FOUND = 3
CHECKS = (acknowledged, effects, order, money, companies, published, answers, chain)


async def judge(
    addresses: Addresses, journal: Path, contract: Contract, mails: dict[int, str], patience: float, window: float
) -> dict[str, object]:
    left, quiet_after = await settle(addresses, contract, patience)
    told = Told.read(journal)
    facts = await Facts.read(addresses, told, contract, left, mails)
    reached = progress.measure(told, quiet_after, window)
    found: list[Finding] = [one for check in CHECKS for one in check.check(facts)]
    found += progress.check(facts, reached)
    return {
        "progress": progress.as_document(reached),
        "looked_at": {
            "intents": len(told.intents),
            "orders": len(facts.orders),
            "records": len(facts.records),
            "mails": facts.mails.total(),
            "processes": len(facts.runs),
        },
        "findings": [asdict(one) for one in found],
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m checker")
    parser.add_argument("--stack", type=Path, required=True, help="the file with the stack's addresses")
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--contract", type=Path, required=True, help="the folder with asyncapi.json and schemas/")
    parser.add_argument("--settle", type=float, default=60, help="seconds to wait until nothing is on its way")
    parser.add_argument("--mails", type=Path, help="where mails are kept that were read: each is fetched once")
    parser.add_argument("--window", type=float, default=10, help="seconds in which all must be served on time again")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    known = json.loads(arguments.stack.read_text())
    addresses = Addresses(**{name: known[name] for name in Addresses.__dataclass_fields__})
    contract = Contract.read(arguments.contract)
    mails = {int(number): one for number, one in _read(arguments.mails).items()}
    verdict = asyncio.run(judge(addresses, arguments.journal, contract, mails, arguments.settle, arguments.window))
    if arguments.mails:
        arguments.mails.write_text(json.dumps(mails))
    arguments.out.write_text(json.dumps(verdict, indent=2, default=str) + "\n")
    return FOUND if verdict["findings"] else 0


def _read(kept: Path | None) -> dict[str, str]:
    return dict(json.loads(kept.read_text())) if kept and kept.exists() else {}


if __name__ == "__main__":
    sys.exit(main())
