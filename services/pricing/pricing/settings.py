"""What pricing must be told from outside."""

from pydantic import SecretStr

from chassis.settings import Settings


class PricingSettings(Settings):
    master_key: SecretStr
    """32 bytes, base64url: seals the private keys of priced carts at rest."""
