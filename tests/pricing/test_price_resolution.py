"""The one SQL statement finds what a naive reading of the rule finds (PR-03, PR-12)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from chassis.ids import new_id
from contracts.identity.tokens import MemberClaims, StaffClaims
from contracts.identity.values import StaffPermission
from contracts.pricing.states import AssigneeKind
from pricing.articles.commands import PutArticle, put_article
from pricing.articles.models import ArticleStatus
from pricing.policies import Level
from pricing.price_lists.commands import PutPriceList, PutPrices, Tier, put_price_list, put_prices
from pricing.priced_carts.queries import PricesWanted, explained_prices
from pricing.terms.commands import AssignList, give_list
from tests.pricing.merchant import Merchant, day

ARTICLES = ("lamp", "rope")
GIVEN = (Level.CONTACT, Level.COMPANY, Level.GROUP)
LEVELS = (*GIVEN, Level.BASE)

moments = st.integers(1, 6).map(day)
Period = tuple[datetime | None, datetime | None]


def in_order(period: Period) -> bool:
    begins, ends = period
    return begins is None or ends is None or begins < ends


some_levels = st.lists(st.sampled_from(LEVELS), unique=True, min_size=1)
ALWAYS: Period = (None, None)
bounded: st.SearchStrategy[Period] = st.tuples(st.none() | moments, st.none() | moments).filter(in_order)
periods = st.one_of(st.just(ALWAYS), st.just(ALWAYS), bounded)  # mostly open, so that lists compete


@dataclass(frozen=True)
class AList:
    code: str
    level: Level
    currency: str
    valid_from: datetime | None
    valid_until: datetime | None
    also: Level | None = None
    """The same list at another level."""


@dataclass(frozen=True)
class Put:
    """All prices of one article in one list, known from a moment on."""

    at: datetime
    price_list: str
    article: str
    tiers: Sequence[Tier]


@dataclass(frozen=True)
class World:
    lists: Sequence[AList]
    puts: Sequence[Put]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    lists: list[AList] = []
    for number in range(draw(st.integers(2, 5))):
        level = draw(st.sampled_from(LEVELS))
        currency = draw(st.sampled_from(("EUR", "EUR", "SEK")))
        if level is Level.BASE and any(one.level is level and one.currency == currency for one in lists):
            level = Level.GROUP
        also = draw(st.sampled_from((None, *GIVEN)))
        lists.append(AList(f"list-{number}", level, currency, *draw(periods), also))
    tiers = st.builds(
        lambda quantity, cents, period: Tier(Decimal(quantity), Decimal(cents) / 100, *period),
        st.sampled_from((1, 5, 10)),
        st.integers(0, 5),
        periods,
    )
    put = st.builds(
        Put,
        at=moments,
        price_list=st.sampled_from([one.code for one in lists]),
        article=st.sampled_from(ARTICLES),
        tiers=st.lists(tiers, max_size=4, unique_by=lambda tier: (tier.from_quantity, tier.valid_from)),
    )
    # two changes of one list at one moment have no order, so there are none
    puts = draw(st.lists(put, min_size=4, max_size=12, unique_by=lambda one: (one.at, one.price_list)))
    return World(lists, sorted(puts, key=lambda one: one.at))


def within(valid_from: datetime | None, valid_until: datetime | None, at: datetime) -> bool:
    return (valid_from is None or valid_from <= at) and (valid_until is None or at < valid_until)


def of_list(world: World, one: AList, article: str, quantity: Decimal, at: datetime) -> Decimal | None:
    known = [put for put in world.puts if (put.price_list, put.article) == (one.code, article) and put.at <= at]
    if not known or not within(one.valid_from, one.valid_until, at):
        return None
    reached = [
        tier
        for tier in known[-1].tiers
        if tier.from_quantity <= quantity and within(tier.valid_from, tier.valid_until, at)
    ]
    if not reached:
        return None
    highest = max(tier.from_quantity for tier in reached)
    return min(tier.price for tier in reached if tier.from_quantity == highest)


def oracle(
    world: World, article: str, quantity: Decimal, at: datetime, levels: Sequence[Level] = LEVELS
) -> tuple[Level, Decimal] | None:
    for level in levels:
        prices = [
            price
            for one in world.lists
            if level in (one.level, one.also) and one.currency == "EUR"
            if (price := of_list(world, one, article, quantity, at)) is not None
        ]
        if prices:
            return level, min(prices)
    return None


async def build(merchant: Merchant, world: World, buyer: MemberClaims) -> None:
    async with merchant.database.transaction() as session:
        await session.execute(
            text("TRUNCATE price_lists, price_list_periods, price_versions, prices, terms, assigned_lists, outbox")
        )
        for code in ARTICLES:
            await put_article(
                session,
                PutArticle(
                    code, {"en": code}, "piece", Decimal(1), None, "none", None, None, ArticleStatus.ACTIVE, None
                ),
            )
        assignees = {Level.CONTACT: str(buyer.sub), Level.COMPANY: str(buyer.company), Level.GROUP: "retail"}
        for one in world.lists:
            command = PutPriceList(one.code, one.currency, one.level is Level.BASE, one.valid_from, one.valid_until)
            await put_price_list(session, command, at=day(1))
            if one.valid_until is None or one.valid_until > day(1):
                for level in assignees.keys() & {one.level, one.also}:
                    assignment = AssignList(AssigneeKind(level), assignees[level], one.code)
                    await give_list(session, assignment, at=day(1))
        for put in world.puts:
            await put_prices(session, PutPrices(put.price_list, put.article, put.tiers), at=put.at)


NEAR_AND_DEAR = World(
    [AList("near", Level.CONTACT, "EUR", None, None), AList("far", Level.BASE, "EUR", None, None)],
    [
        Put(day(1), "near", "lamp", [Tier(Decimal(1), Decimal(1)), Tier(Decimal(5), Decimal(3))]),
        Put(day(1), "far", "lamp", [Tier(Decimal(1), Decimal(2))]),
    ],
)
"""The nearer list is dearer from 5 on, and its higher tier dearer than its lower one."""


AT_TWO_LEVELS = World(
    [AList("twice", Level.GROUP, "EUR", None, None, also=Level.CONTACT)],
    [Put(day(1), "twice", "lamp", [Tier(Decimal(1), Decimal(1))])],
)
"""It counts, and is explained, at the nearest."""


@example(world=NEAR_AND_DEAR, quantity=5, at=day(2), levels=list(LEVELS))
@example(world=AT_TWO_LEVELS, quantity=5, at=day(2), levels=list(LEVELS))
@example(world=AT_TWO_LEVELS, quantity=5, at=day(2), levels=list(LEVELS[::-1]))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds(), quantity=st.sampled_from((1, 5, 7, 10, 20)), at=moments, levels=some_levels)
async def test_the_statement_agrees_with_the_rule(
    merchant: Merchant, world: World, quantity: int, at: datetime, levels: list[Level]
) -> None:
    company = await merchant.company(groups=["retail"])
    buyer = await merchant.join(company)
    await build(merchant, world, buyer)
    await merchant.policy(levels=levels)
    wanted = PricesWanted(company, ARTICLES, Decimal(quantity), "EUR", None, "en")
    not_of_contacts = [level for level in levels if level is not Level.CONTACT]
    for caller, asked in (
        (buyer, levels),
        (StaffClaims(sub=new_id(), sid=new_id(), permissions=frozenset(StaffPermission)), not_of_contacts),
    ):
        async with merchant.database.reading() as connection:
            found = await explained_prices(connection, caller, wanted, at=at)
        for item in found["items"]:
            expected = oracle(world, item["article"], Decimal(quantity), at, asked)
            explained = item["explanation"]
            assert (explained and (explained["level"], Decimal(item["unit_price"]))) == expected


def test_the_oracle_would_notice_the_wrong_level() -> None:
    near = AList("near", Level.COMPANY, "EUR", None, None)
    far = AList("far", Level.BASE, "EUR", None, None)
    tiers = [Tier(Decimal(1), Decimal(2))]
    world = World([near, far], [Put(day(1), "near", "lamp", tiers), Put(day(1), "far", "lamp", tiers)])
    assert oracle(world, "lamp", Decimal(1), day(2)) == (Level.COMPANY, Decimal(2))
    assert oracle(world, "lamp", Decimal(1), day(2), LEVELS[::-1]) == (Level.BASE, Decimal(2))
