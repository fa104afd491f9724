"""The tables of the activity log, and what keeps them append-only."""

from enum import StrEnum

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, LargeBinary, Table, Text, Uuid

from chassis.metadata import metadata_of


class Door(StrEnum):
    """The door by which the act came in that an event is, or follows from."""

    API = "api"
    """Over HTTP: staff, a member, a contact by his link; or a request of nobody that is known."""
    PROCESS = "process"
    """A process did it by itself, for example when a deadline passed."""
    OPERATOR = "operator"
    """In the Temporal UI or on the command line, under the name that the operator claims."""
    SYSTEM = "system"
    """Nobody did: the clock, `reconcile`, or what followed from a request of nobody that is known."""


FILTERED = ("company_id", "type", "actor", "door", "subject", "correlation_id", "source")
"""What rows are looked for by, one by one and together with the time."""

activity_table = Table(
    "activity",
    metadata_of("identity"),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("event_id", Uuid, nullable=False, unique=True),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("type", Text, nullable=False),
    Column("actor", Text),
    Column("door", Text, nullable=False),
    Column("company_id", Uuid),
    Column("subject", Text, nullable=False),
    Column("correlation_id", Text),
    Column("source", Text, nullable=False),
    Index("ix_activity_happened_at", "happened_at", "id"),
    *(Index(f"ix_activity_{name}", name, "happened_at", "id") for name in FILTERED),
)

unsealed_table = Table(
    "activity_unsealed",
    metadata_of("identity"),
    Column("activity_id", BigInteger, primary_key=True, autoincrement=False),
)
"""The rows that wait for their seal: a trigger puts every new row here, in the transaction that writes it."""

seals_table = Table(
    "activity_seals",
    metadata_of("identity"),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("activity_id", BigInteger, nullable=False, unique=True),
    Column("hash", LargeBinary, nullable=False),
)
"""The chain: 1, 2, 3 … in the order of sealing, without gaps (see `identity.activity_log.chain`)."""

APPEND_ONLY = (
    """
    CREATE FUNCTION activity_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the activity log is append-only' USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER activity_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON activity
    FOR EACH STATEMENT EXECUTE FUNCTION activity_is_append_only()
    """,
    """
    CREATE TRIGGER activity_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON activity_seals
    FOR EACH STATEMENT EXECUTE FUNCTION activity_is_append_only()
    """,
    "REVOKE UPDATE, DELETE, TRUNCATE ON activity, activity_seals FROM CURRENT_USER",
    """
    CREATE FUNCTION activity_waits_for_its_seal() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO activity_unsealed (activity_id) VALUES (NEW.id);
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER activity_waits_for_its_seal AFTER INSERT ON activity
    FOR EACH ROW EXECUTE FUNCTION activity_waits_for_its_seal()
    """,
)
"""Statements of the first migration: neither a mistake nor a thief of the service's role rewrites what happened, and
no row is left out of the chain."""
