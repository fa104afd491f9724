"""Topics that notifications writes."""

from contracts.shared.topic import Topic

DELIVERY = Topic("countersign.notifications.delivery")
