"""Topics that orders writes."""

from contracts.shared.topic import Topic

ORDER = Topic("countersign.orders.order")
ORDER_STATE = Topic("countersign.orders.order.state")
