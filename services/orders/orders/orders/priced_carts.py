"""Takes a priced cart from whoever brings it: was it made by pricing, for him, and is it still valid? (OR-01)"""

from datetime import datetime

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Forbidden, Invalid
from chassis.keys import BadSignature, KeyRing
from contracts.pricing.priced_cart import MAX_LINES, PricedCart
from orders.buyers.models import Buyer

PRICING = "pricing"


async def verified_cart(session: AsyncSession, keys: KeyRing, signed: str, at: datetime) -> PricedCart:
    """The cart in a JWS that pricing signed.

    Raises:
        Invalid: `priced-cart-malformed`, `priced-cart-forged` or `priced-cart-expired`.
        NotYet: pricing's key has not arrived here.
    """
    try:
        cart = PricedCart.model_validate_json(await keys.verify(session, PRICING, signed))
    except BadSignature as error:
        if error.code == "signature-malformed":
            raise Invalid("priced-cart-malformed", "It is not a signed priced cart.") from error
        raise Invalid("priced-cart-forged", "It was not signed by pricing, or was changed since.") from error
    except ValidationError as error:
        raise Invalid("priced-cart-malformed", "What is signed is not a priced cart.") from error
    numbers = {line.line for line in cart.lines}
    if not 0 < len(cart.lines) <= MAX_LINES or len(numbers) != len(cart.lines) or not cart.is_consistent:
        raise Invalid("priced-cart-malformed", "Its lines and totals do not agree.")
    if cart.expires_at <= at:
        raise Invalid("priced-cart-expired", "Its prices are not valid any more; have it priced again.")
    return cart


def must_belong(cart: PricedCart, buyer: Buyer) -> None:
    """A cart is for whom it was priced: that member at that storefront, or the merchant's staff for that company.

    Raises:
        Forbidden: it is another's, or another storefront's.
    """
    member_id = buyer.member.member_id if buyer.member else None
    if cart.company_id != buyer.company.company_id or cart.member_id != member_id:
        raise Forbidden("priced-cart-not-yours", "It was priced for somebody else.")
    if cart.storefront != buyer.company.storefront:
        raise Forbidden("priced-cart-of-another-storefront", "It was priced at another storefront.")
