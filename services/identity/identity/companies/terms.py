"""What pricing says of price lists, and the fact of the customer status that follows from it (PR-04)."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Text, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from chassis.projections import Projected
from contracts.pricing.states import AssigneeKind, TermsState, terms_key
from identity.companies.models import Company

_LOCK = 7_301_955_310
"""Advisory: shared by who creates a company or changes its groups, exclusive to who takes over changed terms. So a company
that joins a group while the group's terms change is not missed by both."""


class KnownTerms(Projected):
    """Whether a contact, a company or a group has a price list that is valid now; a contact's gives no company a status."""

    __tablename__ = "known_terms"

    assignee_kind: Mapped[AssigneeKind]
    assignee: Mapped[str] = mapped_column(Text)
    has_valid_price_list: Mapped[bool]


def terms_row(state: TermsState) -> dict[str, Any]:
    return {
        "assignee_kind": state.assignee_kind,
        "assignee": state.assignee,
        "has_valid_price_list": state.has_valid_price_list,
    }


async def note_price_list(session: AsyncSession, company: Company) -> None:
    """Notes the fact for one company, from its own terms and those of its groups."""
    await session.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": _LOCK})
    await _note(session, company)


async def groups_with_price_list(session: AsyncSession, groups: Iterable[str]) -> set[str]:
    """Those of them that have one, until this transaction ends: all that decides it for a company nobody has known so far."""
    await session.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": _LOCK})
    keys = {terms_key(AssigneeKind.GROUP, group): group for group in groups}
    if not keys:
        return set()
    found = await session.scalars(
        select(KnownTerms.key).where(KnownTerms.key.in_(keys), KnownTerms.has_valid_price_list.is_(True))
    )
    return {keys[key] for key in found}


async def _note(session: AsyncSession, company: Company) -> None:
    keys = [terms_key(AssigneeKind.COMPANY, str(company.id))]
    keys += [terms_key(AssigneeKind.GROUP, group) for group in company.groups]
    has = await session.scalar(
        select(func.count()).where(KnownTerms.key.in_(keys), KnownTerms.has_valid_price_list.is_(True))
    )
    company.note_price_list(has=bool(has))


async def terms_changed(session: AsyncSession, states: Sequence[TermsState]) -> None:
    """Notes the fact for every company that these terms concern. Terms of a company that is not ours are kept, in case."""
    await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    companies = {one.assignee for one in states if one.assignee_kind is AssigneeKind.COMPANY}
    groups = {one.assignee for one in states if one.assignee_kind is AssigneeKind.GROUP}
    concerned = [Company.id.in_(companies), *(Company.groups.contains([group]) for group in groups)]
    found = await session.scalars(select(Company).where(or_(*concerned)).order_by(Company.id).with_for_update())
    for company in found.all():
        await _note(session, company)
