"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.outbox import DEFAULT_PARTITION

revision = "0001"
down_revision = None


def upgrade() -> None:
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
    op.execute(DEFAULT_PARTITION)
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
        "articles",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("pack_size", sa.Numeric(), nullable=False),
        sa.Column("weight_grams", sa.Integer(), nullable=True),
        sa.Column("vat_class", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=True),
        sa.Column("sub_family", sa.Text(), nullable=True),
        sa.Column(
            "status", sa.Enum("active", "inactive", name="articlestatus", native_enum=False, length=40), nullable=False
        ),
        sa.Column("available_from", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
        sa.UniqueConstraint("code", name=op.f("uq_articles_code")),
        sa.UniqueConstraint("number", name=op.f("uq_articles_number")),
    )
    op.create_table(
        "assigned_lists",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "assignee_kind",
            sa.Enum("contact", "company", "group", name="assigneekind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("list_number", sa.Integer(), nullable=False),
        sa.Column("recorded_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assigned_lists")),
    )
    op.create_index("ix_assigned_lists_assignee", "assigned_lists", ["assignee", "assignee_kind"], unique=False)
    op.create_index("ix_assigned_lists_list", "assigned_lists", ["list_number"], unique=False)
    op.create_index(
        "uq_assigned_lists_current",
        "assigned_lists",
        ["assignee", "assignee_kind", "list_number"],
        unique=True,
        postgresql_where=sa.text("recorded_until IS NULL"),
    )
    op.create_table(
        "companies",
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
                name="customerstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("storefront", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("vat_number", sa.Text(), nullable=True),
        sa.Column("vat_exempt", sa.Boolean(), nullable=False),
        sa.Column("groups", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sales_representative", sa.Text(), nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_companies")),
    )
    op.create_table(
        "storefronts",
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("access", sa.String(length=40), nullable=False),
        sa.Column("groups", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_storefronts")),
    )
    op.create_table(
        "imports",
        sa.Column(
            "kind", sa.Enum("articles", "prices", name="importkind", native_enum=False, length=40), nullable=False
        ),
        sa.Column("price_list", sa.Text(), nullable=True),
        sa.Column("price_version", sa.Integer(), nullable=True),
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
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("applied", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("apply_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
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
        "members",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("permissions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_members")),
    )
    op.create_index(op.f("ix_members_contact_id"), "members", ["contact_id"], unique=False)
    op.create_table(
        "price_list_periods",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("list_number", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_from", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_list_periods")),
    )
    op.create_index(
        "ix_price_list_periods_list", "price_list_periods", ["list_number", "recorded_from", "id"], unique=False
    )
    op.create_table(
        "price_lists",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("base", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("prices", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_lists")),
        sa.UniqueConstraint("code", name=op.f("uq_price_lists_code")),
        sa.UniqueConstraint("number", name=op.f("uq_price_lists_number")),
    )
    op.create_index("uq_price_lists_base", "price_lists", ["currency"], unique=True, postgresql_where=sa.text("base"))
    op.create_table(
        "price_versions",
        sa.Column("number", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("list_number", sa.Integer(), nullable=False),
        sa.Column("recorded_from", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_price_versions")),
    )
    op.create_index(
        "ix_price_versions_in_force", "price_versions", ["list_number", "recorded_from", "number"], unique=False
    )
    op.create_index(
        "ix_price_versions_pending",
        "price_versions",
        ["list_number", "number"],
        unique=False,
        postgresql_where=sa.text("recorded_from IS NULL"),
    )
    op.create_table(
        "prices",
        sa.Column("list_number", sa.Integer(), nullable=False),
        sa.Column("article_number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=True),
        sa.Column("from_quantity", sa.Numeric(), nullable=False),
        sa.Column("unit_price", sa.Numeric(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("ix_prices_newest", "prices", ["list_number", "article_number", "version"], unique=False)
    op.create_table(
        "status_tables",
        sa.Column("allowed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_status_tables")),
    )
    op.create_table(
        "terms",
        sa.Column(
            "assignee_kind",
            sa.Enum("contact", "company", "group", name="assigneekind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("price_lists", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("has_valid_price_list", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms")),
        sa.UniqueConstraint("assignee_kind", "assignee", name=op.f("uq_terms_assignee_kind_assignee")),
    )
    op.create_table(
        "vat_rates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("vat_class", sa.Text(), nullable=False),
        sa.Column("rate", sa.Numeric(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vat_rates")),
    )
    op.create_index("ix_vat_rates_country", "vat_rates", ["country", "vat_class", "valid_from"], unique=False)
    op.create_index(
        "uq_vat_rates_current",
        "vat_rates",
        ["country", "vat_class", "valid_from"],
        unique=True,
        postgresql_where=sa.text("recorded_until IS NULL"),
    )
    op.create_table(
        "import_files",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_files_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_import_files")),
    )
    op.create_table(
        "import_rejected_rows",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("column", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_rejected_rows_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "row", name=op.f("pk_import_rejected_rows")),
    )
    op.create_table(
        "staged_articles",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("pack_size", sa.Numeric(), nullable=False),
        sa.Column("weight_grams", sa.Integer(), nullable=True),
        sa.Column("vat_class", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=True),
        sa.Column("sub_family", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("available_from", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_staged_articles_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "row", name=op.f("pk_staged_articles")),
    )


def downgrade() -> None:
    op.drop_table("staged_articles")
    op.drop_table("import_rejected_rows")
    op.drop_table("import_files")
    op.drop_index("uq_vat_rates_current", table_name="vat_rates", postgresql_where=sa.text("recorded_until IS NULL"))
    op.drop_index("ix_vat_rates_country", table_name="vat_rates")
    op.drop_table("vat_rates")
    op.drop_table("terms")
    op.drop_table("storefronts")
    op.drop_table("status_tables")
    op.drop_index("ix_prices_newest", table_name="prices")
    op.drop_table("prices")
    op.drop_index(
        "ix_price_versions_pending", table_name="price_versions", postgresql_where=sa.text("recorded_from IS NULL")
    )
    op.drop_index("ix_price_versions_in_force", table_name="price_versions")
    op.drop_table("price_versions")
    op.drop_index("uq_price_lists_base", table_name="price_lists", postgresql_where=sa.text("base"))
    op.drop_table("price_lists")
    op.drop_index("ix_price_list_periods_list", table_name="price_list_periods")
    op.drop_table("price_list_periods")
    op.drop_index(op.f("ix_members_contact_id"), table_name="members")
    op.drop_table("members")
    op.drop_index(
        "ix_imports_open", table_name="imports", postgresql_where=sa.text("status IN ('reading', 'applying')")
    )
    op.drop_table("imports")
    op.drop_table("companies")
    op.drop_index(
        "uq_assigned_lists_current", table_name="assigned_lists", postgresql_where=sa.text("recorded_until IS NULL")
    )
    op.drop_index("ix_assigned_lists_list", table_name="assigned_lists")
    op.drop_index("ix_assigned_lists_assignee", table_name="assigned_lists")
    op.drop_table("assigned_lists")
    op.drop_table("articles")
    op.drop_table("signing_keys")
    op.drop_table("projection_progress")
    op.drop_table("policies")
    op.drop_index("uq_parked_events_place", table_name="parked_events")
    op.drop_index("ix_parked_events_key", table_name="parked_events", postgresql_where=sa.text("status = 'parked'"))
    op.drop_table("parked_events")
    op.drop_index("ix_outbox_unpublished", table_name="outbox", postgresql_where=sa.text("published_at IS NULL"))
    op.drop_index("ix_outbox_parked", table_name="outbox", postgresql_where=sa.text("parked_reason IS NOT NULL"))
    op.drop_table("outbox")
    op.drop_table("known_keys")
    op.drop_index("ix_inbox_received_at", table_name="inbox")
    op.drop_table("inbox")
    op.drop_index("ix_idempotent_answers_answered_at", table_name="idempotent_answers")
    op.drop_table("idempotent_answers")
