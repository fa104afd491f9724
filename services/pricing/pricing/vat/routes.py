"""VAT rates over HTTP, for staff."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from chassis import clock
from chassis.errors import NotFound
from chassis.http.routing import Reading, Router, Session
from contracts.identity.operations import staff_may
from contracts.identity.values import StaffPermission
from contracts.shared.values import Amount, Code, CountryCode, Moment
from pricing.access import Staff
from pricing.vat import queries
from pricing.vat.commands import PutVatRate, put_vat_rate

router = Router(prefix="/v1/vat-rates", tags=["VAT rates"])

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


RATE: JsonDict = {"rate": "21", "valid_from": "2012-10-01T00:00:00Z"}


class VatRateBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [RATE]})

    rate: Annotated[Amount, Field(ge=0, le=100, examples=["21"])]
    """Per cent."""
    valid_from: Moment = ALWAYS
    """Until the next rate of this class and country begins. Default: always."""


class VatRateAnswer(BaseModel):
    country: CountryCode
    vat_class: Code
    rate: Amount
    valid_from: datetime


class VatRates(BaseModel):
    items: list[VatRateAnswer]


async def _listed(connection: Reading, country: str | None = None, vat_class: str | None = None) -> VatRates:
    rows = await queries.vat_rates(connection, country, vat_class)
    return VatRates(items=[VatRateAnswer.model_validate(row, from_attributes=True) for row in rows])


@router.put("/{country}/{vat_class}", openapi_extra=staff_may(StaffPermission.MANAGE_PRICES))
async def put(country: CountryCode, vat_class: Code, body: VatRateBody, session: Session, _: Staff) -> VatRateAnswer:
    """Set the rate of a class in a country, from a moment on (PR-06)."""
    await put_vat_rate(session, PutVatRate(country, vat_class, body.rate, body.valid_from), at=clock.now())
    return VatRateAnswer(country=country, vat_class=vat_class, rate=body.rate, valid_from=body.valid_from)


@router.get("/{country}/{vat_class}", openapi_extra=staff_may(StaffPermission.SEE_PRICES, for_own=True))
async def read(country: CountryCode, vat_class: Code, connection: Reading, _: Staff) -> VatRates:
    """The rates of a class in a country, past and future ones included."""
    found = await _listed(connection, country, vat_class)
    if not found.items:
        raise NotFound
    return found


@router.get("", openapi_extra=staff_may(StaffPermission.SEE_PRICES, for_own=True))
async def list_rates(connection: Reading, _: Staff, country: CountryCode | None = None) -> VatRates:
    """List the rates."""
    return await _listed(connection, country)
