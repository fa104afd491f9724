"""Whatever is sent, the answer is one that the API documents: never an error of ours, and every refusal has a code."""

import asyncio
import os

import pytest

from tests.api.fuzzing import Fuzzing
from tests.api.installation import SERVICES
from tests.api.serving import served

CASES = int(os.environ.get("COUNTERSIGN_FUZZ_CASES", "4"))
"""Per operation. `make fuzz` sends many more."""
SEED = int(os.environ.get("COUNTERSIGN_FUZZ_SEED", "1"))


@pytest.mark.parametrize("service", SERVICES)
async def test_every_answer_is_as_documented(copy, service):
    """No error of ours, no status, type or body that the document does not know, and a coded problem for each refusal."""
    with served(copy.again) as urls:
        fuzzing = Fuzzing(service, urls[service], copy.merchant.apps[service].openapi(), copy.world)
        await asyncio.to_thread(fuzzing.run, CASES, begin=SEED)
    said = dict(sorted(fuzzing.answers.items()))
    print(f"{service}: {fuzzing.answers.total():,} requests, answered with {said}")  # noqa: T201 - `make fuzz` shows it
    assert not fuzzing.failures, "\n\n".join(fuzzing.failures.values())
