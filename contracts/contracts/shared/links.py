"""The keyed token of a link in a mail: computed when printed, and again when presented."""

import base64
import hashlib
import hmac
from uuid import UUID


class LinkKeys:
    """The keys that make and verify link tokens. The first makes; the others verify until their last link has ended.

    Args:
        keys: `k2:<base64url>,k1:<base64url>`, newest first, 32 bytes each.
    """

    def __init__(self, keys: str) -> None:
        self._keys: dict[str, bytes] = {}
        for entry in keys.split(","):
            key_id, _, secret = entry.strip().partition(":")
            decoded = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
            if not key_id or len(decoded) < 32:
                raise ValueError("a link key is `<id>:<at least 32 bytes, base64url>`")
            self._keys[key_id] = decoded

    def token(self, purpose: str, subject: UUID, issue: int, address: str) -> str:
        """`<key id>.<subject>.<issue>.<mac>`; the MAC also covers the purpose and the address it was mailed to."""
        key_id = next(iter(self._keys))
        return f"{key_id}.{subject.hex}.{issue}.{self._mac(key_id, purpose, subject, issue, address)}"

    def verify(self, token: str, purpose: str, address: str) -> bool:
        """Whether the token was made for this purpose and address by a key we still hold. Constant time."""
        key_id = token.partition(".")[0]
        try:
            subject, issue = self.read(token)
        except ValueError:
            return False
        if key_id not in self._keys:
            return False
        # The whole token is compared, so that another spelling of the same subject or issue is another token.
        expected = f"{key_id}.{subject.hex}.{issue}.{self._mac(key_id, purpose, subject, issue, address)}"
        return hmac.compare_digest(token.encode(errors="replace"), expected.encode())

    @staticmethod
    def read(token: str) -> tuple[UUID, int]:
        """Whose token it claims to be: subject and issue, not verified yet.

        Raises:
            ValueError: it has not the form of a token.
        """
        parts = token.split(".")
        if len(parts) != 4:
            raise ValueError("not a link token")
        return UUID(hex=parts[1]), int(parts[2])

    def _mac(self, key_id: str, purpose: str, subject: UUID, issue: int, address: str) -> str:
        message = "\x1f".join((purpose, subject.hex, str(issue), address.strip().lower()))
        digest = hmac.new(self._keys[key_id], message.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
