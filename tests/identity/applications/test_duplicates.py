"""ID-09: which companies may be the same customer, why, and how likely."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.identity.values import StaffPermission
from contracts.shared.values import Language
from identity.applications.duplicates import MOST_BY_ONE_REASON, WEIGHTS, Matched, score
from identity.contacts.commands import CreateContact, create_contacts
from identity.staff.commands import StaffTerms
from tests.identity.people import AT, a_company

VAT, OTHER_VAT = "NL004495445B01", "NL123456782B90"


async def duplicates(review, application: str, **query: str) -> list[tuple[str, list[str], float]]:
    found = (await review.read(application, **query))["duplicates"]
    assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)
    return [(one["legal_name"], one["matched"], one["score"]) for one in found]


async def test_each_duplicate_says_why_and_the_likeliest_is_the_first(review):
    await review.apply("Slagerij Vos", "piet@slagerij-vos.nl", vat_number=VAT)
    await review.apply("Groothandel Oost", "info@bakkerij.nl")
    await review.apply("Bakkerij Jansen", "jansen@elders.nl", registration_number="12345678")
    await review.apply("Brasserie Midi", "chef@midi.fr")
    application = await review.apply(
        "BAKKERIJ JANSEN B.V.", "jan@bakkerij.nl", vat_number=VAT, registration_number="12345678"
    )
    assert await duplicates(review, application) == [
        ("Bakkerij Jansen", ["registration_number", "name"], 0.96),
        ("Slagerij Vos", ["vat_number"], 0.9),
        ("Groothandel Oost", ["email_domain"], 0.5),
    ]


async def test_a_customer_number_that_the_reviewer_names_shows_who_has_it(review):
    await review.apply("Slagerij Vos", "piet@slagerij-vos.nl")
    application = await review.apply()
    assert await duplicates(review, application) == []
    assert await duplicates(review, application, customer_number="C-000001") == [
        ("Slagerij Vos", ["customer_number"], 0.8)
    ]


async def test_a_registration_number_of_another_country_and_mail_providers_tell_nothing(review):
    await review.apply("Vos AG", "piet@gmail.com", country="AT", registration_number="12345678")
    application = await review.apply("Bakkerij Jansen", "jan@gmail.com", registration_number="12345678")
    assert await duplicates(review, application) == []


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("Bakkerij Jansen N.V.", True),
        ("bakkerij janssen", True),
        ("Jansen Bakkerij BV", True),
        ("Bakkerij Smit B.V.", False),
        ("Jansen' OR 1=1 --", False),
        ("B.V.", False),
    ],
)
async def test_names_are_compared_without_case_and_legal_form(review, name, like):
    await review.apply(name, "a@a-1.nl")
    application = await review.apply("Bakkerij Jansen B.V.", "b@b-2.nl")
    assert [matched for _, matched, _ in await duplicates(review, application)] == ([["name"]] if like else [])


async def test_a_name_of_legal_forms_alone_is_like_no_other(review):
    await review.apply("B.V.", "a@a-1.nl")
    assert await duplicates(review, await review.apply("N.V.", "b@b-2.nl")) == []


async def test_the_twenty_likeliest_are_shown_however_many_there_are(review):
    for n in range(22):
        await review.apply(f"Filiaal {n} Zaandam", f"filiaal-{n}@keten.nl")
    await review.apply("Slagerij Vos", "piet@keten.nl", vat_number=VAT)
    found = await duplicates(review, await review.apply("Keten Kantoor", "hq@keten.nl", vat_number=VAT))
    assert (len(found), found[0]) == (20, ("Slagerij Vos", ["vat_number", "email_domain"], 0.95))


async def given_to(review, representative: str, application: str) -> None:
    company = (await review.read(application))["company"]["id"]
    headers = {**review.sanne, "If-Match": "*"}
    change = {"sales_representative": representative}
    changed = await review.api.http.patch(f"/v1/companies/{company}", json=change, headers=headers)
    assert changed.status_code == 200, changed.text


async def test_companies_of_others_take_no_place_among_those_that_a_representative_sees(review):
    """ID-09, ID-20: however many are likelier, or have the same domain, or a name that is nearer."""
    for n in range(22):
        await review.apply(f"Keten Kantoor {n}", f"filiaal-{n}@keten.nl", vat_number=VAT)
    async with review.api.database.transaction() as session:
        company = await a_company(session)
        colleagues = (
            CreateContact("Jo", f"jo-{n}@keten.nl", Language.DUTCH, company) for n in range(MOST_BY_ONE_REASON)
        )
        await create_contacts(session, list(colleagues), AT)
    like, same_domain = "Keten Kantoor Zaandam Noord", "Slagerij Vos"
    await given_to(review, "marit", await review.apply(like, "info@elders.nl"))
    await given_to(review, "marit", await review.apply(same_domain, "piet@keten.nl"))
    application = await review.apply("Keten Kantoor", "hq@keten.nl", vat_number=VAT)
    await given_to(review, "marit", application)
    may = set(StaffPermission) - {StaffPermission.SEE_ALL_COMPANIES}
    _, marit = await review.api.colleague("Marit", StaffTerms("representative", may, representative="marit"))
    read = await review.api.http.get(f"/v1/applications/{application}", headers=marit)
    shown = {one["legal_name"]: one["matched"] for one in read.json()["duplicates"]}
    assert shown == {like: ["name"], same_domain: ["email_domain"]}
    to_sanne = await duplicates(review, application)
    assert len(to_sanne) == 20
    assert not {name for name, _, _ in to_sanne} & shown.keys()


@given(st.dictionaries(st.sampled_from(Matched), st.floats(0, 1)), st.sampled_from(Matched))
def test_a_further_reason_never_lowers_a_score(reasons, further):
    without = {reason: strength for reason, strength in reasons.items() if reason is not further}
    assert 0 <= score(without) <= score({**without, further: 1.0}) <= 1
    assert score({}) == 0
    assert score({further: 1.0}) == pytest.approx(WEIGHTS[further])
