"""Lists show what is newest first by its id alone."""

import time

import pytest

from chassis.ids import new_id, new_ids

AT = 1_772_442_000_123_456_789
"""Nanoseconds."""


def test_ids_of_one_millisecond_sort_by_when_they_were_made(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(200):
        made = []
        for after in (0, 300, 1_000, 500_000, 543_210, 2_000_000):
            monkeypatch.setattr(time, "time_ns", lambda after=after: AT + after)
            made.append(new_id())
        assert made == sorted(made)


def test_an_id_is_a_uuid_of_version_7_that_says_its_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: AT)
    one = new_id()
    assert (one.version, one.variant, one.int >> 80) == (7, "specified in RFC 4122", AT // 1_000_000)


def test_many_of_one_moment_differ() -> None:
    assert len(set(new_ids(10_000))) == 10_000
