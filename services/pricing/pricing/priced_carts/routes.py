"""Priced carts and "my prices" over HTTP, for staff and members; and the keys that verify a cart."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic.config import JsonDict

from chassis import clock
from chassis.errors import Forbidden, Invalid, NotFound, Problem
from chassis.http.routing import AskingRoute, HotRoute, Reading, Router
from chassis.keys import Signer, public_key_set
from chassis.service import resource
from contracts.identity.operations import staff_or_member
from contracts.identity.tokens import MemberClaims, StaffClaims
from contracts.identity.values import StaffPermission
from contracts.pricing.priced_cart import MAX_LINES, Explanation, PricedCart
from contracts.shared.values import DECIMAL_PATTERN, Address, Amount, Code, CountryCode, Currency, Language, Moment
from pricing.access import PUBLIC, StaffOrMember
from pricing.priced_carts.queries import CartWanted, PricesWanted, explained_prices, price_cart

router = Router(prefix="/v1", tags=["prices"], kind=AskingRoute)
carts = Router(prefix="/v1", tags=["prices"], kind=HotRoute)

MAX_ARTICLES = 200
Quantity = Annotated[
    Decimal,
    Field(gt=0, max_digits=15, decimal_places=6),
    WithJsonSchema({"type": "string", "pattern": DECIMAL_PATTERN, "examples": ["12"]}),
]
"""An `Amount` above 0, checked without a call into Python per line."""


class LineBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    article: Code
    quantity: Quantity


CART: JsonDict = {"currency": "EUR", "lines": [{"article": "LAMP-01", "quantity": "12"}]}


class CartBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [CART]})

    company_id: UUID | None = None
    """Named by staff; a member's is its own."""
    currency: Currency | None = None
    """Only price lists in it count. Default: that of the company's own lists."""
    ship_to: Address | None = None
    ship_to_country: CountryCode | None = None
    """Instead of a whole address. Default: the country of the company."""
    language: Language = Language.ENGLISH
    """Of the articles' names."""
    lines: Annotated[list[LineBody], Field(min_length=1, max_length=MAX_LINES)]

    @model_validator(mode="after")
    def _one_destination(self) -> "CartBody":
        if self.ship_to and self.ship_to_country and self.ship_to.country != self.ship_to_country:
            raise ValueError("ship_to and ship_to_country name different countries")
        return self


class SignedCart(BaseModel):
    cart: PricedCart
    signed: str
    """The same cart as a compact JWS (RFC 7515), ES256, verified by the keys at `/v1/keys`; what orders are made of."""


PAGE: JsonDict = {"currency": "EUR", "articles": ["LAMP-01"], "quantity": "12"}


class PricesBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [PAGE]})

    company_id: UUID | None = None
    """Named by staff; a member's is its own."""
    articles: Annotated[list[Code], Field(min_length=1, max_length=MAX_ARTICLES)]
    quantity: Quantity = Decimal(1)
    currency: Currency | None = None
    ship_to_country: CountryCode | None = None
    language: Language = Language.ENGLISH
    as_of: Moment | None = None
    """For staff: what the prices were at a moment in the past (PR-12)."""


class ExplainedPrice(BaseModel):
    article: Code
    name: str | None
    """Null: there is no such article."""
    unit: str | None
    unit_price: Amount | None
    """Null: there is none for this buyer and quantity."""
    vat_rate: Amount | None
    explanation: Explanation | None
    not_orderable: str | None
    """Why a cart with this line would be refused; null: it would not."""


class ExplainedPrices(BaseModel):
    company_id: UUID
    currency: Currency
    as_of: datetime
    items: list[ExplainedPrice]


def _company_of(caller: StaffClaims | MemberClaims, named: UUID | None) -> UUID:
    """
    Raises:
        NotFound: a member named another company than its own.
        Invalid: staff named none.
    """
    if isinstance(caller, MemberClaims):
        if named not in (None, caller.company):
            raise NotFound
        return caller.company
    if named is None:
        problem = Problem("/company_id", "missing", "staff name the company that they price for")
        raise Invalid("company-not-named", "Staff name the company that they price for.", problems=[problem])
    return named


@carts.post(
    "/priced-carts",
    status_code=201,
    response_model=SignedCart,
    openapi_extra=staff_or_member(StaffPermission.ORDER_FOR_CUSTOMERS, for_own=True),
)
async def price(
    body: CartBody,
    connection: Reading,
    caller: StaffOrMember,
    signer: Annotated[Signer, resource(Signer)],
) -> Response:
    """Price a cart of up to 2,000 lines: signed, good for one order until it expires (PR-11).

    Nothing is signed unless every line is in order; the answer lists all that are not.
    """
    at = clock.now()
    wanted = CartWanted(
        company_id=_company_of(caller, body.company_id),
        lines=[(line.article, line.quantity) for line in body.lines],
        currency=body.currency,
        ship_to_country=body.ship_to.country if body.ship_to else body.ship_to_country,
        ship_to=body.ship_to.model_dump() if body.ship_to else None,
        language=body.language.value,
    )
    document = await price_cart(connection, caller, wanted, at=at)
    signed = await signer.sign_document(connection, document, at)
    content = b'{"cart":' + document + b',"signed":"' + signed.encode() + b'"}'
    return Response(content, 201, media_type="application/json")


@router.post("/prices", openapi_extra=staff_or_member(StaffPermission.SEE_PRICES, for_own=True))
async def prices(body: PricesBody, connection: Reading, caller: StaffOrMember) -> ExplainedPrices:
    """ "My prices" for a page of articles, unsigned, each explained; for staff as of any past moment (PR-11, PR-12)."""
    now = clock.now()
    if body.as_of is not None:
        _check_as_of(body.as_of, now, caller)
    wanted = PricesWanted(
        company_id=_company_of(caller, body.company_id),
        articles=body.articles,
        quantity=body.quantity,
        currency=body.currency,
        ship_to_country=body.ship_to_country,
        language=body.language.value,
    )
    found = await explained_prices(connection, caller, wanted, at=body.as_of or now)
    return ExplainedPrices.model_validate(found)


def _check_as_of(as_of: datetime, now: datetime, caller: StaffClaims | MemberClaims) -> None:
    if isinstance(caller, MemberClaims):
        raise Forbidden("staff-only", "Only the merchant's staff may ask for prices of the past.")
    if as_of > now:
        raise Invalid(
            "as-of-in-the-future",
            "Prices can be asked for as of the past.",
            problems=[Problem("/as_of", "as-of-in-the-future", "lies in the future")],
        )


@router.get("/keys", openapi_extra=PUBLIC)
async def keys(connection: Reading) -> dict[str, Any]:
    """The keys that verify priced carts, as a JSON Web Key Set (RFC 7517)."""
    return await public_key_set(connection, clock.now(), "pricing")
