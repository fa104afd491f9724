"""Keeps the copies of companies, members, the status table, and the keys of identity and pricing."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from chassis import clock
from chassis.keys import key_projection
from chassis.projections import Projection
from contracts.identity.states import CompanyState, IdentityKey, LocationState, MemberState, ProjectState
from contracts.identity.status_table import StatusTable
from contracts.identity.storefronts import StorefrontState
from contracts.pricing.states import PricingKey
from contracts.shared.values import Money
from orders.attestation.commands import ask_again
from orders.buyers.models import CompanyRow, LocationRow, MemberRow, ProjectRow, StatusTableRow, StorefrontRow


def _company(state: CompanyState) -> dict[str, Any]:
    return {
        "number": state.number,
        "status": state.status,
        "with_account_access": state.with_account_access,
        "storefront": state.storefront,
        "groups": list(state.groups),
        "pays_by_invoice": state.pays_by_invoice,
        "sales_representative": state.sales_representative,
        "merged_into": state.merged_into,
    }


def _member(state: MemberState) -> dict[str, Any]:
    return {
        "company_id": state.company_id,
        "contact_id": state.contact_id,
        "active": state.active,
        "administers": state.administers,
        "permissions": sorted(state.permissions),
        "always_attested": state.always_attested,
        "limit_per_order": _stored(state.limit_per_order),
        "limit_per_month": _stored(state.limit_per_month),
        "locations": None if state.locations is None else sorted(state.locations),
        "substitute_id": state.substitution.substitute_id if state.substitution else None,
        "substitute_since": state.substitution.since if state.substitution else None,
        "substitute_until": state.substitution.until if state.substitution else None,
    }


def _location(state: LocationState) -> dict[str, Any]:
    return {"company_id": state.company_id, "active": state.active}


def _project(state: ProjectState) -> dict[str, Any]:
    return {
        "company_id": state.company_id,
        "contact_id": state.contact_id,
        "valid_from": state.valid_from,
        "valid_until": state.valid_until,
        "active": state.active,
    }


def _storefront(state: StorefrontState) -> dict[str, Any]:
    return {"active": state.active, "access": state.access, "groups": list(state.groups)}


def _status_table(state: StatusTable) -> dict[str, Any]:
    return {"allowed": {status.value: sorted(allowed) for status, allowed in state.allowed.items()}}


def _stored(money: Money | None) -> dict[str, Any] | None:
    return money.model_dump(mode="json") if money else None


async def members_changed(session: AsyncSession, states: Sequence[MemberState]) -> None:
    """Who may decide on a waiting order follows the members (OR-05)."""
    await ask_again(session, {state.company_id for state in states}, clock.now())


async def companies_changed(session: AsyncSession, states: Sequence[CompanyState]) -> None:
    """Orders of a company that was merged wait for the people of the one that it is now (ID-26)."""
    if merged := {state.company_id for state in states if state.merged_into}:
        await ask_again(session, merged, clock.now())


projections = [
    Projection(CompanyState, CompanyRow, _company, changed=companies_changed),
    Projection(MemberState, MemberRow, _member, changed=members_changed),
    Projection(LocationState, LocationRow, _location),
    Projection(ProjectState, ProjectRow, _project),
    Projection(StorefrontState, StorefrontRow, _storefront),
    Projection(StatusTable, StatusTableRow, _status_table),
    key_projection(IdentityKey),
    key_projection(PricingKey),
]
