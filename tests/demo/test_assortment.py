import gzip
from collections import Counter
from decimal import Decimal

import pytest
from demo.wholesale.assortment import CartLine
from demo.wholesale.invented import CART_LINES, invented_assortment
from demo.wholesale.invoice_file import UnreadableFile
from demo.wholesale.transactions_file import assortment_from
from demo.wholesale.vocabulary import LANGUAGES

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


def test_the_invented_wholesaler_is_large_and_the_same_each_time():
    assortment = invented_assortment()
    assert len(assortment.articles) >= 2_000
    assert len({article.code for article in assortment.articles}) == len(assortment.articles)
    assert all(set(article.names) == set(LANGUAGES) for article in assortment.articles)
    assert {article.vat_class for article in assortment.articles} == {"standard", "reduced"}
    assert assortment == invented_assortment()
    assert assortment.base != invented_assortment(seed=1).base


def test_the_invented_cart_reaches_every_list_and_several_tiers():
    assortment = invented_assortment()
    found = [assortment.price(line.article, line.quantity) for line in assortment.cart]
    assert len(assortment.cart) == CART_LINES
    assert set(Counter(level for level, _ in found)) == {"company", "group", "base"}
    assert len({tier.from_quantity for _, tier in found}) >= 3


def test_tiers_become_cheaper_with_the_quantity():
    assortment = invented_assortment()
    for tiers in (*assortment.wholesale.values(), *assortment.group.values()):
        assert [tier.from_quantity for tier in tiers] == sorted({tier.from_quantity for tier in tiers})
        assert [tier.price for tier in tiers] == sorted((tier.price for tier in tiers), reverse=True)
        assert tiers[0].from_quantity == 1


def test_the_nearest_list_with_the_article_gives_the_price():
    assortment = invented_assortment()
    both = next(code for code in assortment.wholesale if code in assortment.group)
    level, tier = assortment.price(both, 1)
    assert (level, tier) == ("company", assortment.wholesale[both][0])
    assert assortment.net(CartLine(both, 3)) == (tier.price * 3).quantize(Decimal("0.01"))


def sales_file(tmp_path, *, name="sales.csv", lines=""):
    rows = "".join(
        f"5001,A{n:03},LANTERN {n},{1 + n % 5},2010-12-01 08:26:00,{2 + n % 7}.50,17850,United Kingdom\n"
        for n in range(45)
    )
    path = tmp_path / name
    content = (HEADER + rows + lines).encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


@pytest.mark.parametrize("name", ["sales.csv", "sales.csv.gz"])
def test_a_file_of_transactions_gives_articles_prices_and_a_cart(tmp_path, name):
    assortment = assortment_from(sales_file(tmp_path, name=name))
    assert len(assortment.articles) == 45
    assert assortment.articles[3].names == {"en": "LANTERN 3"}
    assert assortment.base["A003"][0].price == Decimal("5.50")
    assert len(assortment.cart) == CART_LINES
    assert assortment.skipped == {}


def test_rows_that_are_no_sales_are_skipped_and_counted(tmp_path):
    lines = (
        "5002,POST,POSTAGE,1,2010-12-01 09:00:00,18.00,17850,France\n"
        "5002,m,Manual,1,2010-12-01 09:00:00,1.00,17850,France\n"
        "C5003,A001,LANTERN 1,-2,2010-12-01 09:00:00,3.50,17850,United Kingdom\n"
        "5004,A001,,-9,2010-12-01 09:00:00,0.00,,United Kingdom\n"
        "5005,A001,LANTERN 1,two,2010-12-01 09:00:00,3.50,,United Kingdom\n"
        "5006,GIFT CARD,GIFT,2,2010-12-01 09:00:00,3.50,,United Kingdom\n"
    )
    assortment = assortment_from(sales_file(tmp_path, lines=lines))
    assert len(assortment.articles) == 45
    assert assortment.skipped == {
        "POST: carriage": 1,
        "M: manual": 1,
        "cancellation": 1,
        "stock correction": 1,
        "a quantity, date or price that is none": 1,
        "not an article code": 1,
    }


def test_a_lower_price_at_a_higher_quantity_becomes_a_tier(tmp_path):
    lines = "".join(
        f"6{n},A001,LANTERN 1,{quantity},2010-12-02 08:00:00,{price},,United Kingdom\n"
        for n, (quantity, price) in enumerate([(2, "3.50"), (2, "3.50"), (48, "2.95"), (96, "2.55")])
    )
    assortment = assortment_from(sales_file(tmp_path, lines=lines))
    tiers = [(tier.from_quantity, tier.price) for tier in assortment.wholesale["A001"]]
    assert tiers == [(1, Decimal("3.50")), (48, Decimal("2.95")), (96, Decimal("2.55"))]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"Invoice,Article\n1,2\n", "no column"),
        (HEADER.encode() + b"1,2,3\n", "no invoice of 40 articles"),
        (HEADER.encode(), "no invoice of 40 articles"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_a_file_of_another_kind_is_refused_in_a_sentence(tmp_path, content, says):
    path = tmp_path / "other.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=says):
        assortment_from(path)


def test_a_damaged_archive_is_refused_in_a_sentence(tmp_path):
    path = sales_file(tmp_path, name="sales.csv.gz")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UnreadableFile, match="cannot be read"):
        assortment_from(path)
