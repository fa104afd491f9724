"""Value types that several contracts share."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

CENT = Decimal("0.01")

DECIMAL_PATTERN = r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$"


def _plain(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError("must be a finite number")
    return Decimal(f"{value:f}")  # never 1E+2


Amount = Annotated[
    Decimal,
    Field(max_digits=18, decimal_places=6),
    AfterValidator(_plain),
    WithJsonSchema({"type": "string", "pattern": DECIMAL_PATTERN, "examples": ["12.50"]}),
]
"""A decimal number that travels as a string, because JSON numbers are floats to most readers."""

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"], description="ISO 4217")]
CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$", examples=["NL"], description="ISO 3166-1 alpha-2")]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", examples=["wholesale-2026"])]
"""The merchant's own key of something: a price list, a group, a storefront, an article."""


READING: Final = object()
"""The context in which a published record is validated: of a later release it may be, with values that this one does not know."""


class OpenEnum(StrEnum):
    """Values may be added without a new version of the events that have it.

    Whoever reads a record keeps a value that it does not know, and treats it like none of those that it knows. Everywhere
    else such a value is refused.
    """

    @classmethod
    def of(cls, value: str) -> Self:
        """What was published, known or not."""
        if value in cls._value2member_map_:
            return cls(value)
        unknown = str.__new__(cls, value)
        unknown._name_ = unknown._value_ = value
        return unknown

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_wrap_validator_function(cls._read, handler(source))

    @classmethod
    def _read(cls, value: Any, known: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        return cls.of(value) if info.context is READING and isinstance(value, str) else known(value)


class Language(OpenEnum):
    """The languages of mails and of names per language (NO-02)."""

    DUTCH = "nl"
    FRENCH = "fr"
    SWEDISH = "sv"
    ENGLISH = "en"
    GERMAN = "de"


class Money(BaseModel):
    """An amount in a currency. Totals are in cents, unit prices may have up to six decimals."""

    model_config = ConfigDict(frozen=True)

    amount: Amount
    currency: Currency

    @classmethod
    def zero(cls, currency: str) -> Self:
        return cls(amount=Decimal("0.00"), currency=currency)

    def rounded(self) -> Self:
        """To the cent, half away from zero, as invoices are."""
        return self.model_copy(update={"amount": self.amount.quantize(CENT, ROUND_HALF_UP)})

    def __add__(self, other: "Money") -> Self:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")
        return self.model_copy(update={"amount": self.amount + other.amount})


class Address(BaseModel):
    """Where an invoice or a delivery goes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    line1: Annotated[str, Field(min_length=1, max_length=120)]
    line2: Annotated[str, Field(max_length=120)] = ""
    postal_code: Annotated[str, Field(min_length=1, max_length=16)]
    city: Annotated[str, Field(min_length=1, max_length=80)]
    country: CountryCode


def _in_utc(moment: datetime) -> datetime:
    """
    Raises:
        ValueError: there it is before the year 1 or after 9999.
    """
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this moment is in no year") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment that somebody names, with its time zone; here it is in UTC."""

Elapsed = Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=366))]
"""An elapsed time, ISO 8601 on the wire (`P3D`, `PT10S`)."""
