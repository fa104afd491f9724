"""What becomes of the price lists of a company that was merged into another (ID-26)."""

from chassis.consumers import Delivery, Subscription
from contracts.identity.events import CompanyMerged, PriceListsOfMerged
from contracts.identity.topics import COMPANY
from pricing.terms.commands import MoveLists, move_lists


async def company_merged(delivery: Delivery, event: CompanyMerged) -> None:
    """Moved where the merchant chose so; else they stay with a company that buys nothing any more."""
    if event.price_lists is PriceListsOfMerged.MOVE:
        await move_lists(delivery.session, MoveLists(event.company_id, event.merged_into), at=delivery.now)


subscriptions = [Subscription(COMPANY, {CompanyMerged: company_merged})]
