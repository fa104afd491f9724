"""A release of identity that is newer than ours: what we do not know of a buyer allows nothing, and stops nobody else."""

from contracts.identity.values import CustomerStatus, Permission


async def test_an_unknown_status_allows_nothing_until_it_is_one_that_does(world):
    company_id = await world.company(CustomerStatus.of("frozen"))
    buyer = await world.buyer(company_id)
    answer = await world.submit(buyer)
    assert (answer.status_code, answer.json()["code"]) == (403, "customer-frozen")
    await world.company(company_id=company_id)
    assert (await world.submit(buyer)).status_code == 201


async def test_an_unknown_permission_is_none_that_is_asked_for(world):
    company_id = await world.company()
    buyer = await world.member(company_id, Permission.BUY, Permission.of("fly"))
    assert (await world.submit(buyer)).status_code == 201
    other = await world.member(company_id, Permission.of("fly"))
    assert (await world.submit(other)).status_code == 403
