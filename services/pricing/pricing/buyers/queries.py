"""For whom is priced, and may he: one statement that answers it together with all that pricing his cart needs."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import Forbidden, NotFound, NotYet
from chassis.hot import HotStatement
from contracts.identity.status_table import DEFAULT_ALLOWED, refusal_code
from contracts.identity.storefronts import Doors, entry_refusal
from contracts.identity.tokens import MemberClaims, StaffClaims
from contracts.identity.values import Capability, CustomerStatus, Permission
from pricing.policies import Level, PricingPolicy


@dataclass(frozen=True)
class UsableList:
    """A price list that is valid for this buyer at this moment."""

    number: int
    code: str
    currency: str
    level: Level
    group: str | None
    newest: int
    """The last version of its prices that was in force."""
    pending: list[int]
    """Versions below it that were not applied yet."""


@dataclass(frozen=True)
class Buyer:
    company_id: UUID
    storefront: str
    """The one that the member entered, or else the company's own."""
    member_id: UUID | None
    contact_id: UUID | None
    country: str
    vat_number: str | None
    vat_exempt: bool
    policy: PricingPolicy
    lists: list[UsableList]
    rates: dict[str, Decimal]
    """Per VAT class, in the country that the goods go to."""
    ship_to: str


BUYER = """
WITH company AS MATERIALIZED (SELECT * FROM companies WHERE key = CAST(:company AS text)),
assigned AS (
    SELECT 'contact' AS level, NULL AS grp, g.list_number
    FROM assigned_lists g
    WHERE g.assignee = CAST(:contact AS text) AND g.assignee_kind = 'contact'
    AND g.recorded_from <= :known AND coalesce(g.recorded_until > :known, true)
    UNION ALL
    SELECT 'company', NULL, g.list_number
    FROM assigned_lists g
    WHERE g.assignee = CAST(:company AS text) AND g.assignee_kind = 'company'
    AND g.recorded_from <= :known AND coalesce(g.recorded_until > :known, true)
    UNION ALL
    SELECT 'group', g.assignee, g.list_number
    FROM company, jsonb_array_elements_text(company.groups) named
    JOIN assigned_lists g ON g.assignee = named AND g.assignee_kind = 'group'
    WHERE g.recorded_from <= :known AND coalesce(g.recorded_until > :known, true)
    UNION ALL
    SELECT 'base', NULL, number FROM price_lists WHERE base)
SELECT company.status, company.storefront, company.groups, company.sales_representative,
    company.country, company.vat_number, company.vat_exempt,
    member.company_id, member.active, member.permissions,
    (SELECT allowed FROM status_tables LIMIT 1) AS allowed,
    (SELECT document FROM policies WHERE name = 'pricing'
        AND scope IN (coalesce(CAST(:storefront AS text), company.storefront), '*')
        ORDER BY scope = '*', version DESC LIMIT 1) AS policy,
    (SELECT json_build_array(s.active, s.access, s.groups) FROM storefronts s
        WHERE s.key = coalesce(CAST(:storefront AS text), company.storefront)) AS doors,
    (SELECT json_agg(json_build_array(l.number, l.code, l.currency, a.level, a.grp, newest.number, (
            SELECT coalesce(json_agg(v.number), '[]') FROM price_versions v
            WHERE v.list_number = l.number AND v.number < newest.number
            AND (v.recorded_from IS NULL OR v.recorded_from > :known))) ORDER BY l.number)
        FROM assigned a
        JOIN price_lists l ON l.number = a.list_number
        JOIN LATERAL (
            SELECT valid_from, valid_until FROM price_list_periods p
            WHERE p.list_number = l.number AND p.recorded_from <= :known
            ORDER BY p.recorded_from DESC, p.id DESC LIMIT 1) period
            ON coalesce(period.valid_from <= :at, true) AND coalesce(period.valid_until > :at, true)
        LEFT JOIN LATERAL (
            SELECT v.number FROM price_versions v WHERE v.list_number = l.number AND v.recorded_from <= :known
            ORDER BY v.recorded_from DESC, v.number DESC LIMIT 1) newest ON true
        WHERE a.level <> 'base' OR newest.number IS NOT NULL) AS lists,
    (SELECT json_object_agg(r.vat_class, r.rate::text) FROM (
        SELECT DISTINCT ON (vat_class) vat_class, rate FROM vat_rates
        WHERE country = coalesce(CAST(:ship_to AS text), company.country) AND valid_from <= :at
        AND recorded_from <= :known AND coalesce(recorded_until > :known, true)
        ORDER BY vat_class, valid_from DESC) r) AS rates
FROM company LEFT JOIN members member ON member.key = CAST(:member AS text)
"""
_BUYER = HotStatement(BUYER)


async def find_buyer(
    connection: AsyncConnection,
    caller: StaffClaims | MemberClaims,
    needs: Capability,
    *,
    company_id: UUID,
    ship_to: str | None,
    at: datetime,
) -> Buyer:
    """The buyer at one moment, admitted.

    A member needs a company whose status has the capability, and the permission to see prices, which a cart shows.
    It may enter the storefront that he is in, whose policy counts (ID-19).
    Staff are in none: they may see the prices of every company, and build a cart for one whose status has
    `be_ordered_for`; lists of its contacts do not count for them, since no contact buys.

    Args:
        ship_to: a country; None: that of the company.
        at: prices, lists, terms and rates as they were known and valid at this moment.

    Raises:
        NotFound: staff named a company that is not known here, or not one of theirs (ID-20).
        NotYet: the member or its company has not arrived here yet.
        Forbidden: `member-inactive`, `permission-missing`, `storefront-…`, or the status's own code (`customer-disabled`).
    """
    member_id, contact_id, storefront = (
        (caller.member, caller.sub, caller.storefront) if isinstance(caller, MemberClaims) else (None, None, None)
    )
    found = await _BUYER.rows(
        connection,
        {
            "company": str(company_id),
            "member": str(member_id) if member_id else None,
            "contact": str(contact_id) if contact_id else None,
            "storefront": storefront,
            "ship_to": ship_to,
            "at": at,
            "known": at,
        },
    )
    row = SimpleNamespace(**found[0]) if found else None
    if isinstance(caller, StaffClaims):
        _admit_staff(row, needs, caller)
    else:
        _admit_member(row, needs, company_id)
        _admit_at(row, storefront)
    assert row is not None
    return Buyer(
        company_id=company_id,
        storefront=storefront or row.storefront,
        member_id=member_id,
        contact_id=contact_id,
        country=row.country,
        vat_number=row.vat_number,
        vat_exempt=row.vat_exempt,
        policy=PricingPolicy.model_validate(row.policy) if row.policy else _DEFAULT,
        lists=[_usable(*one) for one in row.lists or ()],
        rates={vat_class: Decimal(rate) for vat_class, rate in (row.rates or {}).items()},
        ship_to=ship_to or row.country,
    )


_DEFAULT = PricingPolicy()


def _usable(
    number: int, code: str, currency: str, level: str, group: str | None, newest: int | None, pending: list[int]
) -> UsableList:
    return UsableList(number, code, currency, Level(level), group, newest or 0, pending)


def _admit_staff(row: Any, needs: Capability, caller: StaffClaims) -> None:
    if row is None or not caller.sees(row.sales_representative):
        raise NotFound
    if needs is Capability.BUILD_CART:
        _require(row, Capability.BE_ORDERED_FOR)


def _admit_member(row: Any, needs: Capability, company_id: UUID) -> None:
    if row is None or row.company_id is None:
        raise NotYet("member-unknown", "Your membership has not arrived here yet.")
    if row.company_id != company_id or not row.active:
        raise Forbidden("member-inactive", "You are not a member of this company any more.")
    _require(row, needs)
    if Permission.SEE_PRICES not in row.permissions:
        raise Forbidden("permission-missing", "You may not see prices.", facts={"permission": "see_prices"})


def _admit_at(row: Any, storefront: str | None) -> None:
    doors = Doors(*row.doors) if row.doors else None
    refused = entry_refusal(doors, row.groups, own=storefront in (None, row.storefront))
    if refused:
        facts = {"storefront": storefront or row.storefront}
        raise Forbidden(refused, "The company may not enter this storefront.", facts=facts)


def _require(row: Any, capability: Capability) -> None:
    status = CustomerStatus.of(row.status)
    table = row.allowed if row.allowed is not None else DEFAULT_ALLOWED
    allowed = table.get(status, ())
    if capability not in allowed:
        raise Forbidden(
            refusal_code(status),
            "The status of the company does not allow it.",
            facts={"customer_status": status.value},
        )
