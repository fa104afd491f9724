"""A merchant with any number of companies, contacts and applications, and the bare SQL of their lists."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
"""The companies came one a minute since then."""

_COMPANIES = """
INSERT INTO companies (id, sequence, number, legal_name, country, vat_number, registration_number, email, phone, language,
    storefront, groups, addresses, sales_representative, pays_by_invoice, vat_exempt, external_keys, former_numbers, test,
    vat_check_attempts, with_account_access, origin, created_at, changed_at, application_outcome, first_invitation_live,
    has_price_list, status)
SELECT gen_random_uuid(), 1, 'K-' || lpad(n::text, 7, '0'),
    initcap((array['bakkerij','garage','hotel','slagerij','drukkerij','bouwbedrijf','brasserie','technisch bureau'])[1 + h % 8]
        || ' ' || (array['jansen','de vries','van den berg','bakker','visser','smit','dupont','svensson'])[1 + h / 8 % 8]
        || ' ' || substr(md5(n::text), 1, 6)) || ' B.V.',
    'NL', 'NL' || lpad((h % 1000000000)::text, 9, '0') || 'B01', lpad((10000000 + n)::text, 8, '0'),
    'inkoop@bedrijf-' || n || '.nl', '+31 20 1234567', 'nl', 'nl',
    CASE WHEN h % 100 = 0 THEN '["large","trade"]' ELSE '["trade"]' END::jsonb,
    '[{"kind": "invoice", "address": {"line1": "Kade 1", "postal_code": "3011 AA", "city": "Rotterdam", "country": "NL"}}]',
    'rep-' || h % 200, true, false, '{}', '[]', false, 0, true, 'created_by_merchant', $2::timestamptz + n * interval '1 minute',
    $2::timestamptz + ($1 + h % 100000) * interval '1 minute', 'none', false, true,
    CASE WHEN h % 50 = 0 THEN 'pending_approval' WHEN h % 50 < 5 THEN 'invited' ELSE 'enabled' END
FROM (SELECT n, abs(hashint4(n)) AS h FROM generate_series(1, $1::int) n) numbered
"""
_CONTACTS = """
INSERT INTO contacts (id, sequence, kind, company_id, company_name, name, email, language, groups, phones, addresses,
    verification_issue, reset_issue, consumer, created_at)
SELECT gen_random_uuid(), 1, 'guest', id, legal_name, 'Inkoper ' || substr(number, 3), email, 'nl', '[]', '[]', '[]', 0, 0,
    false, created_at FROM companies
"""
_APPLICATIONS = """
INSERT INTO applications (id, sequence, number, company_id, company_number, contact_id, storefront, language, mode,
    after_approval, clocks, submitted_at, status, since, question, reminders, proposals, decision)
SELECT gen_random_uuid(), 1, 'A-' || c.number, c.id, c.number, p.id, 'nl', 'nl', 'manual', 'invite', '{}', c.created_at,
    CASE c.status WHEN 'pending_approval' THEN 'waiting' ELSE 'approved' END, c.changed_at, 0, 0, 0, 1
FROM companies c JOIN contacts p ON p.company_id = c.id
"""


async def fill(connection: Any, companies: int) -> None:
    await connection.execute(_COMPANIES, companies, BEGUN)
    await connection.execute(_CONTACTS)
    await connection.execute(_APPLICATIONS)
    await connection.execute("VACUUM ANALYZE")


COMPANIES = "SELECT * FROM companies WHERE {where} ORDER BY {order} LIMIT 51"
CONTACTS = "SELECT * FROM contacts WHERE {where} ORDER BY {order} LIMIT 51"
APPLICATIONS = """
SELECT a.id, a.number, a.status, a.storefront, a.submitted_at, a.since, a.returned, a.reviewer, a.proposed_by,
    c.id AS company_id, c.legal_name, c.country
FROM applications a JOIN companies c ON c.id = a.company_id WHERE {where} ORDER BY {order} LIMIT 51
"""


@dataclass(frozen=True)
class Listing:
    """A list as somebody asks for it, and the statement that he would write himself.

    Attributes:
        query: of the request; `{}` is what one person looks for.
        values: what different people look for.
        where: `$1` is the value.
    """

    path: str
    query: dict[str, str]
    sql: str
    values: tuple[str, ...] = ("",)

    def url(self, value: str) -> str:
        return f"/v1/{self.path}?{urlencode({name: said.format(value) for name, said in self.query.items()})}"


def listings(companies: int) -> dict[str, Listing]:
    """What staff asks for, by name."""
    some = [n * companies // 21 for n in range(1, 21)]
    numbers = tuple(f"{n:07d}" for n in some)
    words = ("jansen", "DE VRIES", "hotel s", "bureau van", "erij smit")

    def of(
        name: str, query: dict[str, str], sql: str, where: str, order: str, values: Any = ("",)
    ) -> tuple[str, Listing]:
        return name, Listing(name.split()[0], query, sql.format(where=where, order=order), tuple(values))

    part = "(legal_name ILIKE {0} OR number ILIKE {0} OR vat_number ILIKE {0} OR registration_number ILIKE {0})"
    like = part.format("'%' || $1 || '%'")
    return dict([
        of("companies", {}, COMPANIES, "true", "created_at, id"),
        of("companies newest", {"sort": "-changed"}, COMPANIES, "true", "changed_at DESC, id DESC"),
        of("companies by name", {"sort": "name"}, COMPANIES, "true", "lower(legal_name), id"),
        of("companies one number", {"search": "K-{}"}, COMPANIES, like.replace("$1", "'K-' || $1"), "created_at, id", numbers),
        of("companies part of a name", {"search": "{}", "sort": "name"}, COMPANIES, like, "lower(legal_name), id", words),
        of("companies waiting", {"status": "pending_approval"}, COMPANIES, "status = 'pending_approval'", "created_at, id"),
        of("companies of a group", {"group": "large", "sort": "number"}, COMPANIES, "groups @> '[\"large\"]'", "number, id"),
        of("companies of one person", {"sales_representative": "rep-{}", "sort": "name"}, COMPANIES,
           "sales_representative = 'rep-' || $1", "lower(legal_name), id", map(str, range(20))),
        of("companies of a day", {"created_from": "2026-01-02T00:00:00Z", "created_before": "2026-01-03T00:00:00Z",
           "sort": "-name"}, COMPANIES,
           "created_at >= '2026-01-02Z' AND created_at < '2026-01-03Z'", "lower(legal_name) DESC, id DESC"),
        of("contacts one name", {"search": "{}"}, CONTACTS, "(name ILIKE '%' || $1 || '%' OR email ILIKE '%' || $1 || '%')",
           "created_at, id", numbers),
        of("applications nobody looks after", {"status": "waiting", "reviewer": "nobody"}, APPLICATIONS,
           "a.status = 'waiting' AND a.reviewer IS NULL", "a.submitted_at, a.id"),
        of("applications by name", {"sort": "name"}, APPLICATIONS, "true", "lower(c.legal_name), a.id"),
    ])  # fmt: skip
