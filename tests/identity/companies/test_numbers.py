"""Numbers of companies are checked by format and check digit, per country (ID-01)."""

import pytest

from chassis.errors import Invalid
from contracts.shared.values import Language
from identity.companies.numbers import CompanyRecord, check_record
from identity.policies import RequiredField


def record(country: str, vat: str | None = None, registration: str | None = None) -> CompanyRecord:
    return CompanyRecord("Firm", country, Language.ENGLISH, vat_number=vat, registration_number=registration)


@pytest.mark.parametrize(
    ("country", "written", "compact"),
    [
        ("NL", "NL 0044.95.445.B01", "NL004495445B01"),
        ("BE", "be 0428.759.497", "BE0428759497"),
        ("FR", "FR 40 303 265 045", "FR40303265045"),
        ("SE", "SE 556677889901", "SE556677889901"),
        ("DE", "DE136695976", "DE136695976"),
        ("GR", "EL 094259216", "EL094259216"),
    ],
)
def test_a_vat_number_that_can_be_right_is_kept_in_its_compact_form(country, written, compact):
    assert check_record(record(country, vat=written), (), pointer="").vat_number == compact


@pytest.mark.parametrize(
    ("country", "written", "compact"),
    [
        ("NL", "12 34 56 78", "12345678"),
        ("BE", "0428.759.497", "0428759497"),
        ("FR", "552 008 443", "552008443"),
        ("FR", "732 829 320 00074", "73282932000074"),
        ("SE", "556036-0793", "5560360793"),
        ("PL", "KRS/0000123456", "KRS/0000123456"),
    ],
)
def test_a_registration_number_is_that_of_its_country(country, written, compact):
    assert check_record(record(country, registration=written), (), pointer="").registration_number == compact


@pytest.mark.parametrize(
    ("found", "pointer", "code"),
    [
        (record("NL", vat="NL004495446B01"), "/company/vat_number", "number-invalid"),
        (record("NL", vat="BE0428759497"), "/company/vat_number", "number-of-another-country"),
        (record("US", vat="US123456789"), "/company/vat_number", "country-unknown"),
        (record("NL", registration="1234567"), "/company/registration_number", "number-invalid"),
        (record("BE", registration="0428.759.498"), "/company/registration_number", "number-invalid"),
        (record("FR", registration="552008444"), "/company/registration_number", "number-invalid"),
        (record("SE", registration="556036-0794"), "/company/registration_number", "number-invalid"),
    ],
)
def test_a_number_that_can_not_be_right_is_named_by_a_pointer(found, pointer, code):
    with pytest.raises(Invalid) as refused:
        check_record(found, (), pointer="/company")
    assert [(one.pointer, one.code) for one in refused.value.problems] == [(pointer, code)]


def test_every_field_that_the_storefront_requires_and_that_is_missing_is_named():
    with pytest.raises(Invalid) as refused:
        check_record(record("NL"), {RequiredField.VAT_NUMBER, RequiredField.EMAIL}, pointer="")
    assert [(one.pointer, one.code) for one in refused.value.problems] == [
        ("/email", "required"), ("/vat_number", "required"),
    ]  # fmt: skip
