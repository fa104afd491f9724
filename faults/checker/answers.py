"""I8: a clear answer to the client, in time."""

from checker.facts import Facts
from checker.findings import Findings, finding


def check(facts: Facts) -> Findings:
    for intent in facts.told.intents:
        for attempt in intent.attempts:
            if attempt.error == "timeout":
                took = attempt.answered_at - attempt.sent_at
                yield finding(
                    "I8", "timed-out", f"{intent.kind} had no answer in {took:.0f} s", intent.id, attempt.sent_at
                )
            elif attempt.status is not None and attempt.status >= 500 and attempt.status != 503:
                yield finding(
                    "I8", "server-error", f"{intent.kind}: {attempt.status} {attempt.code}", intent.id, attempt.sent_at
                )
