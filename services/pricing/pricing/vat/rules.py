"""Which rule taxes a cart (PR-06). No I/O."""

from enum import StrEnum

EU = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
        "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip
"""The VAT area of the European Union, by ISO 3166-1 code."""

_ISO_OF_VAT_PREFIX = {"EL": "GR"}


class VatRule(StrEnum):
    DOMESTIC = "domestic"
    """At the rate of the country that the goods go to."""
    REVERSE_CHARGE = "reverse-charge"
    EXEMPT = "exempt"
    EXPORT = "export"


def vat_rule(*, merchant: str, ship_to: str, vat_number: str | None, exempt: bool) -> VatRule:
    """The one rule for a whole cart; all but `domestic` tax at 0 and need no rate.

    In this order: goods that leave the merchant's VAT area are an export; a company that the merchant exempted is
    exempt; goods to another EU country for a company with a VAT number of another EU country than the merchant's are
    under reverse charge; everything else is taxed where the goods go.

    Args:
        merchant: the country of the merchant. Outside the EU, its VAT area is this country alone.
        vat_number: of the company, with its country prefix.
    """
    area = EU if merchant in EU else {merchant}
    if ship_to not in area:
        return VatRule.EXPORT
    if exempt:
        return VatRule.EXEMPT
    if ship_to != merchant and _country_of(vat_number) in area - {merchant}:
        return VatRule.REVERSE_CHARGE
    return VatRule.DOMESTIC


def _country_of(vat_number: str | None) -> str:
    prefix = (vat_number or "").strip()[:2].upper()
    return _ISO_OF_VAT_PREFIX.get(prefix, prefix)
