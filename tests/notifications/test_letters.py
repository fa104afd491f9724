"""Names and addresses are hostile: no header, link or markup of a stranger's gets into a mail."""

from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid
from contracts.notifications.activities import Template
from contracts.shared.values import Language
from notifications.mails.addresses import deliverable, masked
from notifications.mails.letters import Mailbox, message_id, write_letter
from notifications.mails.rendering import Content, render, shown
from tests.notifications.conftest import NOW

HEADERS = [
    "Content-Type", "MIME-Version", "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
    "X-Countersign-Template", "X-Countersign-Notification", "Content-Language",
]  # fmt: skip

hostile_names = st.one_of(
    st.text(max_size=200),
    st.sampled_from(
        [
            "Eve\r\nBcc: victim@example.com",
            "Eve\nX-Evil: 1",
            "Eve\x0b\x0c\x1c\x85\u2028\u2029Bcc: x",
            'Eve" <evil@example.com>, "',
            "=?utf-8?q?Eve=0D=0ABcc=3A_x?=",
            "\u202eelppa",
            "Müller, Jürgen (GmbH); \\ ",
            "x" * 5000,
            "é" * 5000,
            "\ud800",
            "<script>alert(1)</script>",
            "{number} {{ 7 * 7 }} {0.__class__}",
        ]
    ),
)


def written(name: str, company: str | None = None) -> EmailMessage:
    rendered = render(
        Content(
            template=Template.INVITATION,
            language=Language.ENGLISH,
            merchant="Grossist AB",
            time_zone=ZoneInfo("UTC"),
            name=name,
            company=company,
            link="https://shop.example/i/k1.token",
        )
    )
    letter = write_letter(
        rendered,
        sender=Mailbox("no-reply@shop.example", "Grossist AB"),
        recipient=Mailbox("jan@example.com", name),
        language=Language.ENGLISH,
        template=Template.INVITATION,
        identifier=message_id("invitation/1", "x"),
        notification="invitation/1",
        at=NOW,
    )
    assert letter.content.isascii()
    assert max(map(len, letter.content.split(b"\r\n"))) <= 998
    message = message_from_bytes(letter.content, policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message


def _display_name(message: EmailMessage) -> str:
    """As RFC 2047 has it read: nothing stands between the encoded words of one name. Python's newer parser puts spaces there."""
    (raw,) = [value for name, value in message.raw_items() if name == "To"]
    return str(make_header(decode_header(parseaddr(str(raw))[0])))


@given(name=hostile_names)
def test_a_name_stays_in_its_place(name: str) -> None:
    message = written(name, company=name)
    assert message.keys() == HEADERS
    (to,) = message["To"].addresses
    assert to.addr_spec == "jan@example.com"
    assert _display_name(message) == (shown(name) or "").replace("=?", "= ?")
    assert message["Bcc"] is None


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links |= {str(value) for name, value in attrs if name in ("href", "src")}


@given(name=hostile_names)
def test_a_name_adds_no_markup_and_no_link(name: str) -> None:
    def tags(one: str) -> _Tags:
        part = written("Jan", one).get_body(("html",))
        assert part is not None
        parser = _Tags()
        parser.feed(part.get_content())
        return parser

    mail = tags(name)
    assert mail.links == {"https://shop.example/i/k1.token"}
    assert "script" not in mail.tags


@pytest.mark.parametrize("name", ["Buy at https://evil.example", "www.evil.example", "evil@evil.example", "", " \n "])
def test_a_name_that_carries_a_link_is_not_printed(name: str) -> None:
    assert shown(name) is None


def test_a_name_is_shown_on_one_line_of_visible_characters() -> None:
    assert shown(" Eve\r\nBcc:\tx\u202e\x00 ") == "Eve Bcc: x"
    assert shown("É") == "É"
    assert len(shown("x" * 500) or "") == 100


def test_headers_tell_machines_not_to_answer() -> None:
    message = written("Jan")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "en"
    assert message["X-Countersign-Template"] == "invitation"
    assert message["Date"].datetime == NOW
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_the_message_id_follows_from_notification_and_recipient() -> None:
    assert message_id("invitation/1/1/invited", "a") == "<ec4ef8cb7d3a3bfb665830a80913d531dce7a333@countersign>"
    assert message_id("n", "a") != message_id("n", "b") != message_id("m", "b")


@pytest.mark.parametrize("notification", ["", "a b", "a\r\nBcc: x", "é", "x" * 201])
def test_a_notification_that_can_not_stand_in_a_header_is_refused(notification: str) -> None:
    with pytest.raises(Invalid):
        message_id(notification, "a")


@pytest.mark.parametrize(
    ("address", "mailed"),
    [
        ("jan@example.com", "jan@example.com"),
        ("Jan+order@Example.COM", "Jan+order@Example.COM"),
        ("info@müller.example", "info@xn--mller-kva.example"),
        ("a@localhost", "a@localhost"),
        ("jan@example.com\r\nRCPT TO:<x@y.example>", None),
        ("jan@example.com\n", None),
        ("jan\x00@example.com", None),
        ("<jan@example.com>", None),
        ("jan@example.com,eve@example.com", None),
        ('"jan doe"@example.com', None),
        ("jän@example.com", None),
        ("jan@[127.0.0.1]", None),
        ("jan@exa mple.com", None),
        ("jan@.example.com", None),
        (".jan@example.com", None),
        ("x" * 65 + "@example.com", None),
        ("jan", None),
        ("@example.com", None),
        ("", None),
    ],
)
def test_only_plain_addresses_are_mailed(address: str, mailed: str | None) -> None:
    assert deliverable(address) == mailed


@given(st.text())
def test_no_address_can_break_a_command(address: str) -> None:
    mailed = deliverable(address)
    assert mailed is None or (mailed.isascii() and mailed.isprintable() and not set(mailed) & set(' <>,;:"\\()'))


def test_an_address_is_masked_for_the_log() -> None:
    assert masked("jan@example.com") == "j…@example.com"
