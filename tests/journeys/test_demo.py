"""The story that `make demo` plays, on the test stack: every step passes, twice.

EV-05, ID-07, ID-09, ID-10, NO-01, NO-02: who applies is asked, then approved and invited or enabled, or rejected, or withdrawn
by his silence; mails are in the language of their reader, and no event names him.
"""

import re

import pytest

from tests.journeys.telling import ROOT, tell

WHOLESALER = ROOT.parent / "shared" / "data" / "online-retail-2010-12.csv.gz"
"""Real invoices. They are not part of the project, so the story does without them where they are not."""


def passed(told: str) -> int:
    summary = re.fullmatch(r"demo: (\d+) steps, (\d+) passed, (\d+) failed", told.splitlines()[-1])
    assert summary, told[-500:]
    steps, passing, failing = map(int, summary.groups())
    assert (passing, failing) == (steps, 0)
    return steps


def test_the_story_is_told_in_a_shop_that_is_open_already(told):
    assert passed(told) >= 60


@pytest.mark.usefixtures("told")
async def test_the_story_is_told_again_on_what_it_left_behind(stack):
    """With a real wholesaler's assortment, where there is one."""
    wholesaler = ["--wholesaler", str(WHOLESALER)] if WHOLESALER.exists() else []
    assert passed(await tell(stack, *wholesaler)) >= 60
