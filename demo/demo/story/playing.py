"""Plays the parts, side by side where the story allows it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

from demo.story import part1_colleagues as colleagues
from demo.story import part1_shop as shop
from demo.story import part2_applications as applications
from demo.story import part3_people as people
from demo.story import part4_created_company as created
from demo.story import part5_orders as orders
from demo.story import part5_substitute as substitute
from demo.story import part6_suspension as suspension
from demo.story import part7_back_office as office
from demo.story.sessions import Member
from demo.story.world import World, together


async def play(world: World) -> None:
    """
    Raises:
        BaseExceptionGroup: a part broke; its step says why.
    """
    first = world.story.part(1)
    await shop.open_shop(world, first)
    await colleagues.add_colleagues(world, first)
    shelves = asyncio.create_task(shop.fill_shelves(world, first))
    taken_number: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    _, _, caterer, nordic = await together(
        _wait_for(shelves),
        _applicants(world, shelves),
        _caterer(world, shelves, taken_number),
        _nordic(world, shelves, taken_number),
    )
    await created.all_seven_were_seen(world, world.story.part(4))
    await _back_office(world, caterer, nordic)


async def _wait_for(task: asyncio.Task[None]) -> None:
    await task


async def _applicants(world: World, shelves: asyncio.Task[None]) -> None:
    """The applicants that the rest of the story does not need."""
    second = world.story.part(2)

    async def brasserie() -> None:
        await shelves  # its approval gives a price list
        await applications.brasserie_is_enabled(world, second)

    await together(applications.silent_one_is_withdrawn(world, second), brasserie())


async def _caterer(world: World, shelves: asyncio.Task[None], taken_number: asyncio.Future[str]) -> people.People:
    """Applies, invites its people, orders, and is suspended."""
    second = world.story.part(2)
    application = await applications.caterer_applies(world, second)
    _, members = await together(
        applications.twin_is_rejected(world, second, application),
        _customer(world, application, shelves, taken_number),
    )
    return cast(people.People, members)


async def _customer(
    world: World,
    application: applications.Application,
    shelves: asyncio.Task[None],
    taken_number: asyncio.Future[str],
) -> people.People:
    second = world.story.part(2)
    await applications.caterer_is_asked(world, second, application)
    await shelves
    await applications.caterer_is_approved(world, second, application, await taken_number)
    third = world.story.part(3)
    administrator = await people.administrator_accepts(world, third, application)
    invitation_id = await people.invite_who_never_answers(world, third, administrator)
    members, _ = await together(
        _buyers(world, administrator, application.firm.legal_name),
        people.one_never_answers(world, third, administrator, invitation_id),
    )
    await suspension.suspend_and_reactivate(world, world.story.part(6), members)
    return cast(people.People, members)


async def _buyers(world: World, administrator: Member, company_name: str) -> people.People:
    members = await people.people_are_invited(world, world.story.part(3), administrator, company_name)
    fifth = world.story.part(5)
    expiring = await orders.submit_expiring_order(world, fifth, members)
    branches: list[Coroutine[Any, Any, None]] = [
        orders.order_expires(world, fifth, members, expiring),
        orders.attested_order(world, fifth, members),
        orders.declined_order(world, fifth, members),
        orders.invoice_order(world, fifth, members),
        substitute.substituted_order(world, fifth, members),
    ]
    await together(*branches)
    await orders.overview(world, fifth, members)
    await orders.list_of_a_contact(world, fifth, members)
    return members


async def _nordic(world: World, shelves: asyncio.Task[None], taken_number: asyncio.Future[str]) -> str:
    """The company that the merchant creates; its customer number is the one that is taken. Its id."""
    fourth = world.story.part(4)
    try:
        company_id, number = await created.create_company(world, fourth)
    except BaseException:
        taken_number.cancel()
        raise
    taken_number.set_result(number)
    await shelves
    await created.walk_to_enabled(world, fourth, company_id)
    return company_id


async def _back_office(world: World, caterer: people.People, nordic_id: str) -> None:
    """One after the other, when nobody else acts."""
    seventh = world.story.part(7)
    await office.closed_storefront(world, seventh)
    duplicate_id = await office.import_companies(world, seventh)
    await office.own_companies(world, seventh, caterer.buyer.company_id, nordic_id)
    await office.merge_duplicate(world, seventh, duplicate_id, caterer.buyer.company_id)
    await office.erase(world, seventh, caterer)
