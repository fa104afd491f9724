"""Company and VAT numbers that pass the check-digit rules of their country, and most likely belong to nobody."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CompanyNumbers:
    vat: str
    registration: str


def company_numbers(country: str, chance: random.Random) -> CompanyNumbers:
    """Numbers of one company in NL, BE, FR, SE or DE."""
    return {"NL": _dutch, "BE": _belgian, "FR": _french, "SE": _swedish, "DE": _german}[country](chance)


def _dutch(chance: random.Random) -> CompanyNumbers:
    """VAT: eight digits and one by the eleven test, `B`, two digits. KvK: eight digits without a check."""
    while True:
        digits = [chance.randrange(1, 10), *(chance.randrange(10) for _ in range(7))]
        check = sum(weight * digit for weight, digit in zip(range(9, 1, -1), digits, strict=True)) % 11
        if check < 10:
            break
    return CompanyNumbers(f"NL{_text(digits)}{check}B01", str(chance.randrange(50_000_000, 99_000_000)))


def mistyped_dutch_vat(vat: str) -> str:
    """The same number with another ninth digit, so that neither the eleven test nor mod 97 holds."""
    start, digit, end = vat[:10], int(vat[10]), vat[11:]
    others = (f"{start}{(digit + n) % 10}{end}" for n in range(1, 10))
    return next(other for other in others if _mod_97(other) != 1)


def _mod_97(number: str) -> int:
    """ISO 7064 mod 97, 10, letters counted from A = 10."""
    return int("".join(str(int(sign, 36)) for sign in number)) % 97


def _belgian(chance: random.Random) -> CompanyNumbers:
    """VAT and KBO/BCE are one number: eight digits and 97 minus their remainder."""
    start = chance.randrange(4_000_000, 9_990_000)
    number = f"0{start:07}{97 - start % 97:02}"
    return CompanyNumbers(f"BE{number}", number)


def _french(chance: random.Random) -> CompanyNumbers:
    """SIREN: nine digits by Luhn. VAT: two check digits before it."""
    digits = [chance.randrange(3, 9), *(chance.randrange(10) for _ in range(7))]
    siren = _text([*digits, luhn_digit(digits)])
    return CompanyNumbers(f"FR{(12 + 3 * (int(siren) % 97)) % 97:02}{siren}", siren)


def _swedish(chance: random.Random) -> CompanyNumbers:
    """Organisationsnummer: ten digits by Luhn, the third at least 2. VAT: the same and 01."""
    digits = [5, 5, chance.randrange(2, 10), *(chance.randrange(10) for _ in range(6))]
    number = _text([*digits, luhn_digit(digits)])
    return CompanyNumbers(f"SE{number}01", f"{number[:6]}-{number[6:]}")


def _german(chance: random.Random) -> CompanyNumbers:
    """VAT: nine digits by ISO 7064 mod 11, 10. The commercial register number has no check digit."""
    digits = [chance.randrange(1, 10), *(chance.randrange(10) for _ in range(7))]
    product = 10
    for digit in digits:
        total = (digit + product) % 10 or 10
        product = total * 2 % 11
    return CompanyNumbers(f"DE{_text(digits)}{(11 - product) % 10}", f"HRB {chance.randrange(10_000, 250_000)}")


def luhn_digit(digits: list[int]) -> int:
    """The digit that, put behind these, makes their Luhn sum a multiple of ten."""
    doubled = (digit * 2 if n % 2 == 0 else digit for n, digit in enumerate(reversed(digits)))
    return -sum(value // 10 + value % 10 for value in doubled) % 10


def _text(digits: list[int]) -> str:
    return "".join(map(str, digits))
