"""Notes are written and closed; each event of a note has an effect that can be counted."""

from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import BigInteger, Identity, Text, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from chassis import clock
from chassis.aggregate import Aggregate, Base
from chassis.consumers import Delivery, Subscription
from chassis.errors import Conflict, NotFound, NotYet, Unauthenticated
from chassis.http.authentication import TokenVerifier, claims_of
from chassis.http.etag import check_version, etag
from chassis.http.routing import HotRoute, Reading, Router, Session
from chassis.ids import new_id
from chassis.keys import KeyRing, KnownKey, SigningKey, key_projection, publish_as
from chassis.policies import Policy, policy_routes
from chassis.projections import Projected, Projection
from chassis.service import Service
from chassis.settings import Settings
from contracts.shared.event import Event, State, registry
from contracts.shared.keys import PublicKey
from contracts.shared.topic import Topic

NOTE = Topic("countersign.toy.note", partitions=3)
NOTE_STATE = Topic("countersign.toy.note.state", partitions=3)
KEY_STATE = Topic("countersign.toy.key.state", partitions=1)


class NoteWritten(Event, type="countersign.toy.note.written.v1", topic=NOTE):
    text: str


class NoteClosed(Event, type="countersign.toy.note.closed.v1", topic=NOTE):
    closed_at: datetime


class NoteState(State, type="countersign.toy.note.state.v1", topic=NOTE_STATE):
    text: str
    closed: bool


class ToyKey(PublicKey, type="countersign.toy.key.state.v1", topic=KEY_STATE):
    pass


for one in (NoteWritten, NoteClosed, NoteState, ToyKey):
    registry.pop(one.type)  # not part of the published language


class Note(Aggregate):
    __tablename__ = "notes"

    text: Mapped[str] = mapped_column(Text)
    closed_at: Mapped[datetime | None]

    @classmethod
    def write(cls, text: str) -> "Note":
        note = cls(id=new_id(), text=text)
        note.record(NoteWritten(text=text))
        return note

    def rewrite(self, text: str) -> None:
        if self.closed_at:
            raise Conflict("note-closed", "It is closed.")
        self.text = text
        self.record(NoteWritten(text=text))

    def close(self, at: datetime) -> None:
        if self.closed_at:
            return
        self.closed_at = at
        self.record(NoteClosed(closed_at=at))

    def state(self) -> NoteState:
        return NoteState(text=self.text, closed=self.closed_at is not None)


class Effect(Base):
    """One row per event that was handled."""

    __tablename__ = "effects"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(Text)
    sequence: Mapped[int]
    text: Mapped[str] = mapped_column(Text)


class KnownNote(Projected):
    __tablename__ = "known_notes"
    text: Mapped[str] = mapped_column(Text)


failing: dict[str, Exception] = {}
"""Texts whose handling fails, and how."""


_EFFECT = insert(Effect.__table__)  # type: ignore[arg-type]


async def remember(delivery: Delivery, event: NoteWritten) -> None:
    if event.text in failing:
        raise failing[event.text]
    if event.text == "too early":
        raise NotYet("too-early")
    envelope = delivery.envelope
    delivery.inserts.add(_EFFECT, {"key": envelope.subject, "sequence": envelope.sequence, "text": event.text})


subscription = Subscription(NOTE, {NoteWritten: remember})
projection = Projection(NoteState, KnownNote, lambda state: {"text": state.text})

router = Router(prefix="/v1/notes")
hot = Router(prefix="/v1/notes", kind=HotRoute)


class WriteNote(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(min_length=1, max_length=100)]


async def _caller(request: Request) -> str:
    claims = await claims_of(request)
    if claims is None:
        raise Unauthenticated("token-missing", "Sign in first.")
    return str(claims["sub"])


@router.post("", status_code=201)
async def write_note(body: WriteNote, session: Session) -> dict[str, str]:
    note = Note.write(body.text)
    session.add(note)
    if body.text == "broken":
        raise Conflict("broken", "After the write.")
    return {"note_id": str(note.id)}


@hot.post("/matching")
async def count_matching(body: WriteNote, connection: Reading, caller: Annotated[str, Depends(_caller)]) -> Response:
    count = await connection.scalar(select(func.count()).where(Note.text == body.text))
    return Response(f'{{"count":{count},"caller":"{caller}"}}', media_type="application/json")


async def lock_note(session: AsyncSession, note_id: UUID) -> Note:
    note = await session.get(Note, note_id, with_for_update=True)
    if note is None:
        raise NotFound
    return note


@router.put("/{note_id}")
async def rewrite_note(
    note_id: UUID,
    body: WriteNote,
    session: Session,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> dict[str, str]:
    note = await lock_note(session, note_id)
    check_version(if_match, note.sequence)
    note.rewrite(body.text)
    response.headers["ETag"] = etag(note.sequence)
    return {}


@router.post("/{note_id}/close")
async def close_note(note_id: UUID, session: Session) -> dict[str, str]:
    (await lock_note(session, note_id)).close(clock.now())
    return {}


@router.get("/mine")
async def mine(caller: Annotated[str, Depends(_caller)], connection: Reading) -> dict[str, object]:
    texts = await connection.scalars(select(Note.text).order_by(Note.id))
    return {"caller": caller, "texts": list(texts.all())}


class ColourPolicy(Policy):
    colour: str = "green"


keys = KeyRing()
publish_as(ToyKey)
service = Service(
    name="toy",
    description="Notes",
    settings=Settings,
    migrations=Path(__file__).parent / "migrations",
    topics=[NOTE, NOTE_STATE, KEY_STATE],
    verifier=TokenVerifier("toy", "toy-issuer", "toy-audience", keys),
    routers=[router, hot, policy_routes([ColourPolicy], Depends(_caller))],
    subscriptions=[subscription],
    projections=[projection, key_projection(ToyKey)],
)


async def projection_of_keys(session: AsyncSession) -> None:
    """Copies the published keys into the known ones, as the consumer does from Kafka."""
    for key in (await session.scalars(select(SigningKey))).all():
        await session.merge(
            KnownKey(
                key=key.kid, epoch=1, sequence=key.sequence, issuer="toy", jwk=key.public, usable_until=key.usable_until
            )
        )
