"""A merchant of one's own, on an empty database."""

import pytest

from tests.conftest import NewDatabase
from tests.pricing.merchant import Merchant


@pytest.fixture
async def merchant(new_database: NewDatabase) -> Merchant:
    merchant = Merchant(await new_database("pricing"))
    await merchant.open()
    return merchant
