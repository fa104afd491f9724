"""What a company says of itself, and whether its numbers can be right: format and check digits, per country (ID-01)."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import stdnum.be.vat
import stdnum.fr.siren
import stdnum.fr.siret
import stdnum.se.orgnr
from stdnum import get_cc_module
from stdnum.exceptions import ValidationError

from chassis.errors import Invalid, Problem
from contracts.shared.values import Language
from identity.policies import RequiredField

_VAT_PREFIXES = {"GR": ("EL",), "GB": ("GB", "XI")}
"""Where the prefix of a VAT number is not the country's code."""
_SEPARATORS = re.compile(r"[\s.\-]")


@dataclass(frozen=True)
class CompanyRecord:
    """
    Attributes:
        vat_number: with its country: `NL123456782B90`.
        registration_number: KvK, KBO/BCE, SIREN or SIRET, organisationsnummer, by `country`.
    """

    legal_name: str
    country: str
    language: Language
    vat_number: str | None = None
    registration_number: str | None = None
    email: str | None = None
    phone: str | None = None
    department: str | None = None
    addresses: tuple[dict[str, Any], ...] = ()


class CheckedRecord(CompanyRecord):
    """Its numbers were found to be right for its country, and have their compact form."""


def check_record(record: CompanyRecord, required: Collection[RequiredField], *, pointer: str) -> CheckedRecord:
    """The record with its numbers in their compact form.

    Args:
        record: numbers of one that was checked are not looked at again.
        required: what this storefront insists on.
        pointer: JSON pointer to the record in the request body, for the answer.

    Raises:
        Invalid: `company-invalid`, with a problem for every field that is missing or can not be right.
    """
    problems = [
        Problem(f"{pointer}/{name.value}", "required", "This storefront asks for it.")
        for name in sorted(required)
        if not getattr(record, name.value)
    ]
    checked = record if isinstance(record, CheckedRecord) else _with_checked_numbers(record, pointer, problems)
    if problems:
        raise Invalid("company-invalid", "Something is missing or can not be right.", problems=problems)
    return checked


def _with_checked_numbers(record: CompanyRecord, pointer: str, problems: list[Problem]) -> CheckedRecord:
    vat_number = registration_number = None
    if record.vat_number:
        vat_number = _checked(_vat_number, record.country, record.vat_number, f"{pointer}/vat_number", problems)
    if record.registration_number:
        registration_number = _checked(
            _registration_number,
            record.country,
            record.registration_number,
            f"{pointer}/registration_number",
            problems,
        )
    return CheckedRecord(**{**vars(record), "vat_number": vat_number, "registration_number": registration_number})


class _Wrong(ValueError):
    """A number that can not be right: a code and a sentence."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def _checked(
    check: Callable[[str, str], str], country: str, number: str, pointer: str, problems: list[Problem]
) -> str | None:
    try:
        return check(country, number)
    except _Wrong as wrong:
        problems.append(Problem(pointer, wrong.code, wrong.detail))
    except ValidationError as error:
        problems.append(Problem(pointer, "number-invalid", str(error)))
    return None


def _vat_number(country: str, number: str) -> str:
    compact = _SEPARATORS.sub("", number).upper()
    if compact[:2] not in _VAT_PREFIXES.get(country, (country,)):
        raise _Wrong("number-of-another-country", "A VAT number begins with the code of the company's country.")
    module = get_cc_module(compact[:2].lower().replace("el", "gr").replace("xi", "gb"), "vat")
    if module is None:
        raise _Wrong("country-unknown", "VAT numbers of this country can not be checked here.")
    digits = compact[2:]
    module.validate(digits)
    return compact


def _registration_number(country: str, number: str) -> str:
    compact = _SEPARATORS.sub("", number).upper()
    match country:
        case "NL":
            if not re.fullmatch(r"[0-9]{8}", compact):
                raise _Wrong("number-invalid", "A KvK number has 8 digits.")
        case "BE":
            return str(stdnum.be.vat.validate(compact))
        case "FR":
            return str((stdnum.fr.siret if len(compact) == 14 else stdnum.fr.siren).validate(compact))
        case "SE":
            return str(stdnum.se.orgnr.validate(compact))
        case _:
            if not re.fullmatch(r"[A-Z0-9/]{3,32}", compact):
                raise _Wrong("number-invalid", "A registration number has 3 to 32 letters and digits.")
    return compact
