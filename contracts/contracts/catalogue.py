"""Everything that is published, in one place: importing this module fills the registries."""

import contracts.identity.activities
import contracts.identity.events
import contracts.identity.process_events
import contracts.identity.staff_events
import contracts.identity.states
import contracts.identity.status_table
import contracts.identity.storefronts
import contracts.notifications.activities
import contracts.notifications.events
import contracts.orders.activities
import contracts.orders.events
import contracts.pricing.activities
import contracts.pricing.events
import contracts.pricing.states  # noqa: F401
from contracts.shared import activity, event
from contracts.shared.topic import Topic

events = event.registry
activities = activity.registry


def topics(owner: str | None = None) -> list[Topic]:
    """Every declared topic, or those that one service writes, by name."""
    declared = {published.topic.name: published.topic for published in events.values()}
    return [topic for name, topic in sorted(declared.items()) if owner in (None, topic.owner)]
