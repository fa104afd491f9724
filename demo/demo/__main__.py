"""python -m demo [--wholesaler FILE] [--stack NAME] [--pace TIMES]: plays the story on the running stack."""

import argparse
import asyncio
import sys
import time
from pathlib import Path

from rich.console import Console

import local_stack
from demo.run import Run
from demo.waiting import TimedOut
from demo.wholesale.invented import invented_assortment
from demo.wholesale.invoice_file import UnreadableFile
from demo.wholesale.transactions_file import assortment_from

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--wholesaler", type=Path, help="a wholesaler's transactions, .csv or .csv.gz")
    parser.add_argument("--stack", default="demo", help="name of the stack (demo)")
    parser.add_argument(
        "--pace",
        type=float,
        default=1,
        metavar="TIMES",
        help="on a slow machine: how many times as long deadlines are (1)",
    )
    arguments = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 200)
    began = time.monotonic()
    try:
        stack = local_stack.load(arguments.stack)
        assortment = assortment_from(arguments.wholesaler) if arguments.wholesaler else invented_assortment()
    except (local_stack.StackError, UnreadableFile) as error:
        console.print(str(error), style="red")
        return 1
    run = Run(stack, ROOT / ".local" / stack.name, ROOT / "contracts", assortment, console, arguments.pace)
    try:
        failed = asyncio.run(run.play())
    except KeyboardInterrupt:
        console.print("Stopped. The stack is still up: make down stops it.", style="red")
        return 130
    except TimedOut as error:
        console.print(str(error), style="red")
        return 1
    steps = run.steps
    console.print(f"{time.monotonic() - began:.1f} s", style="dim")
    print(f"demo: {steps} steps, {steps - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
