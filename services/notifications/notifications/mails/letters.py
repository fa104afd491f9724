"""From what a mail says to the bytes that a mail server is handed. Names and addresses are hostile input."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from chassis.errors import Invalid
from contracts.notifications.activities import Template
from contracts.shared.values import Language
from notifications.mails.rendering import Rendered, shown

_NOTIFICATION = re.compile(r"[!-~]{1,200}")
_UNFOLDED = SMTP.clone(max_line_length=998)
"""Header lines are legal up to 998; folding quoted names is where Python's email package has had its faults."""


@dataclass(frozen=True)
class Letter:
    """One mail to one address, as SMTP takes it."""

    sender: str
    recipient: str
    content: bytes


@dataclass(frozen=True)
class Mailbox:
    """An address that passed `addresses.deliverable`, and the name before it."""

    address: str
    name: str | None = None

    def header(self) -> Address:
        username, _, domain = self.address.rpartition("@")
        return Address(_literal(shown(self.name) or ""), username, domain)


def _literal(text: str) -> str:
    """Text for a header in which nothing is an encoded word: Python decodes those that it finds, line breaks included,
    and writes them out as they are."""
    return text.replace("=?", "= ?")


def message_id(notification: str, recipient: str) -> str:
    """The same for every attempt at the same mail, so that a receiver recognises a repetition (NO-01).

    Raises:
        Invalid: the notification can not stand in a header.
    """
    if not _NOTIFICATION.fullmatch(notification):
        raise Invalid("notification-malformed", "A notification is 1 to 200 printable ASCII characters without spaces.")
    digest = hashlib.sha256(f"{notification}\x1f{recipient}".encode()).hexdigest()
    return f"<{digest[:40]}@countersign>"


def write_letter(
    rendered: Rendered,
    *,
    sender: Mailbox,
    recipient: Mailbox,
    language: Language,
    identifier: str,
    template: Template,
    notification: str,
    at: datetime,
) -> Letter:
    """HTML and text, with headers that keep automatic answers away, and ours, by which a mail is told from others."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender.header()
    message["To"] = recipient.header()
    message["Subject"] = _literal(rendered.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = identifier
    message["Auto-Submitted"] = "auto-generated"
    message["X-Countersign-Template"] = template.value
    message["X-Countersign-Notification"] = notification
    message.set_content(rendered.text, cte="quoted-printable")
    message.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = language.value  # last: setting the content clears `Content-…`
    return Letter(sender.address, recipient.address, message.as_bytes(policy=_UNFOLDED))
