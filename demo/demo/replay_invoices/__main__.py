"""python -m demo.replay_invoices FILE: would Countersign have priced and taken these invoices the same?

The system is that of a local stack (--stack), or any other whose addresses are given; then COUNTERSIGN_STAFF_EMAIL and
COUNTERSIGN_STAFF_PASSWORD sign in one of the merchant's staff.
"""

import argparse
import asyncio
import os
import secrets
import sys
from pathlib import Path

import httpx2
from rich.console import Console

import local_stack
from demo.account import make_first_staff_member, staff_account
from demo.http_api import Api, Unexpected
from demo.mailbox import Mailbox
from demo.progress import ImportProgress
from demo.replay_invoices.documents import documents_of
from demo.replay_invoices.report import Report
from demo.replay_invoices.run import Run
from demo.replay_invoices.session import Session
from demo.replay_invoices.system import System
from demo.waiting import TimedOut
from demo.wholesale.invoice_file import UnreadableFile, read_invoice_rows

ROOT = Path(__file__).resolve().parents[3]
REPORT = ROOT / ".local" / "replay" / "latest.json"
SERVICES = ("identity", "pricing", "orders")
KEPT_ALIVE = 2
"""Seconds; a server closes idle connections after five."""


class Unusable(Exception):
    """What was asked can not be done; the message says why."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo.replay_invoices", description=__doc__)
    parser.add_argument("file", type=Path, help="past invoices, .csv or .csv.gz")
    parser.add_argument("--stack", default="demo", help="name of a local stack (demo)")
    for service in SERVICES:
        parser.add_argument(f"--{service}", metavar="URL", help=f"{service} of another system than a local stack")
    parser.add_argument("--mail", metavar="URL", help="mail sink of that system; without it nothing is attested")
    parser.add_argument("--without-attestation", action="store_true", help="staff places every order")
    parser.add_argument("--lanes", type=int, default=8, help="companies side by side (8)")
    parser.add_argument("--currency", default="GBP", help="of the prices (GBP)")
    parser.add_argument("--report", type=Path, default=REPORT, help="where the report is written (%(default)s)")
    return parser.parse_args()


def main() -> int:
    arguments = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 120)
    try:
        report = asyncio.run(_replay(arguments, console))
    except (local_stack.StackError, UnreadableFile, Unusable, Unexpected, TimedOut) as error:
        console.print(str(error), style="red", highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped. What was entered stays; a next run enters its own.", style="red")
        return 130
    report.show(console)
    report.save(arguments.report)
    console.print(f"Every document that is not equal: {arguments.report}", highlight=False, soft_wrap=True)
    first = report.first
    print(
        f"replay: {len(report.outcomes)} invoices, {first.share_equal:.2%} of {first.played} in the derived part equal, "
        f"{len(report.unexplained)} unexplained"
    )
    return 0 if report.succeeded else 1


async def _replay(arguments: argparse.Namespace, console: Console) -> Report:
    console.print(f"Reading {arguments.file}", highlight=False)
    past = documents_of(read_invoice_rows(arguments.file))
    limits = httpx2.Limits(keepalive_expiry=KEPT_ALIVE)
    async with httpx2.AsyncClient(timeout=60, limits=limits) as http:
        system = await _system(arguments, http)
        console.print(f"Run {system.run}: {past.rows:,} rows, {len(past.documents):,} documents", highlight=False)
        with ImportProgress(console) as progress:
            return await Run(system, past, console, progress).replay()


async def _system(arguments: argparse.Namespace, http: httpx2.AsyncClient) -> System:
    named = {service: getattr(arguments, service) for service in SERVICES}
    if any(named.values()):
        if not all(named.values()):
            raise Unusable("Give all of --identity, --pricing and --orders, or none of them.")
        credentials, addresses, mail = _staff_of_environment(), named, arguments.mail
    else:
        stack = local_stack.load(arguments.stack)
        account = staff_account(ROOT / ".local" / stack.name)
        await make_first_staff_member(account, stack.environment["identity"], ROOT / ".local" / stack.name)
        credentials = {"kind": "staff", "email": account.email, "password": account.password}
        addresses, mail = stack.services, stack.mail
    apis = {service: Api(service, addresses[service], http) for service in SERVICES}
    mailbox = Mailbox(mail, http) if mail and not arguments.without_attestation else None
    if mailbox:
        await mailbox.open()
    return System(
        **apis,
        staff=Session(apis["identity"], credentials),
        mailbox=mailbox,
        lanes=arguments.lanes,
        run=f"rp{secrets.token_hex(3)}",
        currency=arguments.currency,
    )


def _staff_of_environment() -> dict[str, str]:
    try:
        email, password = os.environ["COUNTERSIGN_STAFF_EMAIL"], os.environ["COUNTERSIGN_STAFF_PASSWORD"]
    except KeyError as missing:
        raise Unusable(f"{missing.args[0]} is not set.") from missing
    return {"kind": "staff", "email": email, "password": password}


if __name__ == "__main__":
    sys.exit(main())
