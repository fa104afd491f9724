"""The only writers of articles, besides an import."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import NotFound
from chassis.http.etag import check_version, must_name_version
from chassis.ids import new_id
from pricing.articles.models import Article, ArticleStatus


@dataclass(frozen=True)
class PutArticle:
    code: str
    names: dict[str, str]
    unit: str
    pack_size: Decimal
    weight_grams: int | None
    vat_class: str
    family: str | None
    sub_family: str | None
    status: ArticleStatus
    available_from: date | None


async def lock_article(session: AsyncSession, code: str) -> Article:
    """
    Raises:
        NotFound: there is none with this code.
    """
    found = await session.scalar(select(Article).where(Article.code == code).with_for_update())
    if found is None:
        raise NotFound
    return found


async def put_article(
    session: AsyncSession, command: PutArticle, *, if_match: str | None = None
) -> tuple[Article, bool]:
    """Creates the article of this code, or makes it as described; True if it is new (PR-01).

    Raises:
        StaleVersion: it is not at the version that the caller read.
        VersionMissing: it is there, differs, and the caller names no version.
    """
    try:
        article = await lock_article(session, command.code)
    except NotFound:
        check_version(if_match, 0)
        article = Article(id=new_id(), **vars(command))
        session.add(article)
        article.changed()
        return article, True
    check_version(if_match, article.sequence)
    differing = [one.name for one in fields(command) if getattr(article, one.name) != getattr(command, one.name)]
    if differing:
        must_name_version(if_match)
        for name in differing:
            setattr(article, name, getattr(command, name))
        article.changed()
    return article, False
