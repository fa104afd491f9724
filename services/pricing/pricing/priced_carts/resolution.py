"""Price resolution: one statement for any number of lines, at query time (PR-03, PR-11).

Nothing is computed ahead per customer. Per line and usable list it is one descent of the index on `prices`, so its cost
depends on the lines and the buyer's lists, not on how many prices there are.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import Invalid
from chassis.hot import HotStatement
from pricing.buyers.queries import UsableList
from pricing.policies import Level

RESOLVE = """
WITH asked AS (
    SELECT line, article, quantity
    FROM unnest((SELECT CAST(:articles AS text[])), (SELECT CAST(:quantities AS numeric[])))
        WITH ORDINALITY AS t(article, quantity, line)),
usable AS MATERIALIZED (
    SELECT *
    FROM unnest((SELECT CAST(:lists AS int[])), (SELECT CAST(:ranks AS int[])), (SELECT CAST(:newest AS int[])))
        AS t(list, rank, newest))
SELECT asked.line, asked.article, CASE
        WHEN a.number IS NULL THEN 'article-unknown'
        WHEN a.status <> 'active' OR a.available_from > CAST(:today AS date) THEN 'article-not-orderable'
        WHEN asked.quantity % a.pack_size <> 0 THEN 'quantity-not-a-multiple'
        WHEN best.list IS NULL THEN 'no-price' END AS defect,
    CAST(a.pack_size AS text) AS pack_size,
    coalesce(a.names ->> CAST(:language AS text), a.names ->> 'en', (
        SELECT value FROM jsonb_each_text(a.names) ORDER BY key LIMIT 1)) AS name,
    a.unit, a.vat_class, best.list, CAST(best.unit_price AS text) AS unit_price,
    round(asked.quantity * best.unit_price, 2) AS net,
    CAST(best.from_quantity AS text) AS tier_from, best.valid_from, best.valid_until
FROM asked
LEFT JOIN articles a ON a.code = asked.article
LEFT JOIN LATERAL (
    SELECT usable.list, tier.*
    FROM usable
    CROSS JOIN LATERAL (
        SELECT newest.from_quantity, newest.unit_price, newest.valid_from, newest.valid_until
        FROM (
            SELECT p.from_quantity, p.unit_price, p.valid_from, p.valid_until
            FROM prices p
            WHERE p.list_number = usable.list AND p.article_number = a.number AND p.version <= usable.newest
            AND p.version <> ALL (CAST(:pending AS int[]))
            ORDER BY p.version DESC FETCH FIRST 1 ROW WITH TIES) newest
        WHERE newest.unit_price IS NOT NULL AND newest.from_quantity <= asked.quantity
        AND coalesce(newest.valid_from <= :at, true) AND coalesce(newest.valid_until > :at, true)
        ORDER BY newest.from_quantity DESC, newest.unit_price LIMIT 1) tier
    ORDER BY usable.rank, tier.unit_price, usable.list LIMIT 1) best ON true
ORDER BY asked.line
"""
"""The rule, from the inside out: of a list, the newest version that names the article counts as a whole; of its prices
that are valid now, the highest tier that the quantity reaches, and of two the lower; of the lists of one level the
lowest price; of the levels the nearest that has a price. `round` is half away from zero, as invoices are.

The arrays come out of sub-selects, so that PostgreSQL does not see their lengths when it plans: else it finds a plan
made for one small cart cheaper than the plan for all carts, and plans every cart anew, which costs more than running it.
"""

_RESOLVE = HotStatement(RESOLVE)


def nearest(lists: Sequence[UsableList], levels: Sequence[Level]) -> dict[int, UsableList]:
    """The lists that are asked, by number. One that the buyer has at several levels counts at the nearest."""
    asked = [one for one in lists if one.level in levels]
    return {one.number: one for one in sorted(asked, key=lambda one: levels.index(one.level), reverse=True)}


def arguments(
    lines: Sequence[tuple[str, Decimal]],
    lists: Collection[UsableList],
    levels: Sequence[Level],
    *,
    at: datetime,
    language: str,
) -> dict[str, Any]:
    """What `RESOLVE` is given. `lists`: each of one of these levels."""
    return {
        "articles": [article for article, _ in lines],
        "quantities": [quantity for _, quantity in lines],
        "lists": [one.number for one in lists],
        "ranks": [levels.index(one.level) for one in lists],
        "newest": [one.newest for one in lists],
        "pending": [number for one in lists for number in one.pending],
        "at": at,
        "today": at.date(),
        "language": language,
    }


class Resolved(NamedTuple):
    """One row of `RESOLVE`. Read as a tuple: a cart has up to 2,000 of them."""

    line: int
    article: str
    defect: str | None
    """The code of why it can not be ordered."""
    pack_size: str
    name: str
    unit: str
    vat_class: str
    list: int
    """The number of the price list that won."""
    unit_price: str
    net: Decimal
    tier_from: str
    valid_from: datetime | None
    valid_until: datetime | None


async def resolve(connection: AsyncConnection, wanted: dict[str, Any]) -> Sequence[Resolved]:
    """One row per line, in their order. Of one with a defect, what is not known is None."""
    return [Resolved._make(row) for row in await _RESOLVE.rows(connection, wanted)]


def in_one_currency(lists: Sequence[UsableList], asked: str | None) -> tuple[str, list[UsableList]]:
    """The currency of the cart, and the lists that count: a cart has one currency, and only lists in it are asked.

    It is the currency that was asked for; else that of the buyer's own lists (its contact's, company's and groups');
    else, for staff who look at the prices of a company without any, that of the base list.

    Raises:
        Invalid: `currency-ambiguous`: none was asked for and the lists are in several; `no-price-list`: there is none.
    """
    own = {one.currency for one in lists if one.level is not Level.BASE}
    candidates = {asked} if asked else own or {one.currency for one in lists}
    if not candidates:
        raise Invalid("no-price-list", "There is no price list that is valid for this buyer.")
    if len(candidates) > 1:
        raise Invalid(
            "currency-ambiguous",
            "The price lists of this buyer are in several currencies; name one.",
            facts={"currencies": sorted(candidates)},
        )
    (currency,) = candidates
    return currency, [one for one in lists if one.currency == currency]
