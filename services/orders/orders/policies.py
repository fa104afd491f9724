"""What a merchant decides about orders, per storefront."""

from datetime import timedelta
from enum import StrEnum
from typing import Self

from pydantic import model_validator

from chassis.policies import Policy
from contracts.shared.values import Elapsed


class AttestationPolicy(Policy):
    """Deadlines of a waiting order (OR-06), all counted from its submission and frozen then, except `remind_after`."""

    remind_after: Elapsed = timedelta(days=1)
    """From the moment a step's people were asked; a step that goes further sooner has no reminder."""
    escalate_after: Elapsed = timedelta(days=2)
    """To the administrators."""
    merchant_after: Elapsed = timedelta(days=4)
    """To the merchant."""
    expire_after: Elapsed = timedelta(days=7)
    decide_in_temporal: bool = False
    """Whether operators may take the merchant's decision in the Temporal UI, which does not prove who they are."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.escalate_after < self.merchant_after < self.expire_after:
            raise ValueError("escalate_after, merchant_after and expire_after must follow each other")
        return self


class LeftSubmitter(StrEnum):
    """What becomes of an attested order whose submitter is no longer an active member (OR-07)."""

    REFUSE = "refuse"
    PLACE = "place"


class PlacementPolicy(Policy):
    """What happens once an order may be placed (OR-03, OR-07)."""

    confirm_invoice_orders_at_once: bool = True
    confirm_provider_orders_at_once: bool = False
    submitter_left: LeftSubmitter = LeftSubmitter.REFUSE
