"""Tokens of links in mails: good for one purpose, subject, issue and address, and for nobody who changes them."""

import base64
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.shared.links import LinkKeys

SECRET_1 = base64.urlsafe_b64encode(b"1" * 32).decode()
SECRET_2 = base64.urlsafe_b64encode(b"2" * 32).decode()
KEYS = LinkKeys(f"k1:{SECRET_1}")
ROTATED = LinkKeys(f"k2:{SECRET_2},k1:{SECRET_1}")

PURPOSES = st.sampled_from(["invitation", "answer", "verification", "reset"])
ISSUES = st.integers(1, 10_000)
ADDRESSES = st.emails()


@given(PURPOSES, st.uuids(), ISSUES, ADDRESSES)
def test_a_token_verifies_for_what_it_was_made_for(purpose: str, subject: UUID, issue: int, address: str) -> None:
    token = KEYS.token(purpose, subject, issue, address)
    assert KEYS.verify(token, purpose, address)
    assert KEYS.read(token) == (subject, issue)


@given(PURPOSES, PURPOSES, st.uuids(), ISSUES, ADDRESSES)
def test_another_purpose_fails(purpose: str, other: str, subject: UUID, issue: int, address: str) -> None:
    assume(other != purpose)
    assert not KEYS.verify(KEYS.token(purpose, subject, issue, address), other, address)


@given(PURPOSES, st.uuids(), ISSUES, ADDRESSES, ADDRESSES)
def test_another_address_fails(purpose: str, subject: UUID, issue: int, address: str, other: str) -> None:
    assume(other.strip().lower() != address.strip().lower())
    assert not KEYS.verify(KEYS.token(purpose, subject, issue, address), purpose, other)


@given(st.uuids(), st.uuids(), ISSUES)
def test_another_subject_fails(subject: UUID, other: UUID, issue: int) -> None:
    assume(subject != other)
    key_id, _, _, mac = KEYS.token("reset", subject, issue, "a@b.nl").split(".")
    assert not KEYS.verify(f"{key_id}.{other.hex}.{issue}.{mac}", "reset", "a@b.nl")


@given(st.uuids(), ISSUES, ISSUES)
def test_another_issue_fails(subject: UUID, issue: int, other: int) -> None:
    assume(issue != other)
    key_id, _, _, mac = KEYS.token("reset", subject, issue, "a@b.nl").split(".")
    assert not KEYS.verify(f"{key_id}.{subject.hex}.{other}.{mac}", "reset", "a@b.nl")


@given(st.uuids(), st.data())
def test_a_token_with_any_character_changed_fails(subject: UUID, data: st.DataObject) -> None:
    token = KEYS.token("reset", subject, 7, "a@b.nl")
    at = data.draw(st.integers(0, len(token) - 1))
    put = data.draw(st.characters(min_codepoint=32, max_codepoint=126))
    assume(put != token[at])
    assert not KEYS.verify(token[:at] + put + token[at + 1 :], "reset", "a@b.nl")


@given(st.text(max_size=80) | st.lists(st.text(max_size=10), min_size=4, max_size=4).map(".".join))
def test_anything_else_fails(text: str) -> None:
    assert not KEYS.verify(text, "reset", "a@b.nl")


def test_case_and_spaces_around_an_address_do_not_matter() -> None:
    assert KEYS.verify(KEYS.token("reset", UUID(int=1), 1, "Ann@Example.nl "), "reset", " ann@example.NL")


def test_a_retired_key_still_verifies_and_the_new_one_makes() -> None:
    old = KEYS.token("reset", UUID(int=1), 1, "a@b.nl")
    assert ROTATED.verify(old, "reset", "a@b.nl")
    assert ROTATED.token("reset", UUID(int=1), 1, "a@b.nl").startswith("k2.")


def test_a_removed_key_no_longer_verifies() -> None:
    old = KEYS.token("reset", UUID(int=1), 1, "a@b.nl")
    assert not LinkKeys(f"k2:{SECRET_2}").verify(old, "reset", "a@b.nl")


def test_the_same_key_id_with_another_secret_fails() -> None:
    old = KEYS.token("reset", UUID(int=1), 1, "a@b.nl")
    assert not LinkKeys(f"k1:{SECRET_2}").verify(old, "reset", "a@b.nl")


def test_a_token_carries_at_least_128_bits() -> None:
    mac = KEYS.token("reset", UUID(int=1), 1, "a@b.nl").rpartition(".")[2]
    assert len(base64.urlsafe_b64decode(mac + "=" * (-len(mac) % 4))) * 8 >= 128


@pytest.mark.parametrize("keys", ["", "k1", "k1:", f":{SECRET_1}", "k1:c2hvcnQ"])
def test_keys_that_are_none_are_refused(keys: str) -> None:
    with pytest.raises(ValueError, match="link key"):
        LinkKeys(keys)
