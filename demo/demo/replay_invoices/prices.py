"""Price lists from past invoices: pure functions from what was sold to the fewest prices that explain it.

Two rules, applied to each article:

1. *The list for everybody* has the prices that several customers paid: steps by quantity, which hold for a period of whole
   days. A price, a step or a period is on it only if it explains the purchases of at least two customers that nothing
   cheaper explains (`RECORD` is between one and two); so no invoice gets a price of its own there.
2. *A customer's own list* has what he paid otherwise, and nothing else: steps by quantity from the lowest quantity at
   which he deviates. A new period begins only with a purchase that the prices so far contradict: the same quantity at
   another price, or more pieces dearer than fewer. That is the smallest number of periods there is, since whatever fits a
   period also fits a part of it.

What no quantity and no period can tell apart, one invoice with the same quantity at two prices, stays unexplained.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby, pairwise

from demo.wholesale.assortment import Tier

RECORD = 1.5
"""What a price on the list for everybody costs, counted in customers whose purchases it must explain."""
MOST_PRICES = 12
"""The most frequent ones of an article: a new period is looked for where they begin and end."""

Tiers = tuple[Tier, ...]
"""From low to high quantity. Empty: the list does not name the article."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """One line that somebody bought."""

    order: int
    """Position of its invoice in time."""
    day: date
    buyer: str
    quantity: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class EverybodysPrices:
    """Of one article, for a period."""

    since: date | None
    """None: always."""
    tiers: Tiers


@dataclass(frozen=True, slots=True)
class OwnPrices:
    """Of one article and customer, from one of his invoices on."""

    since: int | None
    """Position of the invoice; None: always."""
    tiers: Tiers
    seen: tuple[int, ...]
    """Per tier: how many purchases it rests on."""


def price_for(tiers: Tiers, quantity: int) -> Decimal | None:
    """Of the highest step that the quantity reaches."""
    reached = [tier.price for tier in tiers if tier.from_quantity <= quantity]
    return reached[-1] if reached else None


def in_force(schedule: Sequence[EverybodysPrices], day: date) -> Tiers:
    current: Tiers = ()
    for prices in schedule:
        if prices.since is None or prices.since <= day:
            current = prices.tiers
    return current


# -- the list for everybody ------------------------------------------------------------------------------------------------


def everybodys_prices(purchases: Sequence[Purchase]) -> list[EverybodysPrices]:
    """The periods of one article, oldest first; none without purchases."""
    if not purchases:
        return []
    shares = Counter((one.buyer, one.price) for one in purchases)
    weighed = [_Weighed(one.day, one.quantity, one.price, 1 / shares[one.buyer, one.price]) for one in purchases]
    weighed.sort(key=lambda one: one.day)
    return _merged(_periods(weighed, None))


@dataclass(frozen=True, slots=True)
class _Weighed:
    day: date
    quantity: int
    price: Decimal
    weight: float
    """All purchases of one buyer at one price weigh 1 together: who buys often does not outvote the others."""


@dataclass(frozen=True, slots=True)
class _Steps:
    cost: float
    tiers: Tiers


def _periods(purchases: list[_Weighed], since: date | None) -> list[EverybodysPrices]:
    """Splits in two, and those again, for as long as two explain it at less cost than one."""
    whole = _steps(purchases)
    best = None
    if whole.cost > RECORD:  # else there is nothing to gain
        for day in _possible_beginnings(purchases):
            before = [one for one in purchases if one.day < day]
            after = [one for one in purchases if one.day >= day]
            cost = _steps(before).cost + _steps(after).cost
            if cost < whole.cost - 1e-9 and (best is None or cost < best[0]):
                best = cost, day, before, after
    if best is None:
        return [EverybodysPrices(since, whole.tiers)]
    _, day, before, after = best
    return [*_periods(before, since), *_periods(after, day)]


def _possible_beginnings(purchases: list[_Weighed]) -> list[date]:
    """A period begins where a price is paid for the first time, or after it was paid for the last time.

    Args:
        purchases: in order of time.
    """
    first: dict[Decimal, date] = {}
    last: dict[Decimal, date] = {}
    for one in purchases:
        first.setdefault(one.price, one.day)
        last[one.price] = one.day
    days = sorted({one.day for one in purchases})
    next_day = dict(pairwise(days))
    frequent = Counter(one.price for one in purchases).most_common(MOST_PRICES)
    found = {day for price, _ in frequent for day in (first[price], next_day.get(last[price]))}
    return sorted(day for day in found if day is not None and day != days[0])


def _steps(purchases: Sequence[_Weighed]) -> _Steps:
    """The steps by quantity of least cost: `RECORD` each, and the weight of what they do not explain."""
    by_quantity: dict[int, dict[Decimal, float]] = defaultdict(lambda: defaultdict(float))
    total: dict[Decimal, float] = defaultdict(float)
    for one in purchases:
        by_quantity[one.quantity][one.price] += one.weight
        total[one.price] += one.weight
    candidates = sorted(total, key=lambda price: (-total[price], price))
    cost = dict.fromkeys(candidates, RECORD)
    path: dict[Decimal, tuple[Tier, ...]] = {price: (Tier(1, price),) for price in candidates}
    for at, quantity in enumerate(sorted(by_quantity)):
        if at:
            cheapest = min(candidates, key=lambda price: cost[price])
            floor, tiers = cost[cheapest] + RECORD, path[cheapest]
            for price in candidates:
                if floor < cost[price] - 1e-9:
                    cost[price], path[price] = floor, (*tiers, Tier(quantity, price))
        here = by_quantity[quantity]
        weight = sum(here.values())
        for price in candidates:
            cost[price] += weight - here.get(price, 0.0)
    best = min(candidates, key=lambda price: cost[price])
    return _Steps(cost[best], path[best])


def _merged(periods: list[EverybodysPrices]) -> list[EverybodysPrices]:
    """Neighbours with the same prices are one period."""
    merged: list[EverybodysPrices] = []
    for one in periods:
        if not merged or merged[-1].tiers != one.tiers:
            merged.append(one)
    return merged


# -- a customer's own list -------------------------------------------------------------------------------------------------


def own_prices(
    purchases: Sequence[Purchase], everybodys: Callable[[Purchase], Decimal | None]
) -> tuple[list[OwnPrices], list[Purchase]]:
    """The periods of one article for one customer, and the purchases that no price list can explain.

    Args:
        purchases: in order of time.
        everybodys: what the list for everybody says to such a purchase.

    Returns:
        No period at all for somebody who always paid what everybody pays.
    """
    periods: list[OwnPrices] = []
    unexplained: list[Purchase] = []
    current: list[_Bought] = []
    since: int | None = None
    for order, group in groupby(purchases, key=lambda one: one.order):
        together, odd = _without_contradictions(list(group))
        unexplained += odd
        bought = [_Bought(one, everybodys(one) == one.price) for one in together]
        if current and not _fit_one_period([*current, *bought]):
            periods.append(_period(since, current))
            current, since = [], order
        current += bought
    if current:
        periods.append(_period(since, current))
    return _changes(periods), unexplained


@dataclass(frozen=True, slots=True)
class _Bought:
    purchase: Purchase
    usual: bool
    """At everybody's price."""


def _without_contradictions(lines: list[Purchase]) -> tuple[list[Purchase], list[Purchase]]:
    """The lines of one invoice, and those at another price than most of the same quantity."""
    kept: list[Purchase] = []
    odd: list[Purchase] = []
    prices = {quantity: _most_frequent(lines, quantity) for quantity in {line.quantity for line in lines}}
    for line in lines:
        (kept if line.price == prices[line.quantity] else odd).append(line)
    return kept, odd


def _most_frequent(lines: list[Purchase], quantity: int) -> Decimal:
    counted = Counter(line.price for line in lines if line.quantity == quantity)
    return max(counted, key=lambda price: (counted[price], price))


def _own_part(bought: list[_Bought]) -> list[Purchase]:
    """From the lowest quantity at which he deviates; below it everybody's prices hold for him too."""
    deviating = [one.purchase.quantity for one in bought if not one.usual]
    lowest = min(deviating, default=None)
    return [] if lowest is None else [one.purchase for one in bought if one.purchase.quantity >= lowest]


def _fit_one_period(bought: list[_Bought]) -> bool:
    own = sorted(_own_part(bought), key=lambda one: (one.quantity, one.order))
    by_quantity: dict[int, Decimal] = {}
    for one in own:
        if by_quantity.setdefault(one.quantity, one.price) != one.price:
            return False
    lowest_so_far: dict[int, Decimal] = {}  # by invoice; within one invoice any steps are possible
    for one in own:
        if any(price < one.price for order, price in lowest_so_far.items() if order != one.order):
            return False
        lowest_so_far[one.order] = min(one.price, lowest_so_far.get(one.order, one.price))
    return True


def _period(since: int | None, bought: list[_Bought]) -> OwnPrices:
    tiers: list[Tier] = []
    seen: list[int] = []
    for one in sorted(_own_part(bought), key=lambda one: one.quantity):
        if not tiers or tiers[-1].price != one.price:
            tiers.append(Tier(one.quantity, one.price))
            seen.append(0)
        seen[-1] += 1
    return OwnPrices(since, tuple(tiers), tuple(seen))


def _changes(periods: list[OwnPrices]) -> list[OwnPrices]:
    """Without those that change nothing."""
    changes: list[OwnPrices] = []
    for one in periods:
        before = changes[-1].tiers if changes else ()
        if one.tiers != before:
            changes.append(one)
    return changes
