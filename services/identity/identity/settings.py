"""What identity must be told from outside."""

from pydantic import SecretStr

from chassis.settings import Settings
from identity.external_sign_in.issuer import Registration


class IdentitySettings(Settings):
    master_key: SecretStr
    """32 bytes, base64url: seals the private keys of access tokens, and the secrets of second factors, at rest."""
    link_keys: SecretStr
    """`k2:<base64url>,k1:<base64url>`, newest first; shared with notifications (see `contracts.shared.links`)."""
    vies_url: str | None = None
    """Of the EU's REST API for VAT numbers (`https://ec.europa.eu/taxation_customs/vies/rest-api`); None: nobody is asked."""
    vies_requester: str = ""
    """The merchant's own VAT number, with its country: answers then have a consultation number."""
    external_issuer: str | None = None
    """Address of the OpenID Connect issuer that may replace passwords, as it calls itself in its tokens; https."""
    external_client_id: str = ""
    external_client_secret: SecretStr = SecretStr("")
    external_return_to: str = ""
    """The addresses to which the issuer may send a browser back, with commas between."""

    def external_registration(self) -> Registration | None:
        """None: there is no issuer.

        Raises:
            ValueError: an address that is not safe, or something is missing.
        """
        if not self.external_issuer:
            return None
        secret, back = self.external_client_secret.get_secret_value(), self.external_return_to
        if not (self.external_client_id and secret and back):
            raise ValueError("an external issuer needs client id, client secret and return addresses")
        addresses = frozenset(one.strip() for one in back.split(","))
        return Registration(self.external_issuer, self.external_client_id, secret, addresses)
