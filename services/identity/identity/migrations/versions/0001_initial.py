"""All tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.outbox import DEFAULT_PARTITION
from identity.activity_log.models import APPEND_ONLY
from identity.companies.models import COMPARABLE_NAME

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute(sa.schema.CreateSequence(sa.Sequence("company_numbers")))
    op.execute(sa.schema.CreateSequence(sa.Sequence("application_numbers")))
    op.create_table(
        "idempotent_answers",
        sa.Column("scope", sa.LargeBinary(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_idempotent_answers")),
    )
    op.create_index("ix_idempotent_answers_answered_at", "idempotent_answers", ["answered_at"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_inbox")),
    )
    op.create_index("ix_inbox_received_at", "inbox", ["received_at"], unique=False)
    op.create_table(
        "known_keys",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("jwk", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("usable_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_known_keys")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", "created_at", name=op.f("pk_outbox")),
        postgresql_partition_by="RANGE (created_at)",
    )
    op.execute(DEFAULT_PARTITION)
    op.create_index(
        "ix_outbox_parked",
        "outbox",
        ["topic", "key"],
        unique=False,
        postgresql_where=sa.text("parked_reason IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_unpublished", "outbox", ["id"], unique=False, postgresql_where=sa.text("published_at IS NULL")
    )
    op.create_table(
        "parked_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "status",
            sa.Enum("parked", "retried", "dropped", name="parkedstatus", native_enum=False, length=40),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parked_events")),
    )
    op.create_index(
        "ix_parked_events_key",
        "parked_events",
        ["topic", "key"],
        unique=False,
        postgresql_where=sa.text("status = 'parked'"),
    )
    op.create_index("uq_parked_events_place", "parked_events", ["topic", "partition", "offset"], unique=True)
    op.create_table(
        "policies",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
        sa.UniqueConstraint("name", "scope", "version", name=op.f("uq_policies_name_scope_version")),
    )
    op.create_table(
        "projection_progress",
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("caught_up_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("topic", name=op.f("pk_projection_progress")),
    )
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("private", sa.Text(), nullable=False),
        sa.Column("public", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("usable_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("usable_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_keys")),
        sa.UniqueConstraint("kid", name=op.f("uq_signing_keys_kid")),
    )
    op.create_table(
        "activity",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
        sa.UniqueConstraint("event_id", name=op.f("uq_activity_event_id")),
    )
    op.create_index("ix_activity_actor", "activity", ["actor", "happened_at", "id"], unique=False)
    op.create_index("ix_activity_company_id", "activity", ["company_id", "happened_at", "id"], unique=False)
    op.create_index("ix_activity_correlation_id", "activity", ["correlation_id", "happened_at", "id"], unique=False)
    op.create_index("ix_activity_door", "activity", ["door", "happened_at", "id"], unique=False)
    op.create_index("ix_activity_happened_at", "activity", ["happened_at", "id"], unique=False)
    op.create_index("ix_activity_source", "activity", ["source", "happened_at", "id"], unique=False)
    op.create_index("ix_activity_subject", "activity", ["subject", "happened_at", "id"], unique=False)
    op.create_index("ix_activity_type", "activity", ["type", "happened_at", "id"], unique=False)
    op.create_table(
        "activity_seals",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("activity_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_activity_seals")),
        sa.UniqueConstraint("activity_id", name=op.f("uq_activity_seals_activity_id")),
    )
    op.create_table(
        "activity_unsealed",
        sa.Column("activity_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("activity_id", name=op.f("pk_activity_unsealed")),
    )
    op.create_table(
        "companies",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("vat_number", sa.Text(), nullable=True),
        sa.Column(
            "vat_check",
            sa.Enum("valid", "invalid", "unknown", name="vatcheck", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("vat_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("vat_consultation", sa.Text(), nullable=True),
        sa.Column("vat_check_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("vat_check_attempts", sa.Integer(), nullable=False),
        sa.Column("registration_number", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column(
            "language",
            sa.Enum("nl", "fr", "sv", "en", "de", name="language", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("storefront", sa.Text(), nullable=False),
        sa.Column("groups", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("addresses", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sales_representative", sa.Text(), nullable=True),
        sa.Column("pays_by_invoice", sa.Boolean(), nullable=False),
        sa.Column("invoice_days", sa.Integer(), nullable=True),
        sa.Column("credit_limit", postgresql.JSONB(), nullable=True),
        sa.Column("payment_reference", sa.Text(), nullable=True),
        sa.Column("vat_exempt", sa.Boolean(), nullable=False),
        sa.Column("external_keys", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("with_account_access", sa.Boolean(), nullable=False),
        sa.Column(
            "origin",
            sa.Enum("applied", "created_by_merchant", name="companyorigin", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("first_contact_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "application_outcome",
            sa.Enum("none", "pending", "approved", "rejected", name="applicationoutcome", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("first_invitation_live", sa.Boolean(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspension_reason", sa.Text(), nullable=True),
        sa.Column("has_price_list", sa.Boolean(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "none",
                "not_invited",
                "invited",
                "pending_approval",
                "registered",
                "rejected",
                "enabled",
                "disabled",
                "merged",
                name="customerstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("former_numbers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["merged_into"], ["companies.id"], name=op.f("fk_companies_merged_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
        sa.UniqueConstraint("number", name=op.f("uq_companies_number")),
    )
    op.create_index(
        "ix_companies_external_keys",
        "companies",
        ["external_keys"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"external_keys": "jsonb_path_ops"},
    )
    op.create_index("ix_companies_groups", "companies", ["groups"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_companies_merged_into",
        "companies",
        ["merged_into"],
        unique=False,
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.create_index("ix_companies_registration_number", "companies", ["registration_number"], unique=False)
    op.create_index("ix_companies_email_domain", "companies", [sa.text("split_part(email, '@', 2)")], unique=False)
    op.create_index(
        "ix_companies_comparable_name",
        "companies",
        [sa.literal_column(COMPARABLE_NAME).label("comparable_name")],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={"comparable_name": "gist_trgm_ops"},
    )
    op.create_index("ix_companies_sales_representative", "companies", ["sales_representative"], unique=False)
    op.create_index(
        "ix_companies_search",
        "companies",
        ["legal_name", "number", "vat_number", "registration_number"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={
            "legal_name": "gin_trgm_ops",
            "number": "gin_trgm_ops",
            "vat_number": "gin_trgm_ops",
            "registration_number": "gin_trgm_ops",
        },
    )
    op.create_index("ix_companies_name", "companies", [sa.text("lower(legal_name)"), "id"], unique=False)
    op.create_index("ix_companies_created_at", "companies", ["created_at", "id"], unique=False)
    op.create_index("ix_companies_vat_check_due_at", "companies", ["vat_check_due_at"], unique=False)
    op.create_index("ix_companies_changed_at", "companies", ["changed_at", "id"], unique=False)
    op.create_index(op.f("ix_companies_status"), "companies", ["status"], unique=False)
    op.create_index("ix_companies_vat_number", "companies", ["vat_number"], unique=False)
    op.create_table(
        "contacts",
        sa.Column(
            "kind", sa.Enum("guest", "registered", name="contactkind", native_enum=False, length=40), nullable=False
        ),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("company_name", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column(
            "language",
            sa.Enum("nl", "fr", "sv", "en", "de", name="language", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("groups", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("phones", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("addresses", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("consumer", sa.Boolean(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verification_issue", sa.Integer(), nullable=False),
        sa.Column("reset_issue", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    op.create_index("ix_contacts_company_id", "contacts", ["company_id"], unique=False)
    op.create_index(
        "ix_contacts_search",
        "contacts",
        ["name", "email"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops", "email": "gin_trgm_ops"},
    )
    op.create_index("ix_contacts_name", "contacts", [sa.text("lower(name)"), "id"], unique=False)
    op.create_index("ix_contacts_created_at", "contacts", ["created_at", "id"], unique=False)
    op.create_index("ix_contacts_email", "contacts", ["email"], unique=False)
    op.create_index(
        "ix_contacts_email_domain", "contacts", [sa.literal_column("split_part(email, '@', 2)")], unique=False
    )
    op.create_index(
        "uq_contacts_registered_email",
        "contacts",
        ["email"],
        unique=True,
        postgresql_where=sa.text("kind = 'registered' AND NOT consumer"),
    )
    op.create_table(
        "credentials",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_credentials")),
    )
    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("companies", "contacts", "members", name="importkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "reading",
                "previewed",
                "applying",
                "applied",
                "failed",
                name="importstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("bytes_read", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("header", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("applied", sa.Integer(), nullable=False),
        sa.Column("applied_through", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("apply_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_by", sa.Text(), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index(
        "ix_imports_open",
        "imports",
        ["id"],
        unique=False,
        postgresql_where=sa.text("status IN ('reading', 'applying')"),
    )
    op.create_table(
        "known_networks",
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "network", name=op.f("pk_known_networks")),
    )
    op.create_table(
        "known_terms",
        sa.Column(
            "assignee_kind",
            sa.Enum("company", "group", name="assigneekind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("has_valid_price_list", sa.Boolean(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_known_terms")),
    )
    op.create_table(
        "published_status_table",
        sa.Column("allowed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_status_table")),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Enum("member", "staff", name="subjectkind", native_enum=False, length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("storefront", sa.Text(), nullable=True),
        sa.Column("client", sa.Text(), nullable=True),
        sa.Column(
            "means",
            sa.Enum("password", "password_and_code", "issuer", name="signinmeans", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ended_because",
            sa.Enum(
                "signed_out",
                "password_changed",
                "second_factor_changed",
                "revoked",
                "token_reused",
                name="endedbecause",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"], unique=False)
    op.create_index("ix_sessions_subject_id", "sessions", ["subject_id"], unique=False)
    op.create_table(
        "external_attempts",
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Enum("member", "staff", name="subjectkind", native_enum=False, length=40), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("return_to", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("storefront", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_external_attempts")),
    )
    op.create_index("ix_external_attempts_expires_at", "external_attempts", ["expires_at"], unique=False)
    op.create_index("ix_external_attempts_network", "external_attempts", ["network"], unique=False)
    op.create_table(
        "external_logins",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("external_subject", sa.Text(), nullable=False),
        sa.Column("kind", sa.Enum("member", "staff", name="subjectkind", native_enum=False, length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "external_subject", "kind", name=op.f("pk_external_logins")),
        sa.UniqueConstraint("issuer", "kind", "subject_id", name=op.f("uq_external_logins_issuer_kind_subject_id")),
    )
    op.create_table(
        "second_factors",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subject_id"],
            ["second_factors.subject_id"],
            name=op.f("fk_recovery_codes_subject_id_second_factors"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subject_id", "code_hash", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "sign_in_challenges",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Enum("member", "staff", name="subjectkind", native_enum=False, length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("storefront", sa.Text(), nullable=True),
        sa.Column("client", sa.Text(), nullable=True),
        sa.Column("enrols", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in_challenges")),
    )
    op.create_index("ix_sign_in_challenges_expires_at", "sign_in_challenges", ["expires_at"], unique=False)
    op.create_index("ix_sign_in_challenges_subject_id", "sign_in_challenges", ["subject_id"], unique=False)
    op.create_table(
        "sign_in_attempts",
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "network", name=op.f("pk_sign_in_attempts")),
    )
    op.create_table(
        "access_requests",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("wanted_role", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "language",
            sa.Enum("nl", "fr", "sv", "en", "de", name="language", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum("open", "granted", "refused", "lapsed", name="accessrequeststatus", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column(
            "refusal",
            sa.Enum("not_expected", "not_needed", "other", name="accessrefusal", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_requests")),
    )
    op.create_index("ix_access_requests_status", "access_requests", ["status", "id"], unique=False)
    op.create_index(
        "uq_access_requests_open",
        "access_requests",
        ["email"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "staff",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("permissions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("representative", sa.Text(), nullable=True),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "language",
            sa.Enum("nl", "fr", "sv", "en", "de", name="language", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("link_issue", sa.Integer(), nullable=False),
        sa.Column("link_issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("link_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(organisation IS NULL) = (until IS NULL)", name=op.f("ck_staff_external_until")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_email")),
    )
    op.create_table(
        "groups",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sales_representative", sa.Text(), nullable=True),
        sa.Column("pays_by_invoice", sa.Boolean(), nullable=True),
        sa.Column("invoice_days", sa.Integer(), nullable=True),
        sa.Column("credit_limit", postgresql.JSONB(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.UniqueConstraint("code", name=op.f("uq_groups_code")),
    )
    op.create_table(
        "storefronts",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "access",
            sa.Enum("public", "closed", name="storefrontaccess", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("groups", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("catalogues", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storefronts")),
        sa.UniqueConstraint("code", name=op.f("uq_storefronts_code")),
    )
    op.create_table(
        "applications",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("company_number", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("storefront", sa.Text(), nullable=False),
        sa.Column(
            "language",
            sa.Enum("nl", "fr", "sv", "en", "de", name="language", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "mode",
            sa.Enum("closed", "manual", "automatic", name="registrationmode", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "after_approval",
            sa.Enum("invite", "enable", name="afterapproval", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("clocks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "waiting",
                "asked",
                "approving",
                "approved",
                "rejected",
                "withdrawn",
                name="applicationstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("question", sa.Integer(), nullable=False),
        sa.Column("question_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("reviewer", sa.Uuid(), nullable=True),
        sa.Column("proposals", sa.Integer(), nullable=False),
        sa.Column("proposed", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("proposed_by", sa.Text(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("conditions", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("price_list", sa.Text(), nullable=True),
        sa.Column("returned", sa.Text(), nullable=True),
        sa.Column(
            "rejection",
            sa.Enum(
                "duplicate",
                "not_a_business",
                "incomplete",
                "outside_market",
                "credit",
                "other",
                name="rejectionreason",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column(
            "withdrawn_because",
            sa.Enum("silence", "applicant", "staff", name="withdrawnbecause", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_applications_company_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_applications_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applications")),
        sa.UniqueConstraint("number", name=op.f("uq_applications_number")),
    )
    op.create_index("ix_applications_company_id", "applications", ["company_id"], unique=False)
    op.create_index("ix_applications_submitted_at", "applications", ["submitted_at", "id"], unique=False)
    op.create_index("ix_applications_since", "applications", ["since", "id"], unique=False)
    op.create_index("ix_applications_reviewer", "applications", ["reviewer", "status", "id"], unique=False)
    op.create_index("ix_applications_status", "applications", ["status", "id"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("company_number", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("administers", sa.Boolean(), nullable=False),
        sa.Column("permissions", postgresql.JSONB(), nullable=False),
        sa.Column("always_attested", sa.Boolean(), nullable=False),
        sa.Column("limit_per_order", postgresql.JSONB(), nullable=True),
        sa.Column("limit_per_month", postgresql.JSONB(), nullable=True),
        sa.Column("locations", sa.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("first_administrator", sa.Boolean(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "open",
                "accepted",
                "declined",
                "revoked",
                "expired",
                name="invitationstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("remind_after", sa.Interval(), nullable=True),
        sa.Column("expire_after", sa.Interval(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_invitations_company_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_invitations_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
    )
    op.create_index("ix_invitations_company_id", "invitations", ["company_id", "id"], unique=False)
    op.create_index(
        "uq_invitations_open",
        "invitations",
        ["company_id", "contact_id"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "locations",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_locations_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locations")),
        sa.UniqueConstraint("company_id", "code", name=op.f("uq_locations_company_id_code")),
    )
    op.create_table(
        "projects",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_projects_company_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_projects_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("company_id", "code", name=op.f("uq_projects_company_id_code")),
    )
    op.create_table(
        "import_pieces",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_pieces_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_pieces")),
    )
    op.create_table(
        "import_rows",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.Column("values", sa.Text(), nullable=True),
        sa.Column("fields", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("column", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_rows_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "row", name=op.f("pk_import_rows")),
    )
    op.create_index(
        "ix_import_rows_refused",
        "import_rows",
        ["import_id", "row"],
        unique=False,
        postgresql_where=sa.text("outcome = 'refused'"),
    )
    op.create_table(
        "members",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("administers", sa.Boolean(), nullable=False),
        sa.Column("permissions", postgresql.JSONB(), nullable=False),
        sa.Column("always_attested", sa.Boolean(), nullable=False),
        sa.Column("limit_per_order", postgresql.JSONB(), nullable=True),
        sa.Column("limit_per_month", postgresql.JSONB(), nullable=True),
        sa.Column("locations", sa.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("substitute_id", sa.Uuid(), nullable=True),
        sa.Column("substitute_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("substitute_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("substitution_begun", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_members_company_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_members_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
    )
    op.create_index(
        "ix_members_substitute_id",
        "members",
        ["substitute_id"],
        unique=False,
        postgresql_where=sa.text("substitute_id IS NOT NULL"),
    )
    op.create_index("ix_members_contact_id", "members", ["contact_id"], unique=False)
    op.create_index(
        "uq_members_active", "members", ["company_id", "contact_id"], unique=True, postgresql_where=sa.text("active")
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_refresh_tokens_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_tokens")),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"], unique=False)
    op.create_table(
        "sign_in_links",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "invitation",
                "answer",
                "verification",
                "reset",
                "staff_password",
                name="linkpurpose",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_sign_in_links_contact_id")),
        sa.PrimaryKeyConstraint("contact_id", "purpose", "issue", name=op.f("pk_sign_in_links")),
    )
    op.create_table(
        "application_questions",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name=op.f("fk_application_questions_application_id")
        ),
        sa.PrimaryKeyConstraint("application_id", "number", name=op.f("pk_application_questions")),
    )
    for statement in APPEND_ONLY:
        op.execute(statement)
