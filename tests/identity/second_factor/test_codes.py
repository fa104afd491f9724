"""Codes are those of RFC 6238, good for a moment and once; secrets are sealed for one person (ID-23)."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.errors import JoseError

from chassis.ids import new_id
from identity.second_factor.codes import (
    RECOVERY_CODES,
    SecretBox,
    new_recovery_codes,
    new_secret,
    provisioning_uri,
    recovery_hash,
    step_of,
)

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
MASTER, OTHER_MASTER = "A" * 43, "B" * 42 + "A"


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_a_code_is_that_of_the_standard(seconds, code):
    """Appendix B of RFC 6238, the last six digits."""
    assert step_of(RFC_SECRET, code, at=moment(seconds), after=0) == seconds // 30


@pytest.mark.parametrize(("late", "taken"), [(-31, False), (-30, True), (0, True), (30, True), (59, True), (60, False)])
def test_a_clock_may_be_off_by_one_period(late, taken):
    at = moment(1111111080)  # a period begins
    assert (step_of(RFC_SECRET, "081804", at=at + timedelta(seconds=late), after=0) is not None) is taken


def test_a_code_is_good_once_and_so_are_those_before_it():
    step = 1111111109 // 30
    for after in (step, step + 1):
        assert step_of(RFC_SECRET, "081804", at=moment(1111111109), after=after) is None


@pytest.mark.parametrize("code", ["", "81804", "0818040", " 81804", "08180a", "٠٨١٨٠٤", "08180\n", "-81804", "081 804"])
def test_what_is_no_code_is_refused(code):
    assert step_of(RFC_SECRET, code, at=moment(1111111109), after=0) is None


def test_a_secret_is_shown_as_apps_read_it():
    uri = urlsplit(provisioning_uri(RFC_SECRET, account="iris@example.com", issuer="De Groothandel & Co"))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    said = parse_qs(uri.query)
    assert (said["secret"], said["issuer"]) == ([RFC_SECRET], ["De Groothandel & Co"])


def test_secrets_and_recovery_codes_are_long_and_none_is_like_another():
    assert len({new_secret() for _ in range(50)}) == 50
    assert len(base64.b32decode(new_secret())) == 20
    codes = new_recovery_codes()
    assert len(set(codes)) == RECOVERY_CODES == 10
    assert all(len(base64.b32decode(one.replace("-", ""))) * 8 >= 112 for one in codes)


@given(st.sampled_from(["{0}", " {0} ", "{0}\t"]), st.booleans())
def test_a_recovery_code_is_taken_however_it_is_typed(form, lower):
    (code, *_) = new_recovery_codes()
    typed = form.format(code.replace("-", " "))
    assert recovery_hash(typed.lower() if lower else typed) == recovery_hash(code)


def test_a_secret_is_opened_with_the_master_key_for_whom_it_was_sealed():
    box, subject = SecretBox(MASTER), new_id()
    sealed = box.seal(subject, RFC_SECRET)
    assert RFC_SECRET not in sealed
    assert sealed != box.seal(subject, RFC_SECRET)
    assert box.open(subject, sealed) == RFC_SECRET
    with pytest.raises(ValueError, match="somebody else"):
        box.open(new_id(), sealed)
    for spoiled in (sealed[:-2] + "AA", sealed.replace(".", "..", 1)):
        with pytest.raises((JoseError, ValueError)):
            box.open(subject, spoiled)
    with pytest.raises(JoseError):
        SecretBox(OTHER_MASTER).open(subject, sealed)
