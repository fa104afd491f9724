"""The table of the activity log, and what keeps it append-only."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Table, Text, Uuid

from chassis.metadata import metadata_of

activity_table = Table(
    "activity",
    metadata_of("identity"),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("event_id", Uuid, nullable=False, unique=True),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("type", Text, nullable=False),
    Column("actor", Text),
    Column("company_id", Uuid),
    Column("subject", Text, nullable=False),
    Column("correlation_id", Text),
    Column("source", Text, nullable=False),
    Index("ix_activity_company_id", "company_id", "id"),
    Index("ix_activity_type", "type", "id"),
)

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
    "REVOKE UPDATE, DELETE, TRUNCATE ON activity FROM CURRENT_USER",
)
"""Statements of the first migration: neither a mistake nor a thief of the service's role rewrites what happened."""
