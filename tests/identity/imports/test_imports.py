"""Companies, contacts and members from files: previewed row by row, then applied (ID-24)."""

from datetime import timedelta
from typing import Any

import pytest

from chassis.clock import now
from chassis.keys import Signer
from contracts.identity.events import (
    CompanyChanged,
    CompanyCreated,
    CompanyStatusChanged,
    ContactChanged,
    ContactCreated,
    MemberAdded,
    MemberChanged,
    PasswordResetRequested,
)
from contracts.identity.states import CompanyState, ContactState
from contracts.identity.values import CustomerStatus
from contracts.pricing.states import AssigneeKind, terms_key
from identity.app import service
from identity.companies.terms import KnownTerms
from identity.imports.applying import APPLIED_WITHIN, KEPT, forget_imports
from tests.identity.imports.office import Office, counts, workbook
from tests.identity.people import a_company, a_member

HEADER = "number,legal_name,country,language,storefront,vat_number,groups,invoice_days\n"
DE_VRIES = "K-1,Bakkerij De Vries,NL,nl,main,NL123456782B90,retail|horeca,30\n"
LENOIR = "K-2,Boulangerie Lenoir,FR,fr,main,FR40303265045,retail,\n"


async def test_companies_are_previewed_then_created_with_their_events(office: Office) -> None:
    """ID-24, ID-11"""
    preview = await office.preview("companies", HEADER + DE_VRIES + LENOIR)
    assert (preview["status"], counts(preview), preview["bytes_read"]) == ("previewed", (2, 0, 0, 0), preview["size"])
    assert await office.outcomes(preview) == [(2, "created"), (3, "created")]
    assert (await office.get("/companies"))["items"] == []
    done = await office.apply(preview)
    assert (done["status"], counts(done), done["applied"]) == ("applied", (2, 0, 0, 0), 2)
    company = await office.company("K-1")
    assert (company["legal_name"], company["groups"], company["invoice_days"], company["status"]) == (
        "Bakkerij De Vries",
        ["retail", "horeca"],
        30,
        "none",
    )
    created = await office.published(CompanyCreated, CompanyState)
    assert [(type(one).__name__, one.number) for one in created] == [
        ("CompanyCreated", "K-1"),
        ("CompanyState", "K-1"),
        ("CompanyCreated", "K-2"),
        ("CompanyState", "K-2"),
    ]
    actors = await office.scalar(
        "SELECT count(DISTINCT headers->>'actor') FROM outbox WHERE headers->>'actor' LIKE 'staff:%'"
    )
    assert actors == 1


async def test_a_group_with_a_price_list_gives_new_companies_their_status(office: Office) -> None:
    """PR-04"""
    async with office.database.transaction() as session:
        key = terms_key(AssigneeKind.GROUP, "horeca")
        of_group = {"assignee_kind": AssigneeKind.GROUP, "assignee": "horeca", "has_valid_price_list": True}
        session.add(KnownTerms(key=key, epoch=1, sequence=1, **of_group))
    await office.bring_in("companies", HEADER + DE_VRIES + LENOIR)
    assert [(await office.company(number))["status"] for number in ("K-1", "K-2")] == ["not_invited", "none"]
    (changed,) = await office.published(CompanyStatusChanged)
    assert (changed.number, changed.new) == ("K-1", CustomerStatus.NOT_INVITED)


async def test_a_row_sent_again_changes_what_differs_and_only_that(office: Office) -> None:
    """ID-24"""
    await office.bring_in("companies", HEADER + DE_VRIES + LENOIR)
    again = await office.preview("companies", HEADER + DE_VRIES + LENOIR.replace("Lenoir", "Leblanc"))
    assert await office.outcomes(again) == [(2, "unchanged"), (3, "changed", "legal_name")]
    done = await office.apply(again)
    assert counts(done) == (0, 1, 1, 0)
    (changed,) = await office.published(CompanyChanged)
    assert (changed.number, changed.fields) == ("K-2", ("legal_name",))
    assert [(await office.company(number))["legal_name"] for number in ("K-1", "K-2")] == [
        "Bakkerij De Vries",
        "Boulangerie Leblanc",
    ]


async def test_a_column_that_is_absent_stays_and_an_empty_cell_takes_away(office: Office) -> None:
    """ID-24"""
    await office.bring_in("companies", HEADER + DE_VRIES)
    done = await office.bring_in("companies", "number;invoice_days;sales_representative\nK-1;;anna\n")
    assert counts(done) == (0, 1, 0, 0)
    company = await office.company("K-1")
    assert (company["invoice_days"], company["sales_representative"], company["vat_number"]) == (
        None,
        "anna",
        "NL123456782B90",
    )


async def test_a_company_is_known_by_a_key_of_the_merchants_where_it_has_no_number(office: Office) -> None:
    """ID-24, ID-01"""
    header = "key_ERP,legal_name,country,language,storefront,vat_number\n"
    await office.bring_in("companies", header + "4711,Bakkerij De Vries,NL,nl,main,NL123456782B90\n")
    done = await office.bring_in("companies", header + "4711,Bakkerij Smit,NL,nl,main,NL123456782B90\n")
    assert counts(done) == (0, 1, 0, 0)
    (company,) = (await office.get("/companies"))["items"]
    assert (company["external_keys"], company["legal_name"]) == ({"ERP": "4711"}, "Bakkerij Smit")
    assert company["number"].startswith("C-")


async def test_the_first_address_of_a_kind_is_changed_and_the_others_stay(office: Office) -> None:
    """ID-24"""
    await office.bring_in("companies", HEADER + DE_VRIES)
    columns = (
        "number,delivery_address_line1,delivery_address_postal_code,delivery_address_city,delivery_address_country\n"
    )
    await office.bring_in("companies", columns + "K-1,Kade 1,1011 AA,Amsterdam,NL\n")
    (address,) = (await office.company("K-1"))["addresses"]
    assert (address["kind"], address["address"]["line1"]) == ("delivery", "Kade 1")
    half = await office.preview("companies", columns + "K-1,Kade 2,,,\n")
    assert await office.outcomes(half) == [(2, "refused", "cell-missing", "delivery_address_postal_code")]
    assert counts(await office.bring_in("companies", columns + "K-1,,,,\n")) == (0, 1, 0, 0)
    assert (await office.company("K-1"))["addresses"] == []


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("K-1,,NL,nl,main,NL123456782B90,,", "cell-missing", "legal_name"),
        (",Name,NL,nl,main,NL123456782B90,,", "cell-missing", "number"),
        ("K 1,Name,NL,nl,main,NL123456782B90,,", "cell-malformed", "number"),
        ("K-1,Name,Holland,nl,main,NL123456782B90,,", "cell-malformed", "country"),
        ("K-1,Name,NL,xx,main,NL123456782B90,,", "value-unknown", "language"),
        ("K-1,Name,NL,nl,main,NL123456789B90,,", "number-invalid", "vat_number"),
        ("K-1,Name,NL,nl,main,,,", "required", "vat_number"),
        ("K-1,Name,NL,nl,main,NL123456782B90,a b,", "cell-malformed", "groups"),
        ("K-1,Name,NL,nl,main,NL123456782B90,,soon", "cell-malformed", "invoice_days"),
        ("K-1,=cmd|' /C calc'!A0,NL,nl,main,NL123456782B90,,", "cell-is-a-formula", "legal_name"),
        ("K-1,@SUM(A1),NL,nl,main,NL123456782B90,,", "cell-is-a-formula", "legal_name"),
        ("K-1,Na\x00me,NL,nl,main,NL123456782B90,,", "cell-not-printable", "legal_name"),
        ('K-1,"Na\nme",NL,nl,main,NL123456782B90,,', "cell-not-printable", "legal_name"),
        (f"K-1,{'x' * 201},NL,nl,main,NL123456782B90,,", "cell-too-long", "legal_name"),
        (f"K-1,{'x' * 1_000_000},NL,nl,main,NL123456782B90,,", "cell-too-long", "legal_name"),
        ("K-1,Name,NL", "wrong-number-of-cells", None),
        ("K-1,Name,NL,nl,main,NL123456782B90,,,,,", "wrong-number-of-cells", None),
    ],
)
async def test_a_bad_row_is_refused_alone(office: Office, row: str, code: str, column: str | None) -> None:
    """ID-24"""
    done = await office.bring_in("companies", f"{HEADER}{row}\n{LENOIR}")
    assert (done["status"], counts(done)) == ("applied", (1, 0, 0, 1))
    assert await office.outcomes(done) == [(2, "refused", code, column), (3, "created")]


async def test_a_credit_limit_is_given_changed_and_taken_away_by_a_file(office: Office) -> None:
    """ID-24, ID-01: another way to write the same amount is no change."""
    await office.bring_in("companies", HEADER + DE_VRIES)
    steps = [
        ("5000,50 EUR", (0, 1, 0, 0), {"amount": "5000.50", "currency": "EUR"}),
        ("5000.5 EUR", (0, 0, 1, 0), {"amount": "5000.50", "currency": "EUR"}),
        ("0 SEK", (0, 1, 0, 0), {"amount": "0", "currency": "SEK"}),
        ("", (0, 1, 0, 0), None),
    ]
    for cell, done, limit in steps:
        preview = await office.preview("companies", f"number;credit_limit\nK-1;{cell}\n")
        assert (counts(preview), counts(await office.apply(preview))) == (done, done), cell
        assert (await office.company("K-1"))["credit_limit"] == limit
    changed = await office.published(CompanyChanged)
    assert [one.fields for one in changed] == [("credit_limit",)] * 3
    states = [one.credit_limit for one in await office.published(CompanyState)]
    assert [limit and str(limit.amount) for limit in states] == [None, "5000.50", "0", None]


@pytest.mark.parametrize(
    "cell", ["5000", "EUR 5000", "-1 EUR", "5000 eur", "NaN EUR", "1e30 EUR", "5.000,00 EUR", "5 000 EUR", "5,000 EUR"]
)
async def test_what_is_no_credit_limit_is_refused_by_the_name_of_its_column(office: Office, cell: str) -> None:
    """ID-24"""
    content = f'{HEADER.strip()},credit_limit\n{DE_VRIES.strip()},"{cell}"\n'
    preview = await office.preview("companies", content)
    assert await office.outcomes(preview) == [(2, "refused", "cell-malformed", "credit_limit")]


async def test_what_is_given_once_is_not_changed_by_a_file(office: Office) -> None:
    """ID-24"""
    await office.bring_in("companies", HEADER + DE_VRIES)
    preview = await office.preview("companies", "number,storefront\nK-1,other\n")
    assert await office.outcomes(preview) == [(2, "refused", "cell-fixed", "storefront")]


async def test_rows_about_the_same_are_refused_and_name_each_other(office: Office) -> None:
    """ID-24"""
    preview = await office.preview("companies", HEADER + DE_VRIES + LENOIR + DE_VRIES.replace("Vries", "Boer"))
    assert await office.outcomes(preview, outcome="refused") == [
        (2, "refused", "row-repeated", None),
        (4, "refused", "row-repeated", None),
    ]
    rows = (await office.get(f"/imports/{preview['import_id']}/rows", outcome="refused"))["items"]
    assert rows[0]["detail"] == "rows 2, 4 are about the same"
    assert counts(preview) == (1, 0, 0, 2)


async def test_refused_rows_come_back_and_are_sent_again_corrected(office: Office) -> None:
    """ID-24"""
    bad = "K-3,'=Bakkerij,NL,nl,main,NL123456789B90,retail,\n"
    done = await office.bring_in("companies", HEADER + DE_VRIES + bad)
    refused = await office.refused(done)
    head, row = refused.splitlines()
    assert head == HEADER.strip() + ",refused_because"
    assert row.startswith("K-3,'=Bakkerij,NL,nl,main,NL123456789B90,retail,,number-invalid in vat_number: ")
    corrected = await office.bring_in("companies", refused.replace("NL123456789B90", "NL123456782B90"))
    assert counts(corrected) == (1, 0, 0, 0)
    assert (await office.company("K-3"))["legal_name"] == "=Bakkerij"
    wrong_again = await office.preview("companies", refused)
    assert (await office.refused(wrong_again)).splitlines()[0] == head


async def test_contacts_are_created_changed_and_told_apart_by_their_company(office: Office) -> None:
    """ID-24, ID-03"""
    await office.bring_in("companies", HEADER + DE_VRIES + LENOIR)
    header = "email,name,language,company,groups,phones\n"
    iris, noor = "Iris@Example.com,Iris Bakker,nl,K-1,,+31 20 1|+31 6 2\n", "noor@example.com,Noor Smit,sv,,retail,\n"
    elsewhere = "iris@example.com,Iris Bakker,nl,K-2,,\n"
    unknown = "bo@example.com,Bo,nl,K-9,,\n"
    done = await office.bring_in("contacts", header + iris + noor + elsewhere + unknown)
    assert await office.outcomes(done) == [
        (2, "created"),
        (3, "created"),
        (4, "created"),
        (5, "refused", "company-unknown", "company"),
    ]
    found = (await office.get("/contacts", email="iris@example.com"))["items"]
    found.sort(key=lambda one: len(one["groups"]), reverse=True)  # those of one millisecond are in no order
    assert [(one["groups"], one["phones"]) for one in found] == [
        (["retail", "horeca"], ["+31 20 1", "+31 6 2"]),
        (["retail"], []),
    ]
    again = await office.bring_in("contacts", header + iris.replace("Bakker", "Smit") + noor)
    assert await office.outcomes(again) == [(2, "changed", "name"), (3, "unchanged")]
    (changed,) = await office.published(ContactChanged)
    assert changed.fields == ("name",)
    assert len(await office.published(ContactCreated)) == 3
    assert [one.name for one in await office.published(ContactState)][-1] == "Iris Smit"
    ambiguous = await office.preview("contacts", "email,name\niris@example.com,Iris\n")
    assert await office.outcomes(ambiguous) == [(2, "refused", "contact-ambiguous", "email")]


async def test_a_contact_is_known_by_our_id_when_its_address_changes(office: Office) -> None:
    """ID-24"""
    await office.bring_in("companies", HEADER + DE_VRIES + LENOIR)
    await office.bring_in("contacts", "email,name,language,company\niris@example.com,Iris,nl,K-1\n")
    (iris,) = (await office.get("/contacts"))["items"]
    header, stranger = "id,email,company\n", "00000000-0000-7000-8000-000000000000"
    rows = f"{iris['id']},new@example.com,K-1\n{stranger},bo@example.com,\n"
    done = await office.bring_in("contacts", header + rows)
    assert await office.outcomes(done) == [(2, "changed", "email"), (3, "refused", "contact-unknown", "id")]
    assert [one["email"] for one in (await office.get("/contacts"))["items"]] == ["new@example.com"]
    moved = await office.preview("contacts", f"{header}{iris['id']},new@example.com,K-2\n")
    assert await office.outcomes(moved) == [(2, "refused", "cell-fixed", "company")]


async def test_members_are_added_as_the_api_adds_them_and_changed(office: Office) -> None:
    """ID-24, ID-14, ID-17"""
    await office.bring_in("companies", HEADER + DE_VRIES)
    header = "company,email,name,language,role,always_attested,limit_per_order\n"
    rows = (
        "K-1,iris@example.com,Iris,nl,administrator,no,\n"
        "K-1,noor@example.com,Noor,sv,employee,yes,100.50 EUR\n"
        "K-1,bo@example.com,Bo,nl,boss,,\n"
        "K-9,bo@example.com,Bo,nl,employee,,\n"
    )
    done = await office.bring_in("members", header + rows)
    assert await office.outcomes(done) == [
        (2, "created"),
        (3, "created"),
        (4, "refused", "role-unknown", "role"),
        (5, "refused", "company-unknown", "company"),
    ]
    assert [one.role for one in await office.published(MemberAdded)] == ["administrator", "employee"]
    assert len(await office.published(PasswordResetRequested)) == 2
    changed = await office.bring_in("members", "company;email;limit_per_order\nK-1;noor@example.com;99,00 EUR\n")
    assert await office.outcomes(changed) == [(2, "changed", "limit_per_order")]
    (event,) = await office.published(MemberChanged)
    assert (str(event.limit_per_order.amount), event.always_attested) == ("99.00", True)
    below = await office.preview("members", "company;email;limit_per_order\nK-1;noor@example.com;-1 EUR\n")
    assert await office.outcomes(below) == [(2, "refused", "cell-malformed", "limit_per_order")]
    assert counts(await office.bring_in("members", header + "".join(rows.splitlines(keepends=True)[:1]))) == (
        0,
        0,
        1,
        0,
    )


async def test_a_rule_that_only_applying_sees_refuses_its_row_alone(office: Office) -> None:
    """ID-24, ID-16"""
    await office.bring_in("companies", HEADER + DE_VRIES)
    header = "company,email,name,language,role\n"
    await office.bring_in("members", header + "K-1,iris@example.com,Iris,nl,administrator\n")
    rows = "K-1,iris@example.com,Iris,nl,employee\nK-1,noor@example.com,Noor,sv,employee\n"
    preview = await office.preview("members", header + rows)
    assert counts(preview) == (1, 1, 0, 0)
    done = await office.apply(preview)
    assert (done["status"], counts(done), done["applied"]) == ("applied", (1, 0, 0, 1), 2)
    assert await office.outcomes(done) == [(2, "refused", "last-administrator", None), (3, "created")]


async def test_a_workbook_is_read_as_its_csv_would_be(office: Office) -> None:
    """ID-24"""
    rows: list[list[Any]] = [
        HEADER.strip().split(","),
        ["K-1", "Bakkerij", "NL", "nl", "main", "NL123456782B90", None, 30],
    ]
    rows += [[None] * 8, ["K-2", "=A2", "NL", "nl", "main", "NL123456782B90", None, 14.0]]
    done = await office.bring_in("companies", workbook(rows))
    assert await office.outcomes(done) == [(2, "created"), (4, "refused", "cell-is-a-formula", "legal_name")]
    assert (await office.company("K-1"))["invoice_days"] == 30


async def test_only_staff_send_and_see_imports(office: Office) -> None:
    """ID-24"""
    progress = await office.preview("companies", HEADER + DE_VRIES)
    async with office.database.transaction() as session:
        member = await a_member(session, await a_company(session), "iris@example.com")
    path = f"/v1/imports/{progress['import_id']}"
    requests = [("POST", f"/v1/{kind}/imports") for kind in ("companies", "contacts", "members")]
    requests += [("GET", path), ("GET", f"{path}/rows"), ("GET", f"{path}/refused.csv"), ("POST", f"{path}/apply")]
    requests += [("GET", f"/v1/exports/{kind}") for kind in ("companies", "contacts", "members")]
    for who, status in ((await office.member(member), 403), ({}, 401)):
        answers = [await office.http.request(method, at, headers=who) for method, at in requests]
        assert {one.status_code for one in answers} == {status}
    assert await office.scalar("SELECT count(*) FROM imports") == 1


async def test_only_what_was_read_is_applied_and_once(office: Office) -> None:
    """ID-24"""
    import_id = await office.send("companies", HEADER + DE_VRIES)
    answer = await office.http.post(f"/v1/imports/{import_id}/apply", headers=office.staff)
    assert (answer.status_code, answer.json()["code"]) == (409, "import-not-previewed")
    bad = await office.preview("companies", HEADER + ",,,,,,,1\n")
    answer = await office.http.post(f"/v1/imports/{bad['import_id']}/apply", headers=office.staff)
    assert (answer.status_code, answer.json()["code"]) == (409, "import-empty")
    preview = await office.get(f"/imports/{import_id}")
    await office.apply(preview)
    assert (await office.apply(preview))["status"] == "applied"
    assert len(await office.published(CompanyCreated)) == 1


async def test_rows_are_deleted_when_their_time_is_over(office: Office) -> None:
    """ID-24: they are personal data."""
    done = await office.bring_in("companies", HEADER + DE_VRIES)
    never_applied = await office.preview("companies", HEADER + LENOIR)
    assert await office.scalar("SELECT count(*) FROM import_pieces") == 0
    assert forget_imports in service.duties({Signer: office.signer})
    for later, left in ((APPLIED_WITHIN, 1), (KEPT, 0)):
        async with office.database.transaction() as session:
            await forget_imports(session, now() + later + timedelta(minutes=1))
        assert await office.scalar("SELECT count(*) FROM import_rows") == left
        if left:
            assert (await office.get(f"/imports/{never_applied['import_id']}"))["error"] == "import-expired"
    answer = await office.http.get(f"/v1/imports/{done['import_id']}", headers=office.staff)
    assert answer.status_code == 404


async def test_pages_of_rows_follow_each_other(office: Office) -> None:
    """ID-24"""
    rows = "".join(f"K-{number},Name,NL,nl,main,NL123456782B90,,\n" for number in range(5))
    preview = await office.preview("companies", HEADER + rows)
    seen, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = await office.get(f"/imports/{preview['import_id']}/rows", **params)
        seen += [one["row"] for one in answer["items"]]
        if not (cursor := answer["next"]):
            break
    assert seen == [2, 3, 4, 5, 6]


async def test_a_row_that_names_a_group_that_is_not_there_is_refused(office: Office) -> None:
    """ID-19, ID-24: in the preview, and where the group went after it."""
    nowhere = DE_VRIES.replace("horeca", "nowhere")
    preview = await office.preview("companies", HEADER + nowhere + LENOIR)
    assert await office.outcomes(preview) == [(2, "refused", "group-unknown", "groups"), (3, "created")]
    people = "email,name,language,groups\niris@example.com,Iris,nl,nowhere\nbo@example.com,Bo,nl,retail\n"
    contacts = await office.preview("contacts", people)
    assert await office.outcomes(contacts) == [(2, "refused", "group-unknown", "groups"), (3, "created")]
    headers = {**office.staff, "If-Match": "*"}
    await office.http.patch("/v1/groups/retail", json={"active": False}, headers=headers)
    for done in (await office.apply(preview), await office.apply(contacts)):
        assert counts(done) == (0, 0, 0, 2), await office.outcomes(done)


async def test_an_imported_company_is_given_the_conditions_of_its_group(office: Office) -> None:
    """ID-19, ID-24: where the file has no column for them; an empty cell for yes or no is a no."""
    headers = {**office.staff, "If-Match": "*"}
    defaults = {"pays_by_invoice": True, "invoice_days": 14}
    await office.http.patch("/v1/groups/retail", json=defaults, headers=headers)
    await office.bring_in("companies", HEADER + DE_VRIES + LENOIR)
    given = [await office.company(number) for number in ("K-1", "K-2")]
    assert [(one["pays_by_invoice"], one["invoice_days"]) for one in given] == [(True, 30), (True, 14)]


async def test_files_that_name_a_merged_company_mean_the_one_that_it_is_now(office):
    """ID-26: by its number, its external key, as a contact's and as a member's company; nothing is created anew."""
    columns = "number,key_erp,legal_name,country,language,storefront,vat_number\n"
    firms = "K-1,100,Kept B.V.,NL,nl,main,NL810433941B01\nT-1,200,Twin B.V.,NL,nl,main,NL810433941B01\n"
    assert counts(await office.bring_in("companies", columns + firms)) == (2, 0, 0, 0)
    kept, twin = await office.company("K-1"), await office.company("T-1")
    body = {"into": kept["id"], "price_lists": "leave"}
    merged = await office.http.post(f"/v1/companies/{twin['id']}/merge", json=body, headers=office.staff)
    assert merged.status_code == 200, merged.text
    assert counts(await office.bring_in("companies", "number,phone\nT-1,+31 10 000 00 00\n")) == (0, 1, 0, 0)
    assert counts(await office.bring_in("companies", "key_erp,phone\n200,+31 10 000 00 01\n")) == (0, 1, 0, 0)
    assert (await office.company("K-1"))["phone"] == "+31 10 000 00 01"
    person = "T-1,noor@twin.example,Noor Smit,nl"
    assert counts(await office.bring_in("contacts", f"company,email,name,language,groups\n{person},retail\n"))[0] == 1
    assert counts(await office.bring_in("members", f"company,email,name,language,role\n{person},user\n"))[0] == 1
    contacts = (await office.get("/contacts", company_id=kept["id"]))["items"]
    assert {one["email"] for one in contacts} == {"noor@twin.example"}
    assert (await office.get(f"/companies/{kept['id']}/members"))["items"][0]["role"] == "user"
    assert "T-1" not in (await office.export("companies")).decode()
