"""ID-27: a person is told what is kept of him, and erased; the books stay, and nothing that we keep knows him any more."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from demo.story.part1_shop import GROUP, WEBSHOP
from demo.story.part2_applications import application_body

from chassis import clock
from chassis.ids import new_id
from contracts import catalogue
from contracts.identity.topics import CONTACT_STATE
from local_stack.layout import SERVICES, Layout
from tests.journeys.people import attest_when_asked, company_that_buys, join, order
from tests.waiting import eventually

COMPACTED_AT_ONCE = {
    "max.compaction.lag.ms": "1",
    "segment.ms": "100",
    "min.cleanable.dirty.ratio": "0.001",
}


@pytest.fixture
def planted(world):
    """A person whose name and address stand nowhere else."""
    word = f"planted{new_id().hex[-10:]}"
    return replace(world.cast.caterer.people[3], name=f"Iris {word}", email=f"{word}@{word}.example")


def word_of(person) -> str:
    return person.email.partition("@")[0]


async def test_a_member_is_erased_and_the_orders_stay(stack, world, planted):
    """He was invited, signed in, asked for a password, ordered and was mailed."""
    company = await company_that_buys(world)
    person = await join(world, company.administrator, planted, role="user", always_attested=True)
    placed = await order(world, person)
    await attest_when_asked(world, company.attester, placed)
    await world.identity.call("POST", "/password-resets", body={"email": planted.email})
    await world.mailbox.mail(planted.email, "password-reset")
    contact_id = (await world.identity.call("GET", "/me", token=person.token))["member"]["contact_id"]
    contact = f"/contacts/{contact_id}"
    assert await stores_that_know(stack, word_of(planted)) >= {"identity.contacts", "notifications.contacts"}

    told = await world.identity.call("GET", f"{contact}/personal-data", token=world.staff)
    assert told["contact"]["email"] == planted.email
    assert [one["id"] for one in told["members"]] == [person.member_id]
    assert [one["status"] for one in told["invitations"]] == ["accepted"]
    assert told["sessions"]
    refusal = await world.identity.refused(409, "person-in-use", "POST", f"{contact}/erase", token=world.staff)
    assert refusal["members"] == [person.member_id]

    await world.identity.call("DELETE", f"/members/{person.member_id}", token=company.administrator.token)
    erased = await world.identity.call("POST", f"{contact}/erase", token=world.staff)
    again = await world.identity.call("POST", f"{contact}/erase", token=world.staff)
    assert erased["erased_at"] == again["erased_at"]

    await nothing_knows(stack, word_of(planted))
    assert (await world.identity.call("GET", contact, token=world.staff))["name"] == "erased"
    credentials = {"kind": "member", "email": planted.email, "password": planted.password}
    await world.identity.refused(401, "credentials-invalid", "POST", "/sessions", body=credentials)
    query = {"member_id": person.member_id}
    kept = await world.orders.call("GET", "/orders", token=world.staff, query=query)
    assert [one["number"] for one in kept["items"]] == [placed.number]
    log = await world.identity.call(
        "GET", "/activity", token=world.staff, query={"actor": f"member:{person.member_id}"}
    )
    assert log["items"]
    await nothing_is_left_on_kafka(stack, world, word_of(planted))


async def test_an_applicant_is_erased_with_all_that_he_wrote(stack, world, planted):
    """The application stays, without his name and without his words."""
    firm = replace(world.cast.silent, people=(planted,))
    body = application_body(firm, WEBSHOP, with_password=False)
    body["company"]["email"] = "office@firm.example"
    application = await world.identity.call("POST", "/applications", body=body)
    path = f"/applications/{application['application_id']}"
    question = {"text": f"Who is {planted.name}?"}
    await world.identity.call("POST", f"{path}/questions", token=world.staff, body=question)
    token = (await world.mailbox.mail(planted.email, "application-question")).token("answer")
    answer = {"text": f"{planted.name} bakes bread."}
    await world.identity.call("POST", f"/application-questions/{token}/answer", body=answer)
    [found] = (await world.identity.call("GET", "/contacts", token=world.staff, query={"email": planted.email}))[
        "items"
    ]
    contact = f"/contacts/{found['id']}"
    told = await world.identity.call("GET", f"{contact}/personal-data", token=world.staff)
    assert [one["answer"] for one in told["questions"]] == [answer["text"]]
    await world.identity.refused(409, "person-in-use", "POST", f"{contact}/erase", token=world.staff)

    await world.identity.call("POST", f"{path}/withdraw", token=world.staff)
    await world.identity.call("POST", f"{contact}/erase", token=world.staff)

    await nothing_knows(stack, word_of(planted))
    kept = await world.identity.call("GET", path, token=world.staff)
    assert [one["answer"] for one in kept["questions"]] == ["erased"]


async def test_one_of_the_staff_who_has_left_is_erased_and_what_he_did_stays(stack, world, planted):
    """He asked for access, chose a password by a mailed link, signed in, opened a group, and was mailed."""
    asked = {"name": planted.name, "email": planted.email, "organisation": f"Bureau {word_of(planted)}"}
    asked |= {"wanted_role": "Texts", "reason": f"{planted.name} writes", "language": "nl"}
    await world.identity.call("POST", "/access-requests", body=asked)
    found = await world.identity.call("GET", "/access-requests", token=world.staff, query={"status": "open"})
    (request,) = [one for one in found["items"] if one["email"] == planted.email]
    terms = {"role": "administrator", "until": (clock.now() + timedelta(days=30)).isoformat()}
    path = f"/access-requests/{request['id']}/grant"
    staff_id = (await world.identity.call("POST", path, token=world.staff, body=terms))["staff_id"]
    token = (await world.mailbox.mail(planted.email, "staff-password")).token("password")
    chosen = {"token": token, "password": planted.password}
    await world.identity.call("POST", "/staff-passwords/confirm", body=chosen)
    credentials = {"kind": "staff", "email": planted.email, "password": planted.password}
    signed_in = await world.identity.call("POST", "/sessions", body=credentials)
    group = {"code": f"group-{word_of(planted)[-10:]}", "names": {"en": "Bakeries"}}
    await world.identity.call("POST", "/groups", token=signed_in["access_token"], body=group)
    known = {"identity.staff", "identity.access_requests", "notifications.contacts"}
    assert await stores_that_know(stack, word_of(planted)) >= known
    staff = f"/staff/{staff_id}"
    await world.identity.refused(409, "staff-active", "POST", f"{staff}/erase", token=world.staff)

    await world.identity.call("POST", f"{staff}/deactivate", token=world.staff)
    await world.identity.call("POST", f"{staff}/erase", token=world.staff)

    await nothing_knows(stack, word_of(planted))
    await world.identity.refused(401, "credentials-invalid", "POST", "/sessions", body=credentials)

    async def logged():
        log = await world.identity.call("GET", "/activity", token=world.staff, query={"actor": f"staff:{staff_id}"})
        return log["items"]

    await eventually(logged, what="the activity log has what he did")
    await nothing_is_left_on_kafka(stack, world, word_of(planted))


async def nothing_knows(stack, word: str) -> None:
    """No table of any service, once notifications has read the tombstone; and no log."""

    async def gone():
        return not await stores_that_know(stack, word)

    await eventually(gone, what="no table knows him")
    logs = Layout(stack.name).logs
    assert [log.name for log in logs.glob("*.log") if word in log.read_text(errors="replace")] == []


async def stores_that_know(stack, word: str) -> set[str]:
    """`service.table` of all tables with this word in any column."""
    found = set()
    for service in SERVICES:
        connection = await asyncpg.connect(f"{stack.postgres.rsplit('/', 1)[0]}/{service}")
        try:
            tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for (table,) in tables:
                bytes_of = await connection.fetch(
                    "SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND data_type = 'bytea'",
                    table,
                )
                texts = ["row::text", *(f"encode({name}, 'escape')" for (name,) in bytes_of)]
                condition = " OR ".join(f"{text} ILIKE $1" for text in texts)
                if await connection.fetchval(
                    f'SELECT EXISTS (SELECT FROM "{table}" row WHERE {condition})', f"%{word}%"
                ):
                    found.add(f"{service}.{table}")
        finally:
            await connection.close()
    return found


async def nothing_is_left_on_kafka(stack, world, word: str) -> None:
    """The closed topic once it is compacted, which takes a day in production and is hurried here; the others at once."""
    assert [name for name in await topics_that_know(stack, word) if name != CONTACT_STATE.name] == []
    async with _compacted_at_once(stack):

        async def gone():
            # A segment that is written to is not compacted: others are written to, so that it is closed.
            body = {
                "name": "Somebody Else",
                "email": f"{new_id().hex}@firm.example",
                "language": "nl",
                "groups": [GROUP],
            }
            await world.identity.call("POST", "/contacts", token=world.staff, body=body)
            return not await topics_that_know(stack, word)

        await eventually(gone, seconds=120, what="the topic is compacted")


@asynccontextmanager
async def _compacted_at_once(stack):
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    try:
        await admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, CONTACT_STATE.name, CONTACT_STATE.config | COMPACTED_AT_ONCE)]
        )
        yield
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, CONTACT_STATE.name, CONTACT_STATE.config)])
    finally:
        await admin.close()


async def topics_that_know(stack, word: str) -> set[str]:
    places = [TopicPartition(topic.name, number) for topic in catalogue.topics() for number in range(topic.partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka, enable_auto_commit=False)
    await consumer.start()
    found = set()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for place, batch in (await consumer.getmany(timeout_ms=500)).items():
                if any(word.encode() in (record.value or b"") for record in batch):
                    found.add(place.topic)
    finally:
        await consumer.stop()
    return found
