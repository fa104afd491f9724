"""Policies: versioned rows by which a service decides, changed by staff over HTTP, copied into a process when it starts."""

from datetime import datetime
from functools import cache
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Header, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import BigInteger, Identity, Integer, Text, UniqueConstraint, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from chassis import clock
from chassis.aggregate import Base
from chassis.context import cause
from chassis.errors import StaleVersion
from chassis.hot import HotStatement
from chassis.http.etag import etag, required_version
from chassis.http.paging import Cursor, Limit, Page, decode_cursor, not_of_this_list, page
from chassis.http.routing import Reading, Router, Session

P = TypeVar("P", bound="Policy")

EVERYWHERE = "*"
"""The scope of a policy that does not differ by storefront, and the fallback of one that does."""


class Policy(BaseModel):
    """A document with defaults. Subclasses are named in the path: `/v1/policies/<name>`."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PolicyVersion(Base):
    """Every version that ever was in force."""

    __tablename__ = "policies"
    __table_args__ = (UniqueConstraint("name", "scope", "version"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    document: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(Text)


def policy_name(kind: type[Policy]) -> str:
    """`RegistrationPolicy` is `registration`."""
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in kind.__name__.removesuffix("Policy")).lstrip("-")


_policies = PolicyVersion.__table__.c
_IN_FORCE = HotStatement.of(
    select(_policies.version, _policies.document, _policies.scope)
    .where(
        _policies.name == bindparam("name"),
        (_policies.scope == bindparam("scope")) | (_policies.scope == EVERYWHERE),
    )
    .order_by(_policies.scope == EVERYWHERE, _policies.version.desc())
    .limit(1)
)


async def _current(on: AsyncConnection | AsyncSession, name: str, scope: str) -> Any:
    rows = await _IN_FORCE.rows(on, {"name": name, "scope": scope})
    return rows[0] if rows else None


async def policy(on: AsyncConnection | AsyncSession, kind: type[P], scope: str = EVERYWHERE) -> P:
    """The policy in force: the storefront's own, or everybody's, or the defaults."""
    row = await _current(on, policy_name(kind), scope)
    return kind.model_validate(row["document"]) if row else _default(kind)


@cache
def _default(kind: type[P]) -> P:
    """Of a merchant who has decided nothing. It is frozen, so one is enough."""
    return kind()


_OF_SEVERAL = HotStatement(
    "SELECT DISTINCT ON (name) name, document FROM policies WHERE name = ANY (:names ::text[]) AND scope = :scope ::text "
    "ORDER BY name, version DESC"
)


async def policies(session: AsyncSession, *kinds: type[Policy]) -> list[Any]:
    """Those in force everywhere, one of each kind and in this order, by one statement."""
    names = [policy_name(kind) for kind in kinds]
    rows = await _OF_SEVERAL.rows(session, {"names": names, "scope": EVERYWHERE})
    documents = {row["name"]: row["document"] for row in rows}
    return [
        kind.model_validate(documents[name]) if name in documents else _default(kind)
        for name, kind in zip(names, kinds, strict=True)
    ]


async def set_policy(session: AsyncSession, document: Policy, *, scope: str, expected: int, at: datetime) -> int:
    """Puts a new version in force.

    Raises:
        StaleVersion: the version in force is not `expected` (0: none yet).
    """
    name = policy_name(type(document))
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"policy {name} {scope}", 0))
    await session.execute(select(lock))  # there is no row to lock before the first version
    newest = await session.scalar(
        select(PolicyVersion.version)
        .where(PolicyVersion.name == name, PolicyVersion.scope == scope)
        .order_by(PolicyVersion.version.desc())
        .limit(1)
    )
    if (newest or 0) != expected:
        raise StaleVersion
    session.add(
        PolicyVersion(
            name=name,
            scope=scope,
            version=expected + 1,
            document=document.model_dump(mode="json"),
            changed_at=at,
            changed_by=cause().actor or "unknown",
        )
    )
    return expected + 1


class PolicyHistory(BaseModel):
    """A version, who put it in force and when. It ended with the next."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    changed_at: AwareDatetime
    changed_by: str
    document: dict[str, Any]


def _version(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    (version,) = decode_cursor(cursor, 1)
    if not isinstance(version, int):
        raise not_of_this_list()
    return version


async def _versions(connection: AsyncConnection, name: str, scope: str, before: int | None, limit: int) -> Any:
    wanted = (
        select(_policies.version, _policies.changed_at, _policies.changed_by, _policies.document)
        .where(_policies.name == name, _policies.scope == scope)
        .order_by(_policies.version.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(_policies.version < before)
    return (await connection.execute(wanted)).all()


def policy_routes(
    kinds: list[type[Policy]],
    staff: Any,
    *,
    changed: dict[type[Policy], Any] | None = None,
    access: dict[str, Any] | None = None,
) -> APIRouter:
    """`GET` and `PUT /v1/policies/<name>?storefront=` for each kind, and its `/history`.

    Args:
        staff: the dependency that admits the merchant's staff alone.
        changed: called with (session, document) where something follows from a change, in its transaction.
        access: how their OpenAPI description says whom they are for.
    """
    router = Router(prefix="/v1/policies", tags=["policies"], dependencies=[staff])
    for kind in kinds:
        _add_routes(router, kind, (changed or {}).get(kind), access or {"x-access": "staff"})
    return router


def _add_routes(router: APIRouter, kind: type[Policy], changed: Any, access: dict[str, Any]) -> None:
    name = policy_name(kind)

    async def read(connection: Reading, response: Response, storefront: str = EVERYWHERE) -> Any:
        row = await _current(connection, name, storefront)
        own = row if row and row["scope"] == storefront else None
        response.headers["ETag"] = etag(own["version"] if own else 0)
        return kind.model_validate(row["document"]) if row else kind()

    async def change(
        document: Any,
        session: Session,
        response: Response,
        if_match: Annotated[str, Header()],
        storefront: str = EVERYWHERE,
    ) -> Any:
        version = await set_policy(
            session, document, scope=storefront, expected=required_version(if_match), at=clock.now()
        )
        if changed is not None:
            await changed(session, document)
        response.headers["ETag"] = etag(version)
        return document

    async def history(
        connection: Reading, storefront: str = EVERYWHERE, cursor: Cursor = None, limit: Limit = 50
    ) -> Page[PolicyHistory]:
        """Every version that ever was in force, the newest first; before the first the defaults were."""
        rows = await _versions(connection, name, storefront, _version(cursor), limit + 1)
        return page([PolicyHistory.model_validate(row) for row in rows], limit, lambda last: (last.version,))

    change.__annotations__["document"] = kind
    words = name.replace("-", " ")
    for method, endpoint, verb in (("GET", read, "Read"), ("PUT", change, "Change")):
        router.add_api_route(
            f"/{name}",
            endpoint,
            methods=[method],
            response_model=kind,
            summary=f"{verb} the {words} policy",
            openapi_extra=access,
        )
    router.add_api_route(
        f"/{name}/history",
        history,
        methods=["GET"],
        response_model=Page[PolicyHistory],
        summary=f"Versions of the {words} policy",
        openapi_extra=access,
    )
