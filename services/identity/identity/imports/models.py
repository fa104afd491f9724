"""An import: a file on its way to being companies, contacts or members (ID-24).

    reading > previewed > applying > applied        and from reading or previewed: failed

Reading and applying are done in the background. Every step is committed together with how far it came, so a worker that
was killed is followed by another that goes on there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Base
from chassis.errors import Conflict
from chassis.metadata import metadata_of


class ImportKind(StrEnum):
    COMPANIES = "companies"
    CONTACTS = "contacts"
    MEMBERS = "members"


class ImportStatus(StrEnum):
    READING = "reading"
    PREVIEWED = "previewed"
    """Every row was looked at; nothing was done yet."""
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"


class Outcome(StrEnum):
    """Of one row: what would become of it, and once it was applied what became of it."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class Refused:
    """What is wrong with one row. Never repeats what a cell says."""

    code: str
    column: str | None
    detail: str


@dataclass(frozen=True)
class Settled:
    """What becomes of one row.

    Attributes:
        fields: which columns change.
        kept: of a row that is foretold, what it says with what was found out; None: what it says.
    """

    outcome: Outcome
    fields: tuple[str, ...] = ()
    refused: Refused | None = None
    kept: Mapping[str, Any] | None = None

    @classmethod
    def refusing(cls, refused: Refused) -> "Settled":
        return cls(Outcome.REFUSED, refused=refused)


class Import(Base):
    """What is done by it is recorded by what it is done to; it has no events of its own."""

    __tablename__ = "imports"
    __table_args__ = (Index("ix_imports_open", "id", postgresql_where=text("status IN ('reading', 'applying')")),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[ImportKind]
    status: Mapped[ImportStatus]
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes of the file."""
    bytes_read: Mapped[int] = mapped_column(BigInteger, default=0)
    rows: Mapped[int] = mapped_column(default=0)
    """How many were looked at, without the header and empty ones."""
    header: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))
    created: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    applied: Mapped[int] = mapped_column(default=0)
    """How many rows were done."""
    applied_through: Mapped[int] = mapped_column(default=0)
    """The number of the last row that was done."""
    error: Mapped[str | None] = mapped_column(Text)
    """The code of why it failed."""
    error_detail: Mapped[str | None] = mapped_column(Text)
    begun_at: Mapped[datetime]
    apply_at: Mapped[datetime | None]
    """When it was asked to be applied: imports are applied one after the other in this order."""
    applied_by: Mapped[str | None] = mapped_column(Text)
    correlation_id: Mapped[str | None] = mapped_column(Text)
    applied_at: Mapped[datetime | None]

    def apply(self, *, by: str | None, correlation_id: str | None, at: datetime) -> None:
        """Asks for its rows to be done.

        Raises:
            Conflict: `import-not-previewed`, `import-empty`: every row was refused.
        """
        if self.status in (ImportStatus.APPLYING, ImportStatus.APPLIED):
            return
        if self.status is not ImportStatus.PREVIEWED:
            raise Conflict(
                "import-not-previewed",
                "It can be applied once it has been read to the end.",
                facts={"import_status": self.status.value},
            )
        if self.refused == self.rows:
            raise Conflict("import-empty", "Every row of it was refused.")
        self.status, self.apply_at, self.applied_by, self.correlation_id = ImportStatus.APPLYING, at, by, correlation_id

    def advance(self, through: int, rows: int) -> None:
        """So many further rows were done, up to this one."""
        self.applied_through, self.applied = through, self.applied + rows

    def recount(self, old: Outcome, new: Outcome) -> None:
        """A row came out otherwise than its preview said."""
        for outcome, by in ((old, -1), (new, 1)):
            setattr(self, outcome.value, getattr(self, outcome.value) + by)

    def complete(self, at: datetime) -> None:
        self.status, self.applied_at = ImportStatus.APPLIED, at

    def fail(self, code: str, detail: str) -> None:
        """Its rows are deleted by whoever says so."""
        self.status, self.error, self.error_detail = ImportStatus.FAILED, code, detail
        self.created = self.changed = self.unchanged = self.refused = 0


import_pieces = Table(
    "import_pieces",
    metadata_of("identity"),
    Column("import_id", Uuid, ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""The bytes as they were sent, until they have been read."""

import_rows = Table(
    "import_rows",
    metadata_of("identity"),
    Column("import_id", Uuid, ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("key", Text),
    Column("cells", Text, nullable=False),
    Column("values", Text),
    Column("fields", Text),
    Column("code", Text),
    Column("column", Text),
    Column("detail", Text),
    Index("ix_import_rows_refused", "import_id", "row", postgresql_where=text("outcome = 'refused'")),
)
"""Personal data, kept until the import is forgotten. Cells and values are JSON as text: jsonb holds no U+0000."""
