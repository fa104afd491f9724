"""From what a mail says to the bytes that a mail server is handed. Names and addresses are hostile input."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import format_datetime, formataddr

from chassis.errors import Invalid
from contracts.notifications.activities import Template
from contracts.shared.values import Language
from notifications.mails.rendering import Rendered, shown

_NOTIFICATION = re.compile(r"[!-~]{1,200}")
_POLICY = compat32.clone(linesep="\r\n", max_line_length=None)
"""Python's older way to write a mail: the newer one parses each header that it is given, and takes five times as long."""
_QUOTED_PRINTABLE = Charset("utf-8")
_QUOTED_PRINTABLE.body_encoding = QP
_ENDS_A_LINE = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")


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

    def header(self) -> str:
        name = _literal(shown(self.name) or "")
        return formataddr((name, self.address)) if name.isascii() else f"{_encoded(name)} <{self.address}>"


def _literal(text: str) -> str:
    """Text for one line of a header, in which nothing is an encoded word for who reads it."""
    return _ENDS_A_LINE.sub(" ", text).replace("=?", "= ?")


def _encoded(text: str) -> str:
    """In encoded words of at most 75 characters, a line for each (RFC 2047)."""
    return Header(text, "utf-8", maxlinelen=75).encode(linesep="\r\n")


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
    # "=_" stands in no quoted-printable text, so that no text can contain the boundary.
    message = MIMEMultipart("alternative", f"=_{hashlib.sha256(identifier.encode()).hexdigest()[:32]}", policy=_POLICY)
    message["From"] = sender.header()
    message["To"] = recipient.header()
    subject = _literal(rendered.subject)
    message["Subject"] = subject if subject.isascii() else _encoded(subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = identifier
    message["Auto-Submitted"] = "auto-generated"
    message["X-Countersign-Template"] = template.value
    message["X-Countersign-Notification"] = notification
    message["Content-Language"] = language.value
    message.attach(_part(rendered.text, "plain"))
    message.attach(_part(rendered.html, "html"))
    return Letter(sender.address, recipient.address, message.as_bytes(policy=_POLICY))


def _part(text: str, subtype: str) -> MIMENonMultipart:
    part = MIMENonMultipart("text", subtype, charset="utf-8", policy=_POLICY)
    part.set_payload(text, _QUOTED_PRINTABLE)
    return part
