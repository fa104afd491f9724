"""Who may attest an order: decided here and nowhere else (OR-04), and who is asked to, in which order (OR-06).

A person's right and his being asked are two things: whoever may attest an order may do so whether he was asked or not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from contracts.identity.values import Permission
from contracts.orders.values import AskedOf
from orders.buyers.models import Member
from orders.refusal import Refusal


@dataclass(frozen=True)
class Merchant:
    """The merchant's staff, whoever of it."""


class Waiting(Protocol):
    """What these rules look at in an order."""

    company_id: UUID
    """That it was placed by; it may have been merged since."""
    member_id: UUID | None
    contact_id: UUID | None
    asked_of: AskedOf | None
    location_id: UUID | None


def may_attest(order: Waiting, by: Member | Merchant) -> Refusal | None:
    """None: he may decide, yes or no, on this order of his company. Whether it still waits is the order's own question.

    Nobody decides on his own order, not even the administrator. Otherwise: active members of the company who may attest
    orders, and its administrators; who acts for some locations only (ID-18), on the orders for these. The merchant only
    when nobody in the company was left to ask, or none decided in time. Who stands in for a member that is away (ID-14), also
    on what that one might; this right is not passed on.
    """
    if isinstance(by, Merchant):
        if order.asked_of is AskedOf.MERCHANT:
            return None
        return Refusal(
            "order-not-with-merchant", "The company itself decides on this order; it has not come to the merchant."
        )
    refusal = _in_own_right(order, by)
    if refusal and by.attests and not _is_own(order, by) and any(_absent(order, by)):
        return None
    return refusal


def _absent(order: Waiting, by: Member) -> Iterable[Member]:
    """Those for whom he stands in, and who might decide on this order."""
    return (one for one in by.stands_in_for if _in_own_right(order, one) is None)


def decides_for(order: Waiting, by: Member) -> Member | None:
    """Who is away, and in whose place he decides; None: in his own right, since he would be asked himself."""
    own = _in_own_right(order, by) is None
    place = order.asked_of
    if own and (place is None or _stands_at(place, by)):
        return None
    return next((one for one in _absent(order, by) if not own or (place and _stands_at(place, one))), None)


def _is_own(order: Waiting, by: Member) -> bool:
    return by.member_id == order.member_id or by.contact_id == order.contact_id


def _in_own_right(order: Waiting, by: Member) -> Refusal | None:
    if order.company_id not in by.account.companies:
        return Refusal("order-of-another-company", "It is an order of another company.")
    if _is_own(order, by):
        return Refusal("order-own-attestation", "Nobody attests his own order.")
    if not by.active:
        return Refusal("member-inactive", "You are not an active member of the company.")
    if not by.attests:
        return Refusal(
            "member-may-not-attest", "You may not attest orders.", {"permission": Permission.ATTEST_ORDERS.value}
        )
    if not by.acts_for(order.location_id):
        return Refusal("location-not-yours", "You act for other locations of the company only.")
    return None


LINE = (AskedOf.ATTESTERS, AskedOf.ADMINISTRATORS, AskedOf.MERCHANT)
"""Whom it is with, one after the other."""


def who_is_asked(order: Waiting, members: Iterable[Member], first: AskedOf) -> tuple[AskedOf, Sequence[Member]]:
    """Who may decide and is to be asked, at `first` or the next place in line where there is anybody.

    It ends with the merchant, so there is no dead end: not with a sole administrator's own order either.
    """
    able = [member for member in members if may_attest(order, member) is None]
    for place in LINE[LINE.index(first) : -1]:
        found = [
            member
            for member in able
            if _stands_at(place, member) or any(_stands_at(place, absent) for absent in _absent(order, member))
        ]
        if found:
            return place, found
    return AskedOf.MERCHANT, ()


def _stands_at(place: AskedOf, member: Member) -> bool:
    if place is AskedOf.ATTESTERS:
        return Permission.ATTEST_ORDERS in member.permissions
    return member.administers
