"""Headers of a record: what is written can be read, and what cannot be read is said."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.shared.envelope import HEADERS_SCHEMA, Envelope

TEXT = st.text(min_size=1, max_size=40)
ENVELOPES = st.builds(
    Envelope,
    id=st.uuids(),
    type=TEXT,
    source=TEXT,
    subject=TEXT,
    time=st.datetimes(timezones=st.just(UTC)),
    epoch=st.integers(0, 2**31),
    sequence=st.integers(0, 2**63),
    correlation_id=st.none() | TEXT,
    causation_id=st.none() | TEXT,
    actor=st.none() | TEXT,
    traceparent=st.none() | TEXT,
)
ENVELOPE = Envelope(
    id=UUID(int=7),
    type="countersign.orders.order.placed.v1",
    source="/countersign/orders",
    subject="o-1",
    time=datetime(2026, 3, 1, 9, 10, tzinfo=timezone(timedelta(hours=1))),
    epoch=1,
    sequence=3,
    actor="operator:Zoë",
)


@given(ENVELOPES)
def test_what_is_written_is_read(envelope: Envelope) -> None:
    assert Envelope.from_headers(envelope.to_headers()) == envelope


@given(ENVELOPES)
def test_headers_are_those_of_the_published_schema(envelope: Envelope) -> None:
    text = {name: value.decode() for name, value in envelope.to_headers()}
    assert text.keys() <= HEADERS_SCHEMA["properties"].keys()
    jsonschema_rs.validate(HEADERS_SCHEMA, text)


def test_every_published_header_can_be_written() -> None:
    full = Envelope(
        UUID(int=1), "t", "s", "k", datetime(2026, 1, 1, tzinfo=UTC), 0, 1, "c", "d", "staff:1", "00-a-b-01"
    )
    assert dict(full.to_headers()).keys() == HEADERS_SCHEMA["properties"].keys()


def test_time_is_written_in_utc() -> None:
    assert dict(ENVELOPE.to_headers())["ce_time"] == b"2026-03-01T08:10:00Z"


def test_a_time_without_a_zone_is_refused() -> None:
    naive = Envelope(UUID(int=1), "t", "s", "k", datetime(2026, 1, 1), 0, 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="zone"):
        naive.to_headers()


def test_unknown_headers_are_ignored_and_order_is_free() -> None:
    headers = [("x-other", b"\xff"), *reversed(ENVELOPE.to_headers())]
    assert Envelope.from_headers(headers) == ENVELOPE


@pytest.mark.parametrize("name", sorted(set(HEADERS_SCHEMA["required"]) - {"content-type"}))
def test_a_missing_header_is_named(name: str) -> None:
    headers = [header for header in ENVELOPE.to_headers() if header[0] != name]
    with pytest.raises(ValueError, match=f"{name} is missing"):
        Envelope.from_headers(headers)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_specversion", b"2.0"),
        ("ce_id", b"17"),
        ("ce_id", b"\xff"),
        ("ce_type", b""),
        ("ce_type", b"\xff"),
        ("ce_subject", None),
        ("ce_time", b"yesterday"),
        ("ce_time", b"2026-03-01T08:10:00"),
        ("ce_epoch", b"-1"),
        ("ce_sequence", b"1_000"),
        ("ce_sequence", None),
        ("ce_actor", b"\xff"),
    ],
)
def test_a_header_that_cannot_be_read_is_named(name: str, value: bytes) -> None:
    headers = [*ENVELOPE.to_headers(), (name, value)]
    with pytest.raises(ValueError, match=name):
        Envelope.from_headers(headers)
