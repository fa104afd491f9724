"""Events of the merchant's own people, and of who asks to become one of them."""

from datetime import datetime
from uuid import UUID

from contracts.identity.topics import (
    ACCESS_REQUEST,
    STAFF,
)
from contracts.identity.values import (
    AccessRefusal,
    StaffPermission,
)
from contracts.shared.event import Event
from contracts.shared.values import Code

# -- staff ----------------------------------------------------------------------------------------------------------------


class StaffAdded(Event, type="countersign.identity.staff.added.v1", topic=STAFF):
    """One of the merchant's people was given an account; who did it is the event's actor."""

    staff_id: UUID
    role: Code
    permissions: frozenset[StaffPermission]
    representative: Code | None = None
    """His code as the sales representative of companies."""
    until: datetime | None = None
    """Of an external: when his access ends."""


class StaffChanged(Event, type="countersign.identity.staff.changed.v1", topic=STAFF):
    """He was given another role, other permissions, another code or another end."""

    staff_id: UUID
    role: Code
    permissions: frozenset[StaffPermission]
    representative: Code | None = None
    until: datetime | None = None


class StaffDeactivated(Event, type="countersign.identity.staff.deactivated.v1", topic=STAFF):
    """He can not sign in any more; his sessions ended. By a colleague, or since his time as an external ran out."""

    staff_id: UUID


class StaffReactivated(Event, type="countersign.identity.staff.reactivated.v1", topic=STAFF):
    """He may sign in again, with what he had."""

    staff_id: UUID
    role: Code
    permissions: frozenset[StaffPermission]
    representative: Code | None = None
    until: datetime | None = None


class StaffErased(Event, type="countersign.identity.staff.erased.v1", topic=STAFF):
    """He had left, and nothing that tells who he was is left in identity; who keeps anything of his erases it, too (ID-27)."""

    staff_id: UUID
    erased_at: datetime


class StaffSecondFactorEnabled(Event, type="countersign.identity.staff.second_factor_enabled.v1", topic=STAFF):
    """He signs in with a code of his device, too."""

    staff_id: UUID


class StaffSecondFactorRemoved(Event, type="countersign.identity.staff.second_factor_removed.v1", topic=STAFF):
    """By himself, or by a colleague after a loss: the event's actor."""

    staff_id: UUID


class StaffPasswordChanged(Event, type="countersign.identity.staff.password_changed.v1", topic=STAFF):
    """By himself, or by a link that was mailed; the mail about it is for him whose account it is."""

    staff_id: UUID


class StaffPasswordLinkIssued(Event, type="countersign.identity.staff.password_link_issued.v1", topic=STAFF):
    """He is mailed a link by which he chooses his password; links of earlier issues are dead."""

    staff_id: UUID
    issue: int
    until: datetime | None = None
    """Of an external: when his access ends."""


# -- access requests ------------------------------------------------------------------------------------------------------


class AccessRequestSubmitted(Event, type="countersign.identity.access_request.submitted.v1", topic=ACCESS_REQUEST):
    """Somebody asks to become one of the merchant's people."""

    request_id: UUID


class AccessRequestGranted(Event, type="countersign.identity.access_request.granted.v1", topic=ACCESS_REQUEST):
    """He became one of them."""

    request_id: UUID
    staff_id: UUID


class AccessRequestRefused(Event, type="countersign.identity.access_request.refused.v1", topic=ACCESS_REQUEST):
    """He did not; he is told why."""

    request_id: UUID
    reason: AccessRefusal


class AccessRequestErased(Event, type="countersign.identity.access_request.erased.v1", topic=ACCESS_REQUEST):
    """Its time is over: nothing tells any more who asked. If nobody had decided, nobody will."""

    request_id: UUID
