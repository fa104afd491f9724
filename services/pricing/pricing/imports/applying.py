"""Switches imports on, each in one transaction, by set-based SQL: all of its accepted rows, or none."""

from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from chassis import clock
from chassis.database import Database
from chassis.service import Resources
from contracts.pricing.events import PricesImported
from pricing.imports.commands import discard_version
from pricing.imports.models import Import, ImportKind, ImportStatus
from pricing.price_lists.commands import lock_price_list

APPLIED_WITHIN = timedelta(days=7)
"""After its preview; the merchant's articles and prices have moved on since."""
REPORT_KEPT = timedelta(days=30)

_PUT_ARTICLES = text(
    """
    INSERT INTO articles AS a (id, sequence, code, names, unit, pack_size, weight_grams, vat_class, family, sub_family,
        status, available_from)
    SELECT id, 1, code, names, unit, pack_size, weight_grams, vat_class, family, sub_family, status, available_from
    FROM staged_articles WHERE import_id = :import ORDER BY code
    ON CONFLICT (code) DO UPDATE SET sequence = a.sequence + 1, names = excluded.names, unit = excluded.unit,
        pack_size = excluded.pack_size, weight_grams = excluded.weight_grams, vat_class = excluded.vat_class,
        family = excluded.family, sub_family = excluded.sub_family, status = excluded.status,
        available_from = excluded.available_from
    WHERE (a.names, a.unit, a.pack_size, a.weight_grams, a.vat_class, a.family, a.sub_family, a.status, a.available_from)
        IS DISTINCT FROM (excluded.names, excluded.unit, excluded.pack_size, excluded.weight_grams, excluded.vat_class,
            excluded.family, excluded.sub_family, excluded.status, excluded.available_from)
    """
)
_NEWER_IN_FORCE = text(
    """
    SELECT EXISTS (SELECT FROM price_versions
        WHERE list_number = :list AND recorded_from IS NOT NULL AND number > :version)
    """
)
_NEXT_VERSION = text("INSERT INTO price_versions (list_number) VALUES (:list) RETURNING number")
_RENUMBER = text("UPDATE prices SET version = :new WHERE list_number = :list AND version = :version")
_FORGET_VERSION = text("DELETE FROM price_versions WHERE number = :version")
_SWITCH_ON = text("UPDATE price_versions SET recorded_from = :at WHERE number = :version")
_COUNT_IN_FORCE = text(
    """
    SELECT count(unit_price) FROM (
        SELECT p.unit_price, p.version, max(p.version) OVER (PARTITION BY p.article_number) AS newest
        FROM prices p JOIN price_versions v ON v.number = p.version
        WHERE p.list_number = :list AND v.recorded_from IS NOT NULL) of_list
    WHERE version = newest
    """
)


async def apply_imports(database: Database, _resources: Resources, at: datetime) -> bool:
    """Background work: switches on one import whose time has come; False if there is none."""
    async with database.transaction() as session:
        due = await session.scalar(
            select(Import)
            .where(Import.status == ImportStatus.APPLYING, Import.apply_at <= at)
            .order_by(Import.apply_at, Import.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if due is None:
            return False
        await session.execute(text("SET LOCAL statement_timeout = '10min'"))
        if due.kind is ImportKind.ARTICLES:
            await session.execute(_PUT_ARTICLES, {"import": due.id})
        else:
            await _switch_prices_on(session, due)
        due.complete(at)
    return True


async def _switch_prices_on(session: AsyncSession, due: Import) -> None:
    """From here on its version is the newest of its list.

    Versions are numbered in the order in which they came into force. Where another one was faster (a price put by hand
    since this import began), this one is given the next number.
    """
    assert due.price_list is not None
    assert due.price_version is not None
    price_list = await lock_price_list(session, due.price_list)
    of = {"list": price_list.number, "version": due.price_version}
    if await session.scalar(_NEWER_IN_FORCE, of):
        due.price_version = await session.scalar(_NEXT_VERSION, of)
        await session.execute(_RENUMBER, {**of, "new": due.price_version})
        await session.execute(_FORGET_VERSION, of)
    at = clock.now()  # not before what was put by hand while this one waited for the list
    await session.execute(_SWITCH_ON, {"version": due.price_version, "at": at})
    happened = PricesImported(
        code=price_list.code,
        import_id=due.id,
        accepted=due.accepted,
        rejected=due.rejected,
        effective_at=at,
    )
    in_force = due.accepted
    if price_list.prices:
        in_force = int(await session.scalar(_COUNT_IN_FORCE, of) or 0)
    price_list.take_import(happened, in_force)


async def forget_imports(session: AsyncSession, at: datetime) -> None:
    """A duty: gives up what was previewed and never applied, and drops old reports."""
    given_up = await session.scalars(
        select(Import)
        .where(Import.status == ImportStatus.PREVIEWED, Import.begun_at < at - APPLIED_WITHIN)
        .limit(10)
        .with_for_update(skip_locked=True)
    )
    for one in given_up.all():
        one.fail("import-expired")
        await discard_version(session, one.price_version)
    old = {"before": at - REPORT_KEPT}
    await session.execute(
        text(
            "DELETE FROM imports WHERE id IN (SELECT id FROM imports WHERE begun_at < :before "
            "AND status IN ('applied', 'failed') LIMIT 10)"
        ),
        old,
    )
