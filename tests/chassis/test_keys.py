"""Signing keys: announced before use, encrypted at rest, and what they sign can not be changed."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from chassis import clock
from chassis.errors import NotYet
from chassis.keys import ANNOUNCED_BEFORE, IN_USE, VERIFIES_AFTER, BadSignature, KeyRing, Signer, SigningKey
from tests.chassis.toy.app import projection_of_keys

TOY = "tests.chassis.toy"


async def test_a_new_key_is_announced_a_day_before_it_signs(new_database):
    database, signer, at = await new_database(TOY), Signer("A" * 43), clock.now()
    async with database.transaction() as session:
        first = await signer.rotate(session, at)
        second = await signer.rotate(session, at)
        assert (first.usable_from, second.usable_from) == (at, at + ANNOUNCED_BEFORE)
    async with database.transaction() as session:
        await projection_of_keys(session)
        for moment, key in ((at, first), (at + ANNOUNCED_BEFORE, second)):
            signed = await signer.sign_document(session, b"document", moment)
            assert await KeyRing().verify(session, "toy", signed) == b"document"
            assert key.kid in _header(signed)
        published = await session.execute(text("SELECT key, type FROM outbox ORDER BY id"))
        assert [row.key for row in published] == [first.kid, second.kid]


async def test_a_key_is_replaced_in_time_and_not_before(new_database):
    database, signer, at = await new_database(TOY), Signer("A" * 43), clock.now()
    for moment, expected in ((at, 1), (at + timedelta(days=1), 1), (at + IN_USE, 2), (at + IN_USE, 2)):
        async with database.transaction() as session:
            await signer.rotate_if_due(session, moment)
        async with database.transaction() as session:
            assert len((await session.scalars(select(SigningKey.id))).all()) == expected


async def test_a_changed_document_is_refused(new_database):
    database, signer, at = await new_database(TOY), Signer("A" * 43), clock.now()
    async with database.transaction() as session:
        await signer.rotate(session, at)
    async with database.transaction() as session:
        await projection_of_keys(session)
        signed = await signer.sign_document(session, b"1.00", at)
        other = await signer.sign_document(session, b"0.01", at)
        head, _, signature = signed.split(".")
        mixed = f"{head}.{other.split('.')[1]}.{signature}"
        for bad in (mixed, signed[:-4] + "AAAA", "x", "", "a.b", signed + ".c"):
            with pytest.raises(BadSignature):
                await KeyRing().verify(session, "toy", bad)


async def test_a_key_of_nobody_is_refused_and_one_that_may_still_arrive_is_waited_for(new_database):
    """What another signed never becomes valid; but where even the key that signs now is missing, ours are on their way."""
    database, signer, at = await new_database(TOY), Signer("A" * 43), clock.now()
    async with database.transaction() as session:
        await signer.rotate(session, at - IN_USE)
        retired = await session.scalar(select(SigningKey))
        signed = await signer.sign_document(session, b"document", at - IN_USE)
        for usable_until, refusal in ((at + VERIFIES_AFTER, NotYet), (at + timedelta(days=3), BadSignature)):
            retired.usable_until = usable_until
            await projection_of_keys(session)
            await session.execute(text("UPDATE known_keys SET key = 'another'"))
            with pytest.raises(refusal):
                await KeyRing().verify(session, "toy", signed)
            await session.execute(text("DELETE FROM known_keys"))
            session.expire_all()


async def test_the_private_key_is_not_readable_in_the_database(new_database):
    database, at = await new_database(TOY), clock.now()
    async with database.transaction() as session:
        await Signer("A" * 43).rotate(session, at)
    async with database.transaction() as session:
        stored = await session.scalar(select(SigningKey.private))
        assert "PRIVATE" not in stored
        with pytest.raises(Exception, match="decode_error"):
            await Signer("B" * 43).sign_document(session, b"x", at)


def _header(signed: str) -> str:
    import base64

    head = signed.split(".")[0]
    return base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)).decode()
