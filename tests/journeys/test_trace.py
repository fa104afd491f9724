"""OP-05: one trace from the request through Kafka and Temporal to the mail."""

import json
import os
from pathlib import Path

from demo.story.cast import MERCHANT_MAILBOX
from demo.story.part1_shop import WEBSHOP
from demo.story.part2_applications import application_body

from tests.waiting import eventually


def spans(stack, trace_id: str) -> dict[str, set[str]]:
    """Names of the spans of one trace, by service."""
    found: dict[str, set[str]] = {}
    for service, environment in stack.environment.items():
        path = Path(environment["COUNTERSIGN_TRACE_FILE"])
        for line in path.read_text().splitlines() if path.exists() else ():
            span = json.loads(line)
            if span["trace_id"] == trace_id:
                found.setdefault(service, set()).add(span["name"])
    return found


async def test_one_trace_from_the_request_to_the_mail(stack, world):
    trace_id = os.urandom(16).hex()
    firm = world.cast.caterer
    response = await world.identity.http.post(
        f"{world.identity.base_url}/v1/applications",
        json=application_body(firm, WEBSHOP, with_password=False),
        headers={"traceparent": f"00-{trace_id}-{os.urandom(8).hex()}-01"},
    )
    assert response.status_code == 201
    await world.mailbox.mail(MERCHANT_MAILBOX, "application-received-merchant", about=response.json()["number"])

    async def complete():
        found = spans(stack, trace_id)
        identity, mails = found.get("identity", set()), found.get("notifications", set())
        return (
            any(name.startswith("POST /v1/applications") for name in identity)
            and "handle countersign.identity.application.submitted.v1" in identity
            and any(name.startswith("StartWorkflow") for name in identity)
            and any("send_mail" in name for name in mails)
            and any("mail" in name.lower() and "activity" not in name.lower() for name in mails)
        ) or None

    await eventually(complete, what=f"every span of {trace_id}")
    assert "token" not in json.dumps(sorted(map(sorted, spans(stack, trace_id).values())))
