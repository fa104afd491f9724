"""An import: a CSV file on its way to being articles or prices.

    reading > previewed > applying > applied        and from reading or applying: failed

Reading and applying are done in the background by whichever worker holds the import's lock; every step is committed
with how far it came, so a worker that was killed is followed by another that goes on there.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate, Base
from chassis.errors import Conflict
from chassis.metadata import metadata_of
from contracts.pricing.events import ArticlesImported


class ImportKind(StrEnum):
    ARTICLES = "articles"
    PRICES = "prices"


class ImportStatus(StrEnum):
    READING = "reading"
    PREVIEWED = "previewed"
    """Every row was looked at; nothing is in force yet."""
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"


class Import(Aggregate):
    """Its version (`sequence`) counts nothing but the one event that it may record."""

    __tablename__ = "imports"
    __table_args__ = (Index("ix_imports_open", "id", postgresql_where=text("status IN ('reading', 'applying')")),)

    kind: Mapped[ImportKind]
    price_list: Mapped[str | None] = mapped_column(Text)
    """The code of the list, where it is of prices."""
    price_version: Mapped[int | None]
    """The version of the list's prices that holds its rows."""
    status: Mapped[ImportStatus]
    rows: Mapped[int]
    """Rows of the file without its header; from its lines until it is read."""
    read: Mapped[int]
    """How many of them were looked at."""
    accepted: Mapped[int]
    rejected: Mapped[int]
    applied: Mapped[int]
    error: Mapped[str | None] = mapped_column(Text)
    """The code of why it failed."""
    begun_at: Mapped[datetime]
    apply_at: Mapped[datetime | None]
    """When it is to be switched on."""
    applied_at: Mapped[datetime | None]

    def apply(self, at: datetime) -> None:
        """Asks for it to be switched on at a moment (PR-13).

        Raises:
            Conflict: `import-not-previewed`, `import-empty`: no row was accepted.
        """
        if self.status in (ImportStatus.APPLYING, ImportStatus.APPLIED):
            return
        if self.status is not ImportStatus.PREVIEWED:
            raise Conflict(
                "import-not-previewed",
                "It can be applied once it has been read to the end.",
                facts={"import_status": self.status.value},
            )
        if not self.accepted:
            raise Conflict("import-empty", "No row of it was accepted.")
        self.status, self.apply_at = ImportStatus.APPLYING, at

    def complete(self, at: datetime) -> None:
        """All accepted rows are in force."""
        self.status, self.applied, self.applied_at = ImportStatus.APPLIED, self.accepted, at
        if self.kind is ImportKind.ARTICLES:
            self.record(ArticlesImported(import_id=self.id, accepted=self.accepted, rejected=self.rejected))

    def fail(self, code: str) -> None:
        self.status, self.error = ImportStatus.FAILED, code


class ImportFile(Base):
    """The bytes as they were sent, until they have been read."""

    __tablename__ = "import_files"

    import_id: Mapped[object] = mapped_column(Uuid, ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


rejected_rows = Table(
    "import_rejected_rows",
    metadata_of("pricing"),
    Column("import_id", Uuid, ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("code", Text, nullable=False),
    Column("column", Text),
    Column("detail", Text, nullable=False),
)

staged_articles = Table(
    "staged_articles",
    metadata_of("pricing"),
    Column("import_id", Uuid, ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("code", Text, nullable=False),
    Column("names", JSONB, nullable=False),
    Column("unit", Text, nullable=False),
    Column("pack_size", Numeric, nullable=False),
    Column("weight_grams", Integer),
    Column("vat_class", Text, nullable=False),
    Column("family", Text),
    Column("sub_family", Text),
    Column("status", Text, nullable=False),
    Column("available_from", Date),
)
