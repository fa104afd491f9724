"""ID-20: a sales representative sees the prices of his own companies alone."""

from uuid import UUID

import httpx2
import pytest

from chassis.ids import new_id
from contracts.identity.values import StaffPermission
from tests.pricing.merchant import Merchant, accepted, refused

LAMP = {"article": "lamp", "quantity": "1"}


@pytest.fixture
def joost(merchant: Merchant) -> httpx2.AsyncClient:
    may = sorted(set(StaffPermission) - {StaffPermission.SEE_ALL_COMPANIES})
    return merchant.client(kind="staff", sub=str(new_id()), permissions=may, representative="joost")


async def company_of(merchant: Merchant, representative: str | None) -> UUID:
    company = await merchant.company()
    await merchant.change_company(company, sales_representative=representative)
    await merchant.give("retail", company=company)
    return company


async def test_he_prices_for_his_companies_and_for_no_other(merchant: Merchant, joost: httpx2.AsyncClient) -> None:
    await merchant.article("lamp")
    await merchant.price_list("retail", {"lamp": [{"from": "1", "price": "10"}]})
    await merchant.vat_rate("NL", "21")
    his, foreign, nobodys = [await company_of(merchant, one) for one in ("joost", "marit", None)]
    cart = {"company_id": str(his), "lines": [LAMP]}
    assert (await accepted(joost.post("/priced-carts", json=cart))).json()["cart"]["company_id"] == str(his)
    page = {"company_id": str(his), "articles": ["lamp"]}
    assert (await accepted(joost.post("/prices", json=page))).json()["items"][0]["unit_price"] == "10"
    assert (await accepted(joost.get(f"/terms/company/{his}"))).json()["price_lists"] == ["retail"]
    for other in (foreign, nobodys, new_id()):
        await refused(joost.post("/priced-carts", json={**cart, "company_id": str(other)}), 404, "not-found")
        await refused(joost.post("/prices", json={**page, "company_id": str(other)}), 404, "not-found")
        await refused(joost.get(f"/terms/company/{other}"), 404, "not-found")
    await refused(joost.get("/terms/group/retail"), 404, "not-found")


async def test_price_lists_are_for_who_sees_all_companies(merchant: Merchant, joost: httpx2.AsyncClient) -> None:
    """They are those of other customers, too."""
    await merchant.price_list("retail")
    for path in ("/price-lists", "/price-lists/retail", "/price-lists/retail/prices"):
        problem = await refused(joost.get(path), 403, "permission-missing")
        assert problem["permission"] == "see_all_companies"
    await accepted(joost.get("/articles"))
