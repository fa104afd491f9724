"""Who the merchant is, one document for its whole installation."""

from typing import Annotated

import stdnum.bic
import stdnum.iban
from pydantic import AfterValidator, Field, HttpUrl, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession
from stdnum.exceptions import ValidationError

from chassis.policies import Policy
from contracts.shared.values import Address, Language
from identity.companies.numbers import CompanyRecord, check_record
from identity.contacts.email import Email

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")
]


def _iban(number: str) -> str:
    try:
        return str(stdnum.iban.validate(number))
    except ValidationError as error:
        raise ValueError(f"not an IBAN: {error}") from error


def _bic(code: str) -> str:
    try:
        return str(stdnum.bic.validate(code))
    except ValidationError as error:
        raise ValueError(f"not a BIC: {error}") from error


class OrganisationPolicy(Policy):
    """What is printed on the merchant's invoices. Each version stays, so that an old invoice can be printed again."""

    legal_name: Line | None = None
    address: Address | None = None
    """Of its seat; its country says how the numbers are checked."""
    vat_number: Line | None = Field(None, examples=["NL123456782B90"])
    registration_number: Line | None = None
    email: Email | None = None
    phone: Line | None = None
    website: HttpUrl | None = None
    terms: HttpUrl | None = None
    """Of sale, as they are published."""
    iban: Annotated[str, Field(max_length=42), AfterValidator(_iban)] | None = None
    bic: Annotated[str, Field(max_length=11), AfterValidator(_bic)] | None = None
    bank: Line | None = None


async def check_organisation(_session: AsyncSession, document: OrganisationPolicy) -> None:
    """
    Raises:
        Invalid: `company-invalid`: a number can not be right.
    """
    if document.legal_name and document.address:
        check_record(
            CompanyRecord(
                legal_name=document.legal_name,
                country=document.address.country,
                language=Language.ENGLISH,
                vat_number=document.vat_number,
                registration_number=document.registration_number,
            ),
            (),
            pointer="",
        )
