"""Price lists and prices over HTTP, for staff."""

from datetime import datetime
from itertools import groupby
from typing import Annotated, Any

from fastapi import Header, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from chassis import clock
from chassis.http.etag import etag
from chassis.http.paging import Cursor, Limit, Page, decode_cursor, encode_cursor, page
from chassis.http.routing import Reading, Router, Session
from contracts.identity.operations import staff_may
from contracts.identity.values import StaffPermission
from contracts.shared.values import Amount, Code, Currency, Moment
from pricing.access import Staff
from pricing.price_lists import queries
from pricing.price_lists.commands import PutPriceList, PutPrices, Tier, put_price_list, put_prices

router = Router(prefix="/v1/price-lists", tags=["price lists"])


TRADE_LIST: JsonDict = {"currency": "EUR", "valid_from": "2026-01-01T00:00:00Z"}


class PriceListBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [TRADE_LIST]})

    currency: Currency
    base: bool = False
    """What everybody falls back to; one per currency. It makes nobody a wholesale customer (PR-04)."""
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    """Not valid any more from this moment on."""


class PriceListAnswer(PriceListBody):
    model_config = ConfigDict(
        extra="ignore",
        from_attributes=True,
        json_schema_extra={"examples": [{"code": "wholesale-2026", "prices": 4_812, **TRADE_LIST}]},
    )

    code: Code
    prices: int
    """How many are in force."""


class TierBody(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_quantity: Annotated[Amount, Field(gt=0, alias="from")]
    price: Annotated[Amount, Field(ge=0)]
    valid_from: Moment | None = None
    """Default: that of all tiers."""
    valid_until: Moment | None = None


TIERS: JsonDict = {"tiers": [{"from": "1", "price": "4.95"}, {"from": "12", "price": "4.25"}]}


class PricesBody(BaseModel):
    """All prices of one article in one list."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [TIERS]})

    tiers: Annotated[list[TierBody], Field(max_length=100, examples=[[{"from": "1", "price": "4.95"}]])]
    """Empty: the list does not name the article any more."""
    valid_from: Moment | None = None
    valid_until: Moment | None = None


class PricesAnswer(BaseModel):
    article: Code
    tiers: list[TierBody]


@router.put(
    "/{code}", openapi_extra=staff_may(StaffPermission.MANAGE_PRICES), responses={201: {"model": PriceListAnswer}}
)
async def put(
    code: Code,
    body: PriceListBody,
    session: Session,
    response: Response,
    _: Staff,
    if_match: Annotated[str | None, Header()] = None,
) -> PriceListAnswer:
    """Create the price list of this code, or change its validity (PR-03)."""
    command = PutPriceList(code=code, **dict(body))
    found, new = await put_price_list(session, command, at=clock.now(), if_match=if_match)
    response.status_code = 201 if new else 200
    response.headers["ETag"] = etag(found.sequence)
    if new:
        response.headers["Location"] = f"/v1/price-lists/{code}"
    return PriceListAnswer.model_validate(found)


@router.get("/{code}", openapi_extra=staff_may(StaffPermission.SEE_PRICES))
async def read(code: Code, connection: Reading, response: Response, _: Staff) -> PriceListAnswer:
    """Read a price list, without its prices."""
    row = await queries.price_list(connection, code)
    response.headers["ETag"] = etag(row.sequence)
    return PriceListAnswer.model_validate(row)


@router.get("", openapi_extra=staff_may(StaffPermission.SEE_PRICES))
async def list_price_lists(
    connection: Reading, _: Staff, cursor: Cursor = None, limit: Limit = 50
) -> Page[PriceListAnswer]:
    """List price lists by code."""
    after = str(decode_cursor(cursor, 1)[0]) if cursor else None
    rows = await queries.price_lists(connection, after, limit)
    return page([PriceListAnswer.model_validate(row) for row in rows], limit, lambda one: (one.code,))


@router.get("/{code}/prices", openapi_extra=staff_may(StaffPermission.SEE_PRICES))
async def list_prices(
    code: Code, connection: Reading, _: Staff, cursor: Cursor = None, limit: Limit = 50
) -> Page[PricesAnswer]:
    """List the prices in force, article by article."""
    await queries.price_list(connection, code)
    after = decode_cursor(cursor, 1)[0] if cursor else 0
    rows = await queries.prices(connection, code, after if isinstance(after, int) else 0, limit, clock.now())
    found = [(number, list(group)) for number, group in groupby(rows, lambda row: row.article_number)]
    more = len(found) > limit
    found = found[:limit]
    return Page(
        items=[_prices(group) for _, group in found if group[0].unit_price is not None],
        next=encode_cursor(found[-1][0]) if more else None,
    )


def _prices(rows: list[Any]) -> PricesAnswer:
    tiers = [
        TierBody(
            from_quantity=row.from_quantity,
            price=row.unit_price,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        )
        for row in rows
    ]
    return PricesAnswer(article=rows[0].article, tiers=tiers)


@router.put("/{code}/prices/{article}", openapi_extra=staff_may(StaffPermission.MANAGE_PRICES))
async def put_article_prices(
    code: Code, article: Code, body: PricesBody, session: Session, response: Response, _: Staff
) -> PricesAnswer:
    """Put all prices of one article in this list, in force at once (PR-03)."""
    tiers = [_tier(one, body.valid_from, body.valid_until) for one in body.tiers]
    found = await put_prices(session, PutPrices(code, article, tiers), at=clock.now())
    response.headers["ETag"] = etag(found.sequence)
    return PricesAnswer(article=article, tiers=body.tiers)


def _tier(body: TierBody, valid_from: datetime | None, valid_until: datetime | None) -> Tier:
    return Tier(
        from_quantity=body.from_quantity,
        price=body.price,
        valid_from=body.valid_from or valid_from,
        valid_until=body.valid_until or valid_until,
    )
