"""Public keys of a service that signs, on its key state topic a day before use."""

from datetime import datetime

from contracts.shared.event import State


class PublicKey(State):
    """One ES256 verification key. The topic's key is `kid`; a retired key stays until nothing it signed is valid."""

    kid: str
    jwk: dict[str, str]
    """The public JSON Web Key (RFC 7517): `kty`, `crv`, `x`, `y`."""
    usable_from: datetime
    usable_until: datetime
