"""Files of past invoices, made up here: a wholesaler of candles with every oddity that real files have."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from demo.replay_invoices.documents import Document, Past, documents_of
from demo.wholesale.invoice_file import read_invoice_rows

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
OPENING = datetime(2010, 3, 1, 9, 0)  # noqa: DTZ001 - the merchant's own time


@dataclass
class Book:
    """Writes documents one after the other, an hour apart."""

    rows: list[str] = field(default_factory=list)
    number: int = 1000
    hours: int = 0

    def sell(self, customer: str, *lines: tuple[str, int, str], country: str = "United Kingdom") -> str:
        """Lines: code, quantity, price. The number of the invoice."""
        self.number += 1
        return self._write(f"{self.number}", customer, lines, country)

    def cancel(self, customer: str, *lines: tuple[str, int, str], country: str = "United Kingdom") -> str:
        self.number += 1
        back = [(code, -quantity, price) for code, quantity, price in lines]
        return self._write(f"C{self.number}", customer, back, country)

    def raw(self, row: str) -> None:
        self.rows.append(row)

    def _write(self, number: str, customer: str, lines, country: str) -> str:
        self.hours += 1
        at = OPENING + timedelta(hours=self.hours)
        self.rows += [
            f"{number},{code},candle {code},{quantity},{at:%Y-%m-%d %H:%M:%S},{price},{customer},{country}"
            for code, quantity, price in lines
        ]
        return number

    @property
    def text(self) -> str:
        return "\n".join([HEADER, *self.rows, ""])

    def past(self, folder: Path) -> Past:
        path = folder / "past.csv"
        path.write_text(self.text)
        return documents_of(read_invoice_rows(path))


def by_number(past: Past) -> dict[str, Document]:
    return {one.number: one for one in past.documents}


def every_oddity() -> Book:
    """About forty documents; the first 80 % by time have prices with steps, customers' own prices and a change of prices,
    the rest has what nobody could have known."""
    book = Book()
    for week in range(2):
        for customer in ("C1", "C2", "C3", "C4"):
            book.sell(customer, ("10A", 1 + week, "2.55"), ("10B", 6, "0.85"), ("11", 48, "1.25"))
        book.sell("C5", ("11", 2, "1.45"), ("10A", 4, "2.55"))
        book.sell("C6", ("11", 3, "1.45"), ("pads", 2, "0.001"), country="EIRE")
    for customer in ("C7", "C8"):
        book.sell(customer, ("10a", 12, "2.10"), ("POST", 1, "18.00"), country="Unspecified")
    book.sell("C7", ("10A", 2, "1.99"))  # a price of his own
    book.sell("C7", ("10A", 2, "1.89"))  # and another one later
    book.sell("C8", ("10A", 2, "2.55"), ("10A", 12, "2.10"))  # one article on two lines
    book.sell("C9", ("10B", 5, "0.85"), ("10B", 5, "0.70"))  # one article and quantity at two prices
    whole = (("10A", 3, "2.55"), ("10B", 2, "0.85"))
    book.sell("C1", *whole)
    book.cancel("C1", *whole)  # comes back whole
    book.cancel("C2", ("11", 8, "1.25"))  # in part
    book.cancel("C3", ("12", 1, "9.95"))  # was never sold
    book.cancel("C4", ("D", 1, "27.50"))  # a discount
    book.sell("", ("10A", 1, "5.06"), ("DOT", 1, "99.00"), ("m", 1, "3.00"))  # walk-in, by post
    book.sell("", ("10A", 1, "5.06"), ("gift 1/20", 2, "17.50"))  # walk-in, over the counter
    book.sell("C2", ("10A", 1, "2.55"), ("11", 1, "0.00"))  # one line for free
    book.sell("", ("10B", -20, "0.00"))  # a stock correction
    book.sell("", ("10B", 20, "0.00"))
    book.sell("", ("AMAZONFEE", 1, "13541.33"))
    book.raw("A900,B,Adjust bad debt,1,2010-03-02 08:00:00,-11062.06,,United Kingdom")
    unreadable = book.sell("C1", ("10A", 1, "2.55"))
    book.raw(f"{unreadable},10A,candle,two,2010-03-02 08:00:00,2.55,C1,United Kingdom")
    book.raw("902,10A,candle")
    for customer in ("C1", "C2", "C3"):
        book.sell(customer, ("10B", 6, "0.85"))
    book.sell("C1", ("10A", 1, "2.75"))  # from here on the last part: a new price
    book.sell("C5", ("10A", 3, "1.99"))  # one that another customer had
    book.sell("C7", ("10A", 2, "1.99"))  # one that he had before
    book.sell("C1", ("13", 1, "7.50"), ("10B", 6, "0.85"))  # a new article
    book.sell("C4", ("gift 1/20", 1, "17.50"))  # only walk-in customers had it
    book.sell("C10", ("10A", 2, "2.55"), ("10B", 1, "0.85"), country="France")  # a new customer
    book.sell("C3", ("10A", 2, "2.55"))
    book.cancel("C3", ("10A", 1, "2.55"))
    return book
