"""Articles over HTTP, for staff."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Header, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from chassis.http.etag import etag
from chassis.http.paging import Cursor, Limit, Page, decode_cursor, page
from chassis.http.routing import Reading, Router, Session
from contracts.identity.operations import staff_may
from contracts.identity.values import StaffPermission
from contracts.shared.values import Amount, Code, Language
from pricing.access import Staff
from pricing.articles import queries
from pricing.articles.commands import PutArticle, put_article
from pricing.articles.models import ArticleStatus

router = Router(prefix="/v1/articles", tags=["articles"])

Name = Annotated[str, Field(min_length=1, max_length=200)]
Label = Annotated[str, Field(min_length=1, max_length=60)]


LANTERN: JsonDict = {
    "names": {"en": "Hurricane lantern, brass", "nl": "Stormlantaarn, messing"},
    "unit": "piece",
    "pack_size": "6",
    "weight_grams": 850,
    "vat_class": "standard",
    "family": "lighting",
}


class ArticleBody(BaseModel):
    """The whole article: what is left out gets its default."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [LANTERN]})

    names: Annotated[dict[Language, Name], Field(min_length=1, examples=[{"en": "Hurricane lantern, brass"}])]
    unit: Annotated[str, Field(min_length=1, max_length=20, examples=["piece"])]
    pack_size: Annotated[Amount, Field(gt=0)] = Decimal(1)
    """Ordered in multiples of this many units."""
    weight_grams: Annotated[int | None, Field(ge=0, le=2_000_000_000)] = None
    vat_class: Annotated[Code, Field(examples=["standard"])]
    family: Label | None = None
    sub_family: Label | None = None
    status: ArticleStatus = ArticleStatus.ACTIVE
    available_from: date | None = None


class ArticleAnswer(ArticleBody):
    model_config = ConfigDict(
        extra="ignore", from_attributes=True, json_schema_extra={"examples": [{"code": "LAMP-01", **LANTERN}]}
    )

    code: Code


def _answer(row: Any) -> ArticleAnswer:
    return ArticleAnswer.model_validate(row, from_attributes=True)


@router.put(
    "/{code}", openapi_extra=staff_may(StaffPermission.MANAGE_PRICES), responses={201: {"model": ArticleAnswer}}
)
async def put(
    code: Code,
    body: ArticleBody,
    session: Session,
    response: Response,
    _: Staff,
    if_match: Annotated[str | None, Header()] = None,
) -> ArticleAnswer:
    """Create or change the article of this code (PR-01)."""
    names = {language.value: name for language, name in body.names.items()}
    command = PutArticle(code=code, **{**dict(body), "names": names})
    article, new = await put_article(session, command, if_match=if_match)
    response.status_code = 201 if new else 200
    response.headers["ETag"] = etag(article.sequence)
    if new:
        response.headers["Location"] = f"/v1/articles/{code}"
    return _answer(article)


@router.get("/{code}", openapi_extra=staff_may(StaffPermission.SEE_PRICES, for_own=True))
async def read(code: Code, connection: Reading, response: Response, _: Staff) -> ArticleAnswer:
    """Read an article."""
    row = await queries.article(connection, code)
    response.headers["ETag"] = etag(row.sequence)
    return _answer(row)


@router.get("", openapi_extra=staff_may(StaffPermission.SEE_PRICES, for_own=True))
async def list_articles(connection: Reading, _: Staff, cursor: Cursor = None, limit: Limit = 50) -> Page[ArticleAnswer]:
    """List articles by code."""
    after = decode_cursor(cursor, 1)[0] if cursor else None
    rows = await queries.articles(connection, str(after) if cursor else None, limit)
    return page([_answer(row) for row in rows], limit, lambda one: (one.code,))
