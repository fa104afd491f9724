"""ID-26: the price lists of a company that was merged go along where the merchant chose so, and stay where he did not."""

from typing import Any, cast
from uuid import UUID

import pytest
from aiokafka import ConsumerRecord

from chassis.clock import now
from chassis.consumers import BatchConsumer
from chassis.ids import new_id
from contracts.identity.events import CompanyMerged, PriceListsOfMerged
from contracts.identity.topics import COMPANY
from contracts.pricing.events import TermsGiven, TermsTakenBack
from contracts.shared.envelope import Envelope
from pricing.app import service
from tests.pricing.merchant import Merchant, accepted


async def lists(merchant: Merchant, company: UUID) -> list[str]:
    return (await accepted(merchant.staff.get(f"/terms/company/{company}"))).json()["price_lists"]


async def give(merchant: Merchant, company: UUID, *codes: str) -> None:
    for code in codes:
        body = {"assignee_kind": "company", "assignee": str(company), "price_list": code}
        await accepted(merchant.staff.post("/terms", json=body))


async def merged(merchant: Merchant, twin: UUID, kept: UUID, choice: PriceListsOfMerged) -> None:
    event = CompanyMerged(
        company_id=twin, number="C-2", merged_into=kept, merged_into_number="C-1", price_lists=choice, merged_at=now()
    )
    envelope = Envelope(new_id(), event.type, "/countersign/test", str(twin), now(), 1, 1)
    record: Any = ConsumerRecord(
        COMPANY.name,
        0,
        0,
        0,
        0,
        str(twin).encode(),
        event.model_dump_json().encode(),
        None,
        0,
        0,
        envelope.to_headers(),
    )
    reader = next(one for one in service.readers if one.topic == COMPANY)
    await BatchConsumer(reader, merchant.database, cast(Any, None)).handle([record])


@pytest.fixture
async def twins(merchant: Merchant) -> tuple[UUID, UUID]:
    for code in ("retail", "special", "old"):
        await merchant.price_list(code)
    kept, twin = new_id(), new_id()
    await give(merchant, kept, "retail")
    await give(merchant, twin, "special", "retail")
    return kept, twin


async def test_they_are_given_to_the_one_that_remains_once(merchant, twins):
    kept, twin = twins
    for _ in range(2):
        await merged(merchant, twin, kept, PriceListsOfMerged.MOVE)
    assert await lists(merchant, kept) == ["retail", "special"]
    assert await lists(merchant, twin) == []
    assert len(await merchant.published(TermsGiven)) == 4
    assert len(await merchant.published(TermsTakenBack)) == 2


async def test_they_stay_where_the_merchant_chose_so(merchant, twins):
    kept, twin = twins
    await merged(merchant, twin, kept, PriceListsOfMerged.LEAVE)
    assert await lists(merchant, kept) == ["retail"]
    assert await lists(merchant, twin) == ["special", "retail"]


async def test_a_company_that_was_given_nothing_is_merged_without_effect(merchant, twins):
    kept, _ = twins
    await merged(merchant, new_id(), kept, PriceListsOfMerged.MOVE)
    assert await lists(merchant, kept) == ["retail"]


async def test_a_list_that_has_ended_is_not_given_again(merchant, twins):
    kept, twin = twins
    await give(merchant, twin, "old")
    body = {"currency": "EUR", "valid_until": now().isoformat()}
    await accepted(merchant.staff.put("/price-lists/old", json=body, headers={"If-Match": "*"}))
    await merged(merchant, twin, kept, PriceListsOfMerged.MOVE)
    assert await lists(merchant, kept) == ["retail", "special"]
    assert await lists(merchant, twin) == []
