"""Entry point: HTTP, for staff."""

from uuid import UUID

from chassis.http.paging import Cursor, Limit, Page
from chassis.http.routing import Reading, Router
from contracts.identity.operations import staff_may
from contracts.identity.values import StaffPermission
from contracts.notifications.activities import Template
from notifications.access import Staff
from notifications.deliveries.models import DeliveryStatus
from notifications.deliveries.queries import DeliveryView, list_deliveries, show_delivery

router = Router(prefix="/v1/deliveries", tags=["deliveries"])


@router.get("", summary="List mails and what became of them", openapi_extra=staff_may(StaffPermission.SEE_MAILS))
async def get_deliveries(
    _staff: Staff,
    connection: Reading,
    contact_id: UUID | None = None,
    template: Template | None = None,
    status: DeliveryStatus | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DeliveryView]:
    """Newest first. The merchant's own mailbox has no `contact_id`."""
    return await list_deliveries(
        connection, contact_id=contact_id, template=template, status=status, limit=limit, cursor=cursor
    )


@router.get("/{delivery_id}", summary="Read one mail's delivery", openapi_extra=staff_may(StaffPermission.SEE_MAILS))
async def get_delivery(delivery_id: UUID, _staff: Staff, connection: Reading) -> DeliveryView:
    return await show_delivery(connection, delivery_id)
