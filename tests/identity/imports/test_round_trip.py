"""What is exported is imported again and changes nothing (ID-24)."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.spreadsheets import neutral, plain
from identity.imports.cells import joined, parted
from identity.imports.stored_file import PIECE
from identity.imports.table_file import open_table, written_row
from tests.identity.imports.office import Office, cells_of, counts

COMPANIES = (
    "number,legal_name,country,language,storefront,vat_number,phone,groups,sales_representative,pays_by_invoice,"
    "invoice_days,credit_limit,vat_exempt,with_account_access,delivery_address_line1,delivery_address_postal_code,"
    "delivery_address_city,delivery_address_country,key_erp\n"
    "K-1,'=1+1 B.V.,NL,nl,main,NL123456782B90,+31 20 1234567,retail|horeca,anna,yes,30,5000.00 EUR,"
    "no,yes,Kade 1,1011,Adam,NL,4711\n"
    'K-2,"Lenoir, ""Le Bon""; père & fils",FR,fr,main,FR40303265045,-1,,,no,,,yes,no,,,,,\n'
)
CONTACTS = (
    "email,name,language,company,groups,phones,address_line1,address_postal_code,address_city,address_country\n"
    "iris@example.com,'@Iris,nl,K-1,,+31 20 1|a\\|b,Kade 1,1011,Adam,NL\n"
    "noor@example.com,Noor | Smit,sv,,retail,,,,,\n"
)
MEMBERS = (
    "company,email,name,language,role,permissions,always_attested,limit_per_order,limit_per_month\n"
    "K-1,bo@example.com,Bo,nl,administrator,,no,,\n"
    "K-1,jo@example.com,Jo,de,employee,buy|see_prices,yes,10.50 EUR,100 EUR\n"
)


async def everything(office: Office) -> None:
    for kind, content in (("companies", COMPANIES), ("contacts", CONTACTS), ("members", MEMBERS)):
        done = await office.bring_in(kind, content)
        assert counts(done) == (2, 0, 0, 0), await office.outcomes(done)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_an_exported_file_is_imported_again_without_a_change(office: Office, form: str) -> None:
    await everything(office)
    events = await office.scalar("SELECT count(*) FROM outbox")
    for kind, rows in (("companies", 2), ("contacts", 4), ("members", 2)):
        exported = await office.export(kind, form)
        done = await office.bring_in(kind, exported)
        assert counts(done) == (0, 0, rows, 0), await office.outcomes(done)
    assert await office.scalar("SELECT count(*) FROM outbox") == events


async def test_what_a_spreadsheet_would_run_is_made_harmless(office: Office) -> None:
    await everything(office)
    rows = [row for kind in ("companies", "contacts", "members") for row in cells_of(await office.export(kind))]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert {"'=1+1 B.V.", "'+31 20 1234567", "'-1", "'@Iris"} <= {cell for row in rows for cell in row}


async def test_exports_are_filtered_as_the_lists_are(office: Office) -> None:
    await everything(office)

    async def first_cells(kind: str, place: int = 0, **params: str) -> list[str]:
        return sorted(row[place] for row in cells_of(await office.export(kind, **params))[1:])

    assert await first_cells("companies") == ["K-1", "K-2"]
    assert await first_cells("companies", group="horeca") == ["K-1"]
    assert await first_cells("companies", status="none") == ["K-1", "K-2"]
    assert await first_cells("companies", status="enabled") == []
    company_id = (await office.company("K-1"))["id"]
    assert await first_cells("contacts", 1, company_id=company_id) == [
        "bo@example.com",
        "iris@example.com",
        "jo@example.com",
    ]
    assert await first_cells("contacts", 1, group="horeca") == ["bo@example.com", "iris@example.com", "jo@example.com"]
    assert await first_cells("members", 1, company_id=company_id) == ["bo@example.com", "jo@example.com"]


async def test_pages_of_an_export_leave_nobody_out(office: Office) -> None:
    header = "email,name,language,groups\n"
    rows = "".join(f"p{number}@example.com,P,nl,retail\n" for number in range(1_203))
    await office.bring_in("contacts", header + rows)
    exported = cells_of(await office.export("contacts"))[1:]
    assert sorted(row[1] for row in exported) == sorted(f"p{number}@example.com" for number in range(1_203))


cells = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=2, max_size=5)


@given(st.lists(cells, min_size=1, max_size=5))
def test_what_we_write_is_read_back_alike(rows: list[list[str]]) -> None:
    """Whatever the cells hold: quotes, delimiters, line breaks, formulas, apostrophes, NUL."""
    buffer = io.StringIO()
    header = [f"c{number}" for number in range(len(rows[0]))]
    content = "".join(written_row(map(neutral, row), buffer) for row in [header, *rows])
    found, records = open_table(io.BytesIO(content.encode("utf-8-sig")))  # type: ignore[arg-type]
    assert found == header
    assert [[plain(cell) for cell in row] for _, row in records] == [row for row in rows if any(row)]


@given(st.text())
def test_what_is_made_harmless_is_never_a_formula_and_comes_back(cell: str) -> None:
    assert plain(neutral(cell)) == cell
    assert not neutral(cell).startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.lists(st.text(min_size=1).map(str.strip).filter(bool)))
def test_several_values_in_a_cell_come_back(values: list[str]) -> None:
    assert parted(joined(values)) == values


async def test_a_file_of_many_pieces_is_read_whole(office: Office) -> None:
    header = "email,name,language,groups,address_line1,address_postal_code,address_city,address_country\n"
    rows = "".join(f"p{number}@example.com,Pål {'é' * 180},nl,retail,K,1,A,NL\n" for number in range(3_000))
    assert len((header + rows).encode()) > 2 * PIECE
    progress = await office.preview("contacts", header + rows)
    assert counts(progress) == (3_000, 0, 0, 0)
    assert len(list(csv.reader(io.StringIO(rows)))) == progress["rows"]
