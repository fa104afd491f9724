"""OP-07: every row of a file has its place: played, set aside or not played, each by name; nothing stops the reading."""

import gzip
from decimal import Decimal

import pytest
from demo.replay_invoices.codes import codes_for
from demo.replay_invoices.countries import UNKNOWN, country_code
from demo.replay_invoices.documents import NotPlayed, SetAside, documents_of, is_walk_in
from demo.wholesale.invoice_file import InvoiceRow, NoArticle, UnreadableFile, UnreadableRow, read_invoice_rows

from tests.demo.replay_invoices.past import HEADER, Book, by_number

ROW = "536365,85123A,LANTERN,6,{at},2.55,17850,United Kingdom"


def rows_of(tmp_path, text, *, name="past.csv", encoding="utf-8"):
    path = tmp_path / name
    content = text.encode(encoding)
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return list(read_invoice_rows(path))


@pytest.mark.parametrize(
    ("at", "means"),
    [
        ("2010-12-01 08:26:00", "2010-12-01T08:26:00"),
        ("2010-12-01T08:26", "2010-12-01T08:26:00"),
        ("2010-12-01", "2010-12-01T00:00:00"),
        ("12/1/2010 8:26", "2010-12-01T08:26:00"),
        ("31/12/2010 8:26", "2010-12-31T08:26:00"),
        ("1.12.2010 08:26:30", "2010-01-12T08:26:30"),
    ],
)
def test_dates_are_read_as_people_and_programs_write_them(tmp_path, at, means):
    (row,) = rows_of(tmp_path, f"{HEADER}\n{ROW.format(at=at)}\n")
    assert row.at.isoformat() == means


def test_one_date_that_can_only_be_read_with_the_day_first_decides_for_the_file(tmp_path):
    text = f"{HEADER}\n{ROW.format(at='1/12/2010 8:26')}\n{ROW.format(at='13/12/2010 8:26')}\n"
    assert [row.at.month for row in rows_of(tmp_path, text)] == [12, 12]


@pytest.mark.parametrize("name", ["past.csv", "past.csv.gz"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiter_encoding_and_compression_are_found_out(tmp_path, name, encoding, delimiter):
    header = HEADER.replace(",", delimiter)
    line = delimiter.join(["1", "10a", "CAFÉ £5", "2", "2010-12-01 08:26", "2.55", "17850.0", "EIRE"])
    (row,) = rows_of(tmp_path, f"{header}\r\n{line}\r\n", name=name, encoding=encoding)
    assert (row.code, row.description, row.customer) == ("10A", "CAFÉ £5", "17850")
    assert row.price == Decimal("2.55")


def test_columns_may_be_called_and_ordered_otherwise(tmp_path):
    text = (
        "Country,Customer ID,Price,Invoice,StockCode,Description,Quantity,InvoiceDate\nFrance,,1,9,A,x,2,2010-12-01\n"
    )
    (row,) = rows_of(tmp_path, text)
    assert (row.document, row.price, row.customer, row.country) == ("9", Decimal(1), None, "France")


@pytest.mark.parametrize(
    "line",
    [
        "1,10A,x,two,2010-12-01,2.55,17850,France",
        "1,10A,x,1.5,2010-12-01,2.55,17850,France",
        "1,10A,x,2,yesterday,2.55,17850,France",
        "1,10A,x,2,2010-13-41,2.55,17850,France",
        "1,10A,x,2,40/40/2010 8:00,2.55,17850,France",
        "1,10A,x,2,2010-12-01,NaN,17850,France",
        "1,10A,x",
        ",10A,x,2,2010-12-01,2.55,17850,France",
    ],
)
def test_a_row_that_says_nothing_is_counted_and_stops_nothing(tmp_path, line):
    bad, good = rows_of(tmp_path, f"{HEADER}\n{line}\n{ROW.format(at='2010-12-01')}\n")
    assert isinstance(bad, UnreadableRow)
    assert isinstance(good, InvoiceRow)


@pytest.mark.parametrize(
    ("content", "says"), [(b"a,b\n1,2\n", "no column"), (b"", "no column"), (b"\xff\xfe\x00\x01", "cannot be read")]
)
def test_a_file_of_another_kind_is_refused_in_a_sentence(tmp_path, content, says):
    path = tmp_path / "other.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=says):
        list(read_invoice_rows(path))


def test_an_empty_file_has_no_documents(tmp_path):
    assert Book().past(tmp_path).documents == ()


GOODS = ("10A", 2, "2.55")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (("POST", 1, "18.00"), NoArticle.CARRIAGE),
        (("D", 1, "-5.00"), NoArticle.DISCOUNT),
        (("m", 1, "3.00"), NoArticle.MANUAL),
        (("BANK CHARGES", 1, "15.00"), NoArticle.BOOKS),
        (("10B", 1, "0.00"), SetAside.FREE),
        (("10B", -1, "1.00"), SetAside.CORRECTION),
        (("10B", 1, "-1.00"), SetAside.CORRECTION),
        (("", 1, "1.00"), SetAside.NO_CODE),
    ],
)
def test_a_line_that_is_no_goods_is_set_aside_and_the_rest_is_played(tmp_path, line, reason):
    book = Book()
    number = book.sell("C1", GOODS, line)
    document = by_number(book.past(tmp_path))[number]
    assert document.why_not is None
    assert document.net == Decimal("5.10")
    assert document.set_aside == {reason: Decimal(line[2]) * line[1]}


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([("POST", 1, "18.00")], NotPlayed.NO_GOODS),
        ([("10A", 5, "0.00")], NotPlayed.FREE),
        ([("10A", -5, "0.00")], NotPlayed.CORRECTION),
        ([("B", 1, "-11062.06")], NotPlayed.ADJUSTMENT),
        ([("10A", 1, "2.55")] * 2001, NotPlayed.TOO_MANY_LINES),
        ([("10A", 10**12, "2.55")], NotPlayed.BEYOND_MEASURE),
        ([("10A", 1, "0.0000001")], NotPlayed.BEYOND_MEASURE),
    ],
)
def test_a_document_that_is_no_sale_is_not_played_by_name(tmp_path, lines, why):
    book = Book()
    number = book.sell("C1", *lines)
    assert by_number(book.past(tmp_path))[number].why_not is why


def test_an_invoice_with_an_unreadable_row_or_two_customers_is_not_played(tmp_path):
    book = Book()
    unreadable, two = book.sell("C1", GOODS), book.sell("C1", GOODS)
    book.raw(f"{unreadable},10A,candle,two,2010-03-01 10:00:00,2.55,C1,France")
    book.raw(f"{two},10A,candle,2,2010-03-01 11:00:00,2.55,C2,France")
    found = by_number(book.past(tmp_path))
    assert found[unreadable].why_not is NotPlayed.UNREADABLE
    assert found[two].why_not is NotPlayed.CONTRADICTS


def test_walk_in_sales_are_one_buyer_per_country_and_carriage(tmp_path):
    book = Book()
    book.sell("", GOODS)
    book.sell("", GOODS, ("DOT", 1, "9.00"))
    book.sell("", GOODS, country="EIRE")
    book.sell("17850", GOODS)
    buyers = [one.buyer for one in book.past(tmp_path).documents]
    assert len(set(buyers)) == 4
    assert [is_walk_in(one) for one in buyers] == [True, True, True, False]


def test_the_derived_part_is_the_first_four_fifths_by_time_and_no_moment_is_in_both(tmp_path):
    book = Book()
    for _ in range(10):
        book.sell("C1", GOODS)
    assert [one.derived for one in book.past(tmp_path).documents] == [True] * 8 + [False] * 2
    together = Book()
    for count in range(10):
        together.hours -= count == 8  # the ninth is of the moment of the eighth
        together.sell("C1", GOODS)
    assert [one.derived for one in together.past(tmp_path).documents] == [True] * 9 + [False]


def test_a_cancellation_holds_what_comes_back(tmp_path):
    book = Book()
    number = book.cancel("C1", GOODS, ("POST", 1, "18.00"))
    document = by_number(book.past(tmp_path))[number]
    assert document.cancels
    assert [(line.quantity, line.net) for line in document.lines] == [(2, Decimal("5.10"))]


def test_codes_are_what_countersign_takes_and_never_the_same_for_two():
    codes = codes_for(["10A", "gift 1", "gift/1", "gift-1", "é", "x" * 90], "rp1")
    assert codes["10A"] == "rp1.10A"
    assert len(set(codes.values())) == 6
    assert all(len(one) <= 63 and one.isascii() and " " not in one for one in codes.values())


@pytest.mark.parametrize(
    ("name", "code"),
    [("United Kingdom", "GB"), ("EIRE", "IE"), ("RSA", "ZA"), ("USA", "US"), ("Channel Islands", "JE"), ("nl", "NL"),
     ("Unspecified", UNKNOWN), ("European Community", UNKNOWN), ("", UNKNOWN)],
)  # fmt: skip
def test_countries_are_found_by_name(name, code):
    assert country_code(name) == code


def test_reading_twice_gives_the_same(tmp_path):
    book = Book()
    book.sell("C1", GOODS)
    assert book.past(tmp_path) == book.past(tmp_path)
    assert documents_of([]).documents == ()
