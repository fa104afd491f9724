"""Our copy of identity's contacts follows the state topic, erasure included."""

from collections.abc import Sequence
from typing import Any, cast

from aiokafka import ConsumerRecord
from sqlalchemy import select

from chassis.consumers import BatchConsumer
from chassis.database import Database
from chassis.ids import new_id
from contracts.identity.states import ContactKind, ContactState
from contracts.shared.envelope import Envelope
from contracts.shared.values import Language
from notifications.app import service
from notifications.contacts.models import Contact
from tests.notifications.conftest import NOW

PROJECTION = next(one for one in service.projections if one.state is ContactState)
CONTACT = new_id()


def record(offset: int, sequence: int, state: ContactState | None) -> ConsumerRecord[bytes, bytes]:
    envelope = Envelope(new_id(), ContactState.type, "/countersign/identity", str(CONTACT), NOW, 1, sequence)
    value = state.model_dump_json().encode() if state else None
    return ConsumerRecord(
        PROJECTION.topic.name, 0, offset, 0, 0, str(CONTACT).encode(), value, None, 0, 0, tuple(envelope.to_headers())
    )


def state(email: str, language: Language = Language.DUTCH) -> ContactState:
    return ContactState(
        contact_id=CONTACT, kind=ContactKind.GUEST, company_name="Bakkerij", name="Jan", email=email, language=language
    )


async def after(database: Database, *batches: Sequence[ConsumerRecord[bytes, bytes]]) -> list[tuple[str, str]]:
    consumer = BatchConsumer(cast(Any, PROJECTION), database, cast(Any, None))
    for batch in batches:
        await consumer.handle(batch)
    async with database.transaction() as session:
        rows = (await session.scalars(select(Contact))).all()
    return [(row.email, row.language) for row in rows]


async def test_the_latest_state_wins_whatever_comes_again(database: Database) -> None:
    old, new = record(1, 1, state("old@example.com")), record(2, 2, state("new@example.com", Language.SWEDISH))
    assert await after(database, [old], [new], [old]) == [("new@example.com", Language.SWEDISH)]


async def test_a_tombstone_erases_the_person(database: Database) -> None:
    assert await after(database, [record(1, 1, state("jan@example.com"))], [record(2, 2, None)]) == []
