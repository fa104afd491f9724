"""The only writers of price lists and of prices put by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, Invalid, NotFound, Problem
from chassis.http.etag import check_version, must_name_version
from chassis.ids import new_id
from pricing.articles.models import Article
from pricing.price_lists.models import PriceList, PriceListPeriod, PriceVersion, prices_table
from pricing.terms.commands import note_lapses


@dataclass(frozen=True)
class PutPriceList:
    code: str
    currency: str
    base: bool
    valid_from: datetime | None
    valid_until: datetime | None


@dataclass(frozen=True)
class Tier:
    """A price from a quantity on, within its own period."""

    from_quantity: Decimal
    price: Decimal
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True)
class PutPrices:
    price_list: str
    article: str
    tiers: Sequence[Tier]
    """All of this article in this list; none: the list does not name it any more."""


async def lock_price_list(session: AsyncSession, code: str) -> PriceList:
    """
    Raises:
        NotFound: there is none with this code.
    """
    found = await session.scalar(select(PriceList).where(PriceList.code == code).with_for_update())
    if found is None:
        raise NotFound
    return found


def _check_period(valid_from: datetime | None, valid_until: datetime | None, pointer: str) -> None:
    if valid_from is not None and valid_until is not None and valid_until <= valid_from:
        raise Invalid(
            "period-empty",
            "It ends before it begins.",
            problems=[Problem(pointer, "period-empty", "valid_until must be after valid_from")],
        )


async def put_price_list(
    session: AsyncSession, command: PutPriceList, *, at: datetime, if_match: str | None = None
) -> tuple[PriceList, bool]:
    """Creates the list of this code, or changes its validity; True if it is new (PR-03).

    Raises:
        Invalid: `period-empty`.
        Conflict: `price-list-currency-fixed`, `price-list-base-fixed`, or `base-list-exists` in this currency.
        StaleVersion: it is not at the version that the caller read.
        VersionMissing: it is there, its validity differs, and the caller names no version.
    """
    _check_period(command.valid_from, command.valid_until, "/valid_until")
    try:
        found = await lock_price_list(session, command.code)
    except NotFound:
        check_version(if_match, 0)
        return await _create(session, command, at), True
    check_version(if_match, found.sequence)
    if found.currency != command.currency:
        raise Conflict("price-list-currency-fixed", "The currency of a price list can not be changed.")
    if found.base != command.base:
        raise Conflict("price-list-base-fixed", "A price list is the base list from the beginning, or never.")
    if found.change_validity(command.valid_from, command.valid_until):
        must_name_version(if_match)
        session.add(_period(found, at))
        await session.flush()
        await note_lapses(session, at, price_list=found.number)
    return found, False


async def _create(session: AsyncSession, command: PutPriceList, at: datetime) -> PriceList:
    if command.base:
        taken = select(PriceList.code).where(PriceList.base, PriceList.currency == command.currency)
        existing = await session.scalar(taken)
        if existing is not None:
            raise Conflict("base-list-exists", "There is a base list in this currency.", facts={"price_list": existing})
    created = PriceList.create(id=new_id(), **vars(command))
    session.add(created)
    await session.flush()
    session.add(_period(created, at))
    return created


def _period(one: PriceList, at: datetime) -> PriceListPeriod:
    return PriceListPeriod(
        list_number=one.number, valid_from=one.valid_from, valid_until=one.valid_until, recorded_from=at
    )


async def put_prices(session: AsyncSession, command: PutPrices, *, at: datetime) -> PriceList:
    """Puts all prices of one article in one list, in force at once; the earlier ones stay as history (PR-03, PR-12).

    Raises:
        NotFound: the list or the article.
        Invalid: `period-empty`, or `tier-repeated`: two for the same quantity and beginning.
    """
    for index, tier in enumerate(command.tiers):
        _check_period(tier.valid_from, tier.valid_until, f"/tiers/{index}/valid_until")
    if len({(tier.from_quantity, tier.valid_from) for tier in command.tiers}) < len(command.tiers):
        raise Invalid("tier-repeated", "Two tiers have the same quantity and the same beginning.")
    price_list = await lock_price_list(session, command.price_list)
    article = await session.scalar(select(Article.number).where(Article.code == command.article))
    if article is None:
        raise NotFound
    before = await _count_in_force(session, price_list.number, article)
    version = PriceVersion(list_number=price_list.number, recorded_from=at)
    session.add(version)
    await session.flush()
    key = {"list_number": price_list.number, "article_number": article, "version": version.number}
    rows = [
        {
            **key,
            "from_quantity": tier.from_quantity,
            "unit_price": tier.price,
            "valid_from": tier.valid_from,
            "valid_until": tier.valid_until,
        }
        for tier in command.tiers
    ]
    await session.execute(insert(prices_table), rows or [{**key, "from_quantity": Decimal(0), "unit_price": None}])
    price_list.replace_prices(before=before, now=len(rows))
    return price_list


_NEWEST = text(
    """
    SELECT count(unit_price) FROM (
        SELECT p.unit_price FROM prices p JOIN price_versions v ON v.number = p.version
        WHERE p.list_number = :list AND p.article_number = :article AND v.recorded_from IS NOT NULL
        ORDER BY p.version DESC FETCH FIRST 1 ROW WITH TIES) newest
    """
)


async def _count_in_force(session: AsyncSession, price_list: int, article: int) -> int:
    return int(await session.scalar(_NEWEST, {"list": price_list, "article": article}) or 0)
