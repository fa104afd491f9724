"""A mail server under our control, a database of notifications, and people in it."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.database import Database
from chassis.ids import new_id
from contracts.shared.links import LinkKeys
from contracts.shared.values import Language
from notifications.contacts.models import Contact
from notifications.deliveries.sending import Post
from notifications.mails.mailer import Mailer, MailServer, Security
from tests.conftest import NewDatabase
from tests.notifications.scripted_smtp import ScriptedServer, scripted_server

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEYS = LinkKeys("k1:" + base64.urlsafe_b64encode(b"k" * 32).decode())

AddContact = Callable[..., Awaitable[UUID]]
Broken = Callable[[], AbstractContextManager[None]]


@pytest.fixture
async def smtp() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as script:
        yield script


LONG, SHORT = timedelta(seconds=60), timedelta(seconds=2)
"""The first is never waited for; the second is, by tests of silence, and is long for a server that does answer."""


def mailer_to(
    script: ScriptedServer, *, connections: int = 2, timeout: timedelta = LONG, wait: timedelta = LONG
) -> Mailer:
    return Mailer(
        MailServer(
            "127.0.0.1",
            script.port,
            Security.NONE,
            hostname="test.example",
            connections=connections,
            timeout=timeout,
            wait=wait,
            patience=LONG,
        )
    )


@pytest.fixture
async def post(smtp: ScriptedServer) -> AsyncIterator[Post]:
    mailer = mailer_to(smtp)
    yield Post(mailer, KEYS)
    await mailer.close()


@pytest.fixture
async def database(new_database: NewDatabase) -> Database:
    return await new_database("notifications")


@pytest.fixture
def add_contact(database: Database) -> AddContact:
    async def add(
        email: str = "jan@example.com",
        name: str = "Jan de Vries",
        language: Language = Language.DUTCH,
        company_name: str | None = "Bakkerij Jansen",
    ) -> UUID:
        contact_id = new_id()
        async with database.transaction() as session:
            session.add(
                Contact(
                    key=str(contact_id),
                    epoch=1,
                    sequence=1,
                    email=email,
                    name=name,
                    language=language,
                    company_name=company_name,
                )
            )
        return contact_id

    return add


@pytest.fixture
def nothing_can_be_noted(monkeypatch: pytest.MonkeyPatch) -> Broken:
    """For a block in which what became of a mail can not be written down."""

    @contextmanager
    def broken() -> Iterator[None]:
        async def fails(*_: Any, **__: Any) -> None:
            raise RuntimeError

        with monkeypatch.context() as patched:
            patched.setattr("notifications.deliveries.sending.record_outcomes", fails)
            with pytest.raises(RuntimeError):
                yield

    return broken
