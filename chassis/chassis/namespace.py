"""The Temporal namespace and its search attributes."""

import asyncio
import logging
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from chassis.processes import Temporal
from contracts.shared.process import SEARCH_ATTRIBUTES

log = logging.getLogger(__name__)

RETENTION = timedelta(days=30)
"""How long the history of a closed process can be read."""
DEADLINE = timedelta(seconds=60)


async def prepare_namespace(address: str, namespace: str) -> None:
    """Registers the namespace and its search attributes where they are missing. Safe to repeat, also at once."""
    client = await Temporal(address, namespace).when_reachable()
    try:
        await client.workflow_service.register_namespace(
            RegisterNamespaceRequest(
                namespace=namespace,
                workflow_execution_retention_period=Duration(seconds=int(RETENTION.total_seconds())),
            )
        )
    except RPCError as error:
        if error.status != RPCStatusCode.ALREADY_EXISTS:
            raise
    await _until_found(lambda: _add_search_attributes(client, namespace))


async def _add_search_attributes(client: Client, namespace: str) -> None:
    known = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=namespace))
    missing = {
        one.name: IndexedValueType.ValueType(one.indexed_value_type)
        for one in SEARCH_ATTRIBUTES
        if one.name not in known.custom_attributes
    }
    if not missing:
        return
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=namespace, search_attributes=missing)
        )
    except RPCError as error:
        if error.status != RPCStatusCode.ALREADY_EXISTS:
            raise


async def _until_found(act: object) -> None:
    """A namespace just registered is not known everywhere at once."""
    assert callable(act)
    until = asyncio.get_running_loop().time() + DEADLINE.total_seconds()
    while True:
        try:
            return await act()  # type: ignore[no-any-return]
        except RPCError as error:
            late = asyncio.get_running_loop().time() > until
            if late or error.status not in (RPCStatusCode.NOT_FOUND, RPCStatusCode.UNAVAILABLE):
                raise
            await asyncio.sleep(0.5)
