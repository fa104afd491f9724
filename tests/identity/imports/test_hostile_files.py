"""Files that are not what they seem: refused as a whole with a clear error, and nothing is done or lost (ID-24)."""

import io
import zipfile

import pytest
from sqlalchemy import text

from chassis.http.app import MAX_UPLOAD
from identity.imports import table_file
from identity.imports.stored_file import PIECE
from tests.identity.imports.office import Office, counts, workbook

HEADER = "number,legal_name,country,language,storefront,vat_number\n"
ROW = "K-1,Bakkerij De Vries,NL,nl,main,NL123456782B90\n"
SHEET = "xl/worksheets/sheet1.xml"


def tampered(parts: dict[str, bytes], *, rows: list[list[str]] | None = None) -> bytes:
    """A workbook in which these parts were exchanged."""
    good = zipfile.ZipFile(io.BytesIO(workbook(rows or [HEADER.strip().split(","), ROW.strip().split(",")])))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name in dict.fromkeys([*good.namelist(), *parts]):
            package.writestr(name, parts[name] if name in parts else good.read(name))
    return buffer.getvalue()


def sheet(cells: str, before: str = "") -> bytes:
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    header = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in HEADER.strip().split(","))
    return (
        f'<?xml version="1.0"?>{before}<worksheet xmlns="{namespace}"><sheetData><row r="1">{header}</row>{cells}'
        "</sheetData></worksheet>"
    ).encode()


def text_cell(value: str) -> str:
    return f'<row r="2"><c r="A2" t="inlineStr"><is><t>{value}</t></is></c></row>'


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
FILES = {
    "blank": (b"\n\n", "file-empty"),
    "header alone": (HEADER.encode(), "file-empty"),
    "utf-16": ((HEADER + ROW).encode("utf-16"), "encoding-not-utf-8"),
    "latin-1, late": ((HEADER + ROW * 30_000).encode() + b"K-2,\xe9t\xe9,NL,nl,main,\n", "encoding-not-utf-8"),
    "no header": (ROW.encode(), "header-wrong"),
    "unknown column": (b"number,legal_nam\nK-1,x\n", "header-wrong"),
    "repeated column": (b"number,number\nK-1,K-1\n", "header-wrong"),
    "10,000 columns": (",".join(f"c{n}" for n in range(10_000)).encode() + b"\nx\n", "header-wrong"),
    "a header of 1 MB": (b"x" * 1_000_000 + b"\nx\n", "header-wrong"),
    "no workbook": (b"PK\x03\x04" + bytes(range(256)), "file-malformed"),
    "another package": (tampered({"[Content_Types].xml": b"<nothing/>"}), "file-malformed"),
    "cut off": (workbook([HEADER.strip().split(",")])[:-100], "file-malformed"),
    "bomb": (tampered({SHEET: sheet(text_cell("0" * 60_000_000))}), "file-too-large"),
    "entities": (tampered({SHEET: sheet(text_cell("&b;"), LAUGHS)}), "file-malformed"),
    "outside entity": (tampered({SHEET: sheet(text_cell("&a;"), OUTSIDE)}), "file-malformed"),
    "a row of a million cells": (tampered({SHEET: sheet(f'<row r="2">{"<c/>" * 1_000_000}</row>')}), "file-too-large"),
    "a table of styles without end": (tampered({"xl/styles.xml": b"<s>" + b"<a/>" * 1_000_000}), "file-too-large"),
    "rows without end": (
        tampered({SHEET: sheet('<row r="99999999999"><c r="A99999999999"/></row>')}),
        "file-too-large",
    ),
    "10,000 columns in a sheet": (workbook([[f"c{n}" for n in range(10_000)], ["x"]]), "header-wrong"),
}


@pytest.mark.parametrize(("content", "code"), FILES.values(), ids=FILES)
async def test_a_file_that_can_not_be_read_is_refused_as_a_whole(office: Office, content: bytes, code: str) -> None:
    progress = await office.preview("companies", content)
    assert (progress["status"], progress["error"]) == ("failed", code)
    assert progress["error_detail"]
    assert counts(progress) == (0, 0, 0, 0)
    left = "SELECT (SELECT count(*) FROM import_pieces) + (SELECT count(*) FROM import_rows)"
    assert await office.scalar(left) == 0
    answer = await office.http.post(f"/v1/imports/{progress['import_id']}/apply", headers=office.staff)
    assert (answer.status_code, answer.json()["code"]) == (409, "import-not-previewed")


async def test_a_column_that_is_unknown_is_refused_with_a_proposal(office: Office) -> None:
    progress = await office.preview("companies", "nummer,legal_name,<script>\nK-1,x,y\n")
    assert "'nummer' is unknown, number perhaps" in progress["error_detail"]


async def test_a_file_can_not_say_that_its_numbers_were_checked(office: Office) -> None:
    failed = await office.preview("companies", "number,numbers_checked\nK-1,yes\n")
    assert (failed["status"], failed["error"]) == ("failed", "header-wrong")


async def test_an_empty_file_is_refused_at_once(office: Office) -> None:
    answer = await office.http.post("/v1/companies/imports", headers=office.staff, content=b"")
    assert (answer.status_code, answer.json()["code"]) == (422, "file-empty")
    assert await office.scalar("SELECT count(*) FROM imports") == 0


async def test_a_file_that_is_too_large_is_refused_while_it_comes(office: Office) -> None:
    async def endless():
        for _ in range(MAX_UPLOAD // PIECE + 2):
            yield b"x" * PIECE

    answer = await office.http.post("/v1/companies/imports", headers=office.staff, content=endless())
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert await office.scalar("SELECT count(*) FROM import_pieces") == 0


@pytest.mark.parametrize(
    "content",
    [
        (HEADER + ROW).encode(),
        (HEADER + ROW).encode("utf-8-sig"),
        (HEADER + ROW).replace(",", ";").replace("\n", "\r\n").encode(),
        (HEADER + ROW).replace(",", '","').replace("\n", '"\n"').encode().join((b'"', b""))[:-1],
        (HEADER.upper() + "\n,,,,,\n" + ROW).rstrip().encode(),
        workbook([HEADER.strip().split(","), ROW.strip().split(",")]),
        tampered({SHEET: sheet("")}, rows=None),
    ],
    ids=["plain", "byte order mark", "semicolons", "quoted", "empty rows", "workbook", "empty workbook"],
)
async def test_files_come_in_many_shapes(office: Office, content: bytes) -> None:
    done = await office.preview("companies", content)
    expected = ("failed", (0, 0, 0, 0)) if b"PK" in content[:2] and done["error"] else ("previewed", (1, 0, 0, 0))
    assert (done["status"], counts(done)) == expected


async def test_a_cell_in_the_last_corner_of_a_sheet_costs_nothing(office: Office) -> None:
    """A reader that makes room for the whole sheet dies of it."""
    corner = '<row r="1048570"><c r="XFD1048570" t="inlineStr"><is><t>x</t></is></c></row>'
    progress = await office.preview("companies", tampered({SHEET: sheet(text_cell("K-1") + corner)}))
    assert await office.outcomes(progress) == [
        (2, "refused", "cell-missing", "legal_name"),
    ]


async def test_a_cell_beside_the_columns_is_noticed(office: Office) -> None:
    rows = [HEADER.strip().split(","), [*ROW.strip().split(","), "more"]]
    progress = await office.preview("companies", workbook(rows))
    assert await office.outcomes(progress) == [(2, "refused", "wrong-number-of-cells", None)]


async def test_a_row_that_is_too_long_is_refused_and_the_others_stay(office: Office) -> None:
    long = "K-2," + ",".join("y" * 300_000 for _ in range(20)) + "\n"
    progress = await office.preview("companies", HEADER + long + ROW)
    assert await office.outcomes(progress) == [(2, "refused", "wrong-number-of-cells", None), (3, "created")]


async def test_more_rows_than_a_sheet_has_are_refused(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_file, "MAX_ROWS", 3)
    rows = [HEADER.strip().split(","), *([f"K-{n}", "Name", "NL", "nl", "main", "NL123456782B90"] for n in range(5))]
    assert (await office.preview("companies", workbook(rows)))["error"] == "file-too-large"


async def test_nothing_of_a_row_is_logged(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    rows = "secret@example.com,Secret Name,nl,retail\nother-secret@,Secret,nl,retail\n"
    await office.bring_in("contacts", "email,name,language,groups\n" + rows)
    async with office.database.reading() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM contacts")) == 1
    assert "ecret" not in caplog.text
