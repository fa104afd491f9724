"""What notifications must be told beside the settings of every service."""

from typing import Annotated

from pydantic import Field, SecretStr

from chassis.settings import Settings
from notifications.mails.mailer import MailServer, Security


class NotificationsSettings(Settings):
    link_keys: SecretStr
    """`k2:<base64url>,k1:<base64url>`, newest first; the same as identity's (`contracts.shared.links`)."""
    smtp: Annotated[str, Field(pattern=r"^.+:\d{1,5}$")] = "127.0.0.1:1025"
    """Host and port."""
    smtp_security: Security = Security.OPPORTUNISTIC
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_hostname: str | None = None
    """What we call ourselves; None: this machine's name."""
    smtp_connections: Annotated[int, Field(ge=1, le=50)] = 4

    def mail_server(self) -> MailServer:
        host, _, port = self.smtp.rpartition(":")
        return MailServer(
            host=host.strip("[]"),
            port=int(port),
            security=self.smtp_security,
            username=self.smtp_username,
            password=self.smtp_password.get_secret_value() if self.smtp_password else None,
            hostname=self.smtp_hostname,
            connections=self.smtp_connections,
        )
