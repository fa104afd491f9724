import random
import re

import pytest
from demo.wholesale.company_numbers import company_numbers, mistyped_dutch_vat
from stdnum.be import vat as belgian
from stdnum.de import vat as german
from stdnum.fr import siren
from stdnum.fr import tva as french
from stdnum.nl import btw as dutch
from stdnum.se import orgnr
from stdnum.se import vat as swedish

CHECKS = {
    "NL": (dutch.is_valid, lambda number: bool(re.fullmatch(r"\d{8}", number))),
    "BE": (belgian.is_valid, belgian.is_valid),
    "FR": (french.is_valid, siren.is_valid),
    "SE": (swedish.is_valid, orgnr.is_valid),
    "DE": (german.is_valid, lambda number: number.startswith("HRB ")),
}


@pytest.mark.parametrize("country", CHECKS)
def test_numbers_pass_the_rules_of_their_country(country):
    vat_is_valid, registration_is_valid = CHECKS[country]
    for seed in range(300):
        numbers = company_numbers(country, random.Random(seed))
        assert numbers.vat.startswith(country)
        assert vat_is_valid(numbers.vat), numbers
        assert registration_is_valid(numbers.registration), numbers


def test_a_mistyped_dutch_number_never_passes():
    for seed in range(2_000):
        vat = company_numbers("NL", random.Random(seed)).vat
        assert not dutch.is_valid(mistyped_dutch_vat(vat)), vat


def test_one_seed_gives_the_same_numbers_again_and_another_gives_others():
    first, again, other = (company_numbers("NL", random.Random(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first.vat != other.vat
