"""The status table on its state topic, whenever it changes and once at the beginning."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate
from contracts.identity.status_table import StatusTable
from identity.policies import StatusTablePolicy, status_table

THE_ONE = UUID(int=1)


class PublishedTable(Aggregate):
    """The table as it was published last. There is one."""

    __tablename__ = "published_status_table"

    allowed: Mapped[dict[str, Any]] = mapped_column(JSONB)

    @property
    def key(self) -> str:
        return "status-table"


async def publish_status_table(session: AsyncSession, _changed: StatusTablePolicy) -> None:
    """Publishes what the policy says now, in the transaction that changed it."""
    await _publish_if_new(session)


async def see_status_table_published(session: AsyncSession, _at: datetime) -> None:
    """A duty: the first start publishes the table as delivered, so that other services can decide by it."""
    await _publish_if_new(session)


async def _publish_if_new(session: AsyncSession) -> None:
    table: StatusTable = await status_table(session)
    allowed = {status.value: sorted(may) for status, may in sorted(table.allowed.items())}
    published = await session.get(PublishedTable, THE_ONE, with_for_update=True)
    if published is None:
        published = PublishedTable(id=THE_ONE, sequence=0, allowed={})
        session.add(published)
    if published.allowed != allowed:
        published.allowed = allowed
        published.record(table)
