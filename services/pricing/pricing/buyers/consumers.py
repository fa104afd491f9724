"""What pricing copies from identity's state topics (EV-03)."""

from typing import Any

from chassis.projections import Projection
from contracts.identity.states import CompanyState, MemberState
from contracts.identity.status_table import StatusTable
from contracts.identity.storefronts import StorefrontState
from pricing.buyers.models import KnownCompany, KnownMember, KnownStatusTable, KnownStorefront


def _company(state: CompanyState) -> dict[str, Any]:
    return {
        "status": state.status,
        "storefront": state.storefront,
        "country": state.country,
        "vat_number": state.vat_number,
        "vat_exempt": state.vat_exempt,
        "groups": list(state.groups),
        "sales_representative": state.sales_representative,
    }


def _member(state: MemberState) -> dict[str, Any]:
    return {
        "company_id": state.company_id,
        "contact_id": state.contact_id,
        "active": state.active,
        "permissions": sorted(state.permissions),
    }


def _storefront(state: StorefrontState) -> dict[str, Any]:
    return {"active": state.active, "access": state.access, "groups": list(state.groups)}


def _status_table(state: StatusTable) -> dict[str, Any]:
    return {"allowed": state.model_dump(mode="json")["allowed"]}


projections = [
    Projection(CompanyState, KnownCompany, _company),
    Projection(MemberState, KnownMember, _member),
    Projection(StorefrontState, KnownStorefront, _storefront),
    Projection(StatusTable, KnownStatusTable, _status_table),
]
