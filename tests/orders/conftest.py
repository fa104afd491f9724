"""A world with an empty database, and the time-skipping server with our search attributes."""

from contextlib import suppress

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.service import RPCError

from contracts.shared.process import SEARCH_ATTRIBUTES
from tests.conftest import NewDatabase
from tests.orders.world import World
from tests.processes import TimeSkipping
from tests.processes import time_skipping as plain_time_skipping  # noqa: F401


@pytest.fixture
async def world(new_database: NewDatabase) -> World:
    return await World(await new_database("orders")).begin()


@pytest.fixture(scope="session")
async def time_skipping(plain_time_skipping: TimeSkipping) -> TimeSkipping:  # noqa: F811
    for attribute in SEARCH_ATTRIBUTES:
        kind = IndexedValueType.ValueType(attribute.indexed_value_type)
        request = AddSearchAttributesRequest(
            namespace=plain_time_skipping.client.namespace, search_attributes={attribute.name: kind}
        )
        with suppress(RPCError):  # others of this session added it
            await plain_time_skipping.client.operator_service.add_search_attributes(request)
    return plain_time_skipping
