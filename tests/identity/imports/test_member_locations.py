"""ID-18, ID-24: for which locations a member acts, in files of members."""

from uuid import UUID

import pytest

from identity.locations.commands import OpenLocation, close_location, open_location
from tests.identity.imports.office import Office, cells_of, counts
from tests.identity.people import AT

COMPANIES = (
    "number,legal_name,country,language,storefront,vat_number\n"
    "K-1,Bakkerij,NL,nl,main,NL123456782B90\n"
    "K-2,Slagerij,NL,nl,main,NL123456782B90\n"
)
HEADER = "company,email,name,language,role,locations\n"
ADDRESS = {"line1": "Kade 1", "postal_code": "3011 AA", "city": "Rotterdam", "country": "NL"}


@pytest.fixture
async def ids(office: Office) -> dict[str, UUID]:
    """The locations of K-1, by code; K-2 has another `depot`, and a `shop`."""
    await office.bring_in("companies", COMPANIES)
    found = {}
    for number, codes in (("K-2", ("depot", "shop")), ("K-1", ("depot", "kade"))):
        company = UUID((await office.company(number))["id"])
        async with office.database.transaction() as session:
            for code in codes:
                location = await open_location(session, OpenLocation(company, code, code, ADDRESS), AT)
                found[code] = location.id
    del found["shop"]
    return found


async def locations(office: Office, company: str = "K-1") -> dict[str, list[str] | None]:
    """By address."""
    company_id = (await office.company(company))["id"]
    members = (await office.get(f"/companies/{company_id}/members"))["items"]
    return {one["email"]: one["locations"] and sorted(one["locations"]) for one in members}


def named(ids: dict[str, UUID], *codes: str) -> list[str]:
    return sorted(str(ids[code]) for code in codes)


async def test_a_file_gives_members_locations_by_their_codes(office: Office, ids: dict[str, UUID]) -> None:
    rows = "K-1,bo@x.nl,Bo,nl,administrator,\nK-1,jo@x.nl,Jo,nl,user,depot\nK-1,al@x.nl,Al,nl,user,kade|depot\n"
    assert counts(await office.bring_in("members", HEADER + rows)) == (3, 0, 0, 0)
    assert await locations(office) == {
        "bo@x.nl": None,
        "jo@x.nl": named(ids, "depot"),
        "al@x.nl": named(ids, "depot", "kade"),
    }


async def test_an_empty_cell_gives_all_and_a_file_without_the_column_changes_nothing(
    office: Office, ids: dict[str, UUID]
) -> None:
    await office.bring_in("members", HEADER + "K-1,bo@x.nl,Bo,nl,administrator,\nK-1,jo@x.nl,Jo,nl,user,depot\n")
    done = await office.bring_in("members", "company,email,always_attested\nK-1,jo@x.nl,yes\n")
    assert await office.outcomes(done) == [(2, "changed", "always_attested")]
    assert (await locations(office))["jo@x.nl"] == named(ids, "depot")
    moved = await office.bring_in("members", "company,email,locations\nK-1,jo@x.nl,kade\n")
    assert await office.outcomes(moved) == [(2, "changed", "locations")]
    assert (await locations(office))["jo@x.nl"] == named(ids, "kade")
    await office.bring_in("members", "company,email,locations\nK-1,jo@x.nl,\n")
    assert (await locations(office))["jo@x.nl"] is None


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("shop", "location-unknown"),
        ("depot|nowhere", "location-unknown"),
        ("Depot Rotterdam", "cell-malformed"),
        ("kade' OR 1=1 --", "cell-malformed"),
        ("=depot", "cell-is-a-formula"),
        ("|".join(f"l{number}" for number in range(201)), "cell-malformed"),
    ],
)
async def test_what_is_no_open_location_of_the_company_is_refused_alone(
    office: Office, ids: dict[str, UUID], cell: str, code: str
) -> None:
    """Of a new member and of one that is there; another company's is as unknown as none."""
    await office.bring_in("members", HEADER + "K-1,bo@x.nl,Bo,nl,administrator,\nK-1,jo@x.nl,Jo,nl,user,depot\n")
    rows = f"K-1,jo@x.nl,Jo,nl,user,{cell}\nK-1,al@x.nl,Al,nl,user,{cell}\nK-1,bo@x.nl,Bo,nl,administrator,\n"
    preview = await office.preview("members", HEADER + rows)
    assert await office.outcomes(preview) == [
        (2, "refused", code, "locations"),
        (3, "refused", code, "locations"),
        (4, "unchanged"),
    ]
    assert (await locations(office))["jo@x.nl"] == named(ids, "depot")


async def test_a_location_that_was_closed_meanwhile_is_not_given_and_is_kept_by_who_has_it(
    office: Office, ids: dict[str, UUID]
) -> None:
    await office.bring_in("members", HEADER + "K-1,bo@x.nl,Bo,nl,administrator,\nK-1,jo@x.nl,Jo,nl,user,depot|kade\n")
    new = await office.preview("members", HEADER + "K-1,al@x.nl,Al,nl,user,depot\n")
    assert counts(new) == (1, 0, 0, 0)
    async with office.database.transaction() as session:
        await close_location(session, ids["depot"], None, AT)
    assert await office.outcomes(await office.apply(new)) == [(2, "refused", "location-unknown", "locations")]
    again = await office.bring_in("members", await office.export("members"))
    assert counts(again) == (0, 0, 2, 0)
    assert (await locations(office))["jo@x.nl"] == named(ids, "depot", "kade")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_exported_locations_are_imported_again_without_a_change(
    office: Office, ids: dict[str, UUID], form: str
) -> None:
    rows = (
        "K-1,bo@x.nl,Bo,nl,administrator,\nK-1,jo@x.nl,Jo,nl,user,kade|depot\nK-2,al@x.nl,Al,nl,administrator,depot\n"
    )
    await office.bring_in("members", HEADER + rows)
    header, *exported = cells_of(await office.export("members"))
    said = {row[1]: set(row[header.index("locations")].split("|")) for row in exported}
    assert said == {"bo@x.nl": {""}, "jo@x.nl": {"depot", "kade"}, "al@x.nl": {"depot"}}
    again = await office.bring_in("members", await office.export("members", form))
    assert counts(again) == (0, 0, 3, 0), await office.outcomes(again)
