"""Storefronts and who may enter them (ID-19). Data, published by identity; sign-in, pricing and orders decide from it."""

from collections.abc import Collection
from typing import NamedTuple

from contracts.identity.topics import STOREFRONT_STATE
from contracts.shared.event import State
from contracts.shared.values import Code, OpenEnum


class StorefrontAccess(OpenEnum):
    """Who enters a storefront that names no groups."""

    PUBLIC = "public"
    """Every company."""
    CLOSED = "closed"
    """None."""


class StorefrontState(State, type="countersign.identity.storefront.state.v1", topic=STOREFRONT_STATE):
    """A storefront that the merchant has defined."""

    code: Code
    access: StorefrontAccess
    groups: tuple[Code, ...] = ()
    """That may enter it, and no others; empty: see `access`."""
    catalogues: tuple[Code, ...] = ()
    """What is shown there."""
    active: bool


class Doors(NamedTuple):
    """What decides about entry."""

    active: bool
    access: str
    groups: Collection[str]


def entry_refusal(doors: Doors | None, groups: Collection[str], *, own: bool) -> str | None:
    """The stable code of why a company of these groups may not enter, the same in every service; None: it may.

    Args:
        doors: None: nobody has defined this storefront. Then it is for the companies that it is the own one of.
        own: it is the one that the company belongs to.
    """
    if doors is None:
        return None if own else "storefront-unknown"
    if not doors.active:
        return "storefront-inactive"
    open_to = not set(doors.groups).isdisjoint(groups) if doors.groups else doors.access == StorefrontAccess.PUBLIC
    return None if open_to else "storefront-closed-to-group"
