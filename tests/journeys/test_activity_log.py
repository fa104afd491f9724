"""ID-22: what really happens is in the log by its door, sealed, and verified under the service's own role."""

import asyncio
import os
import sys

from demo.story.cast import MERCHANT_MAILBOX
from demo.story.part1_shop import WEBSHOP
from demo.story.part2_applications import application_body

from tests.waiting import eventually


async def verify_activity(stack, head: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "identity", "verify-activity", "--head", head),
        env={**os.environ, **stack.environment["identity"]},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_what_an_applicant_and_his_process_did_is_logged_by_its_door_and_sealed(stack, world):
    """The mail is asked for by the process, and its delivery is an event of notifications."""
    head = await world.identity.call("GET", "/activity/head", token=world.staff)
    body = application_body(world.cast.caterer, WEBSHOP, with_password=False)
    applied = await world.identity.call("POST", "/applications", body=body)
    await world.mailbox.mail(MERCHANT_MAILBOX, "application-received-merchant", about=applied["number"])

    async def doors():
        query = {"subject": applied["application_id"]}
        own = (await world.identity.call("GET", "/activity", token=world.staff, query=query))["items"]
        if not own:
            return None
        query = {"correlation_id": own[-1]["correlation_id"]}
        followed = (await world.identity.call("GET", "/activity", token=world.staff, query=query))["items"]
        found = {(one["source"], one["door"]) for one in followed}
        return found if {("identity", "api"), ("notifications", "process")} <= found else None

    async def all_sealed():
        status, said = await verify_activity(stack, head["hash"])
        assert status == 0, said
        return " 0 wait for their seal." in said and f"is at position {head['position']}." in said

    await eventually(doors, what="the applicant's and the process's doors")
    await eventually(all_sealed, what="a chain without rows that wait")
