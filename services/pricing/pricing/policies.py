"""How the merchant prices and taxes, per storefront."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

from chassis.policies import Policy
from contracts.shared.values import CountryCode, Elapsed


class Level(StrEnum):
    """How near to the buyer a price list is."""

    CONTACT = "contact"
    """Of the member that buys, in whichever of his companies."""
    COMPANY = "company"
    GROUP = "group"
    BASE = "base"


def _each_once(levels: tuple[Level, ...]) -> tuple[Level, ...]:
    if len(set(levels)) != len(levels) or not levels:
        raise ValueError("name each level at most once, and at least one")
    return levels


class PricingPolicy(Policy):
    """Read anew for every cart (PR-03, PR-06, PR-11)."""

    merchant_country: CountryCode = "NL"
    """Where the merchant is established; decides between domestic VAT, reverse charge and export."""
    levels: Annotated[tuple[Level, ...], AfterValidator(_each_once)] = tuple(Level)
    """Nearest first. A level that is absent is never asked."""
    cart_valid_for: Elapsed = timedelta(minutes=30)
    """How long a priced cart may be ordered from."""
