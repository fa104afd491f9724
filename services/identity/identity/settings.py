"""What identity must be told from outside."""

from pydantic import SecretStr

from chassis.settings import Settings


class IdentitySettings(Settings):
    master_key: SecretStr
    """32 bytes, base64url: seals the private keys of access tokens, and the secrets of second factors, at rest."""
    link_keys: SecretStr
    """`k2:<base64url>,k1:<base64url>`, newest first; shared with notifications (see `contracts.shared.links`)."""
