import csv
import io
from datetime import UTC, datetime

import pytest
from demo.steps import Step, Story, Trail, expect
from demo.story.cast import cast
from demo.story.part1_shop import VAT_RATES
from demo.timeline import missing, places_of
from demo.waiting import TimedOut, until
from demo.wholesale.csv_files import ARTICLE_COLUMNS, articles_csv, prices_csv
from demo.wholesale.invented import invented_assortment


def test_a_run_has_people_of_its_own_and_the_same_ones_again():
    first, again, other = cast("a1"), cast("a1"), cast("b2")
    assert first == again
    assert not {p.email for f in first.firms for p in f.people} & {p.email for f in other.firms for p in f.people}
    assert first.caterer.numbers != other.caterer.numbers


def test_the_twin_has_the_vat_number_of_the_caterer_and_nothing_else_of_it():
    people = cast("a1")
    assert people.twin.numbers.vat == people.caterer.numbers.vat
    assert people.twin.numbers.registration != people.caterer.numbers.registration


def test_every_language_of_the_mails_is_somebodys():
    assert {p.language for f in cast("a1").firms for p in f.people} == {"nl", "fr", "sv", "en", "de"}
    assert all(p.email.endswith(".example") and p.email.isascii() for f in cast("a1").firms for p in f.people)


def test_the_article_file_holds_every_article_and_the_wrong_rows():
    articles = invented_assortment().articles
    file = articles_csv(articles)
    rows = list(csv.DictReader(io.StringIO(file.content.decode())))
    assert tuple(rows[0]) == ARTICLE_COLUMNS
    assert len(rows) == file.rows == len(articles) + file.wrong
    assert {article.code for article in articles} <= {row["code"] for row in rows}


def test_the_price_file_holds_every_tier_and_the_wrong_rows():
    prices = invented_assortment().wholesale
    file = prices_csv(prices)
    rows = list(csv.DictReader(io.StringIO(file.content.decode())))
    assert len(rows) == file.rows == sum(map(len, prices.values())) + file.wrong


def test_every_vat_class_has_a_rate_in_every_country():
    classes = {article.vat_class for article in invented_assortment().articles}
    assert all(set(rates) == classes for rates in VAT_RATES.values())


async def test_a_step_tells_when_it_passed_and_why_it_failed():
    story = Story(lambda _: None)
    part = story.part(3)
    async with part.step("staff", "does something", "identity"):
        pass
    with pytest.raises(AssertionError):
        async with part.step("staff", "fails", "identity"):
            expect(False, "it is not so")
    assert [(step.number, step.failure) for step in story.steps] == [("3.01", ""), ("3.02", "it is not so")]
    assert story.failed == 1


async def test_waiting_ends_with_the_condition_or_with_a_sentence():
    answers = iter([None, None, "there"])

    async def probe():
        return next(answers)

    async def never():
        return None

    assert await until("something", probe) == "there"
    with pytest.raises(TimedOut, match="the moon"):
        await until("the moon", never, within=0.1)


def test_a_step_whose_event_was_never_seen_is_named():
    headers = {"ce_type": "countersign.orders.order.placed.v1", "ce_time": "2026-03-02T09:10:00Z"}
    places = places_of(
        [
            {
                "topic": "countersign.orders.order",
                "partition": 1,
                "offset": 7,
                "key": "o",
                "headers": headers,
                "value": {"by": "m"},
            }
        ]
    )
    step = Step("5.01", "who", "what", "orders", lambda _: None, at=datetime(2026, 3, 2, 9, 10, 1, tzinfo=UTC))
    step.event("orders.order.placed", "o")
    step.event("orders.order.placed", "o", by="m")
    assert missing([step], places) == []
    step.trails.append(Trail("countersign.orders.order.confirmed.v1", "o"))
    assert missing([step], places) == ["5.01 countersign.orders.order.confirmed.v1 of o"]
