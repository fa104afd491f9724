"""Codes of a device (RFC 6238: SHA-1, 6 digits, 30 seconds), recovery codes, and how the secret is kept."""

import base64
import hashlib
import hmac
import json
import re
import secrets
from datetime import datetime
from uuid import UUID

import pyotp
from joserfc import jwe
from joserfc.jwk import OctKey

PERIOD_SECONDS = 30
STEPS_APART = 1
"""How many periods a device's clock may be off, before or behind."""
RECOVERY_CODES = 10
_OF_DEVICE = re.compile("[0-9]{6}")
_RECOVERY_BYTES = 15


def new_secret() -> str:
    """160 random bits, base32."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, *, account: str, issuer: str) -> str:
    """`otpauth://totp/…`, for a QR code."""
    return pyotp.TOTP(secret, interval=PERIOD_SECONDS).provisioning_uri(name=account, issuer_name=issuer)


def step_of(secret: str, code: str, *, at: datetime, after: int) -> int | None:
    """The period that this code is of, among those near `at` that come after the last one taken; None: of none."""
    if not _OF_DEVICE.fullmatch(code):
        return None
    totp, now = pyotp.TOTP(secret, interval=PERIOD_SECONDS), int(at.timestamp()) // PERIOD_SECONDS
    near = range(now - STEPS_APART, now + STEPS_APART + 1)
    matching = [step for step in near if hmac.compare_digest(totp.generate_otp(step), code) and step > after]
    return matching[0] if matching else None


def new_recovery_codes() -> list[str]:
    """120 random bits each, in groups that can be copied by hand."""
    return [
        "-".join(re.findall("." * 6, base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()))
        for _ in range(RECOVERY_CODES)
    ]


def recovery_hash(code: str) -> bytes:
    """However it was typed."""
    return hashlib.sha256(re.sub(r"[\s-]", "", code).upper().encode()).digest()


class SecretBox:
    """Seals secrets at rest, with a key made from the service's master key for this alone."""

    def __init__(self, master_key: str) -> None:
        """
        Args:
            master_key: 32 bytes, base64url; `chassis.keys.Signer` refuses others.
        """
        raw = base64.urlsafe_b64decode(master_key + "=" * (-len(master_key) % 4))
        self._key = OctKey.import_key(hmac.digest(raw, b"countersign second factor", "sha256"))

    def seal(self, subject_id: UUID, secret: str) -> str:
        content = json.dumps({"subject": str(subject_id), "secret": secret}).encode()
        return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, content, self._key)

    def open(self, subject_id: UUID, sealed: str) -> str:
        """
        Raises:
            ValueError: it was sealed for somebody else.
            JoseError: it was not sealed with this key.
        """
        content = json.loads(jwe.decrypt_compact(sealed, self._key).plaintext or b"{}")
        if content.get("subject") != str(subject_id):
            raise ValueError("this secret was sealed for somebody else")
        return str(content["secret"])
