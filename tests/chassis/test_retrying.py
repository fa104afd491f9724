"""What passes by itself is tried again for a while."""

from datetime import timedelta

import pytest

from chassis.transient import retried


class Flaky:
    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)

    async def __call__(self) -> str:
        if self._errors:
            raise self._errors.pop(0)
        return "done"


async def test_transient_errors_are_tried_again() -> None:
    assert await retried(Flaky(ConnectionResetError(), TimeoutError()), within=timedelta(seconds=60)) == "done"


async def test_others_are_not() -> None:
    with pytest.raises(ValueError, match="wrong"):
        await retried(Flaky(ValueError("wrong")), within=timedelta(seconds=60))


async def test_what_went_wrong_last_is_said_when_the_time_is_over() -> None:
    with pytest.raises(ConnectionResetError, match="second"):
        await retried(Flaky(*map(ConnectionResetError, ("first", "second", "third"))), within=timedelta(seconds=0.1))
