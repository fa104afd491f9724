"""What the key of a record is, topic by topic. The key decides the partition, and so what is kept in order."""

KEYS = {
    "countersign.identity.access_request": "request_id",
    "countersign.identity.application": "application_id",
    "countersign.identity.company": "company_id",
    "countersign.identity.company.state": "company_id",
    "countersign.identity.contact": "contact_id",
    "countersign.identity.contact.state": "contact_id",
    "countersign.identity.group": "group_id",
    "countersign.identity.invitation": "invitation_id",
    "countersign.identity.key.state": "kid",
    "countersign.identity.location": "location_id",
    "countersign.identity.location.state": "location_id",
    "countersign.identity.member": "member_id",
    "countersign.identity.member.state": "member_id",
    "countersign.identity.project": "project_id",
    "countersign.identity.project.state": "project_id",
    "countersign.identity.staff": "staff_id",
    "countersign.identity.status_table.state": "the constant `status_table`: there is one table",
    "countersign.identity.storefront": "code",
    "countersign.identity.storefront.state": "code",
    "countersign.notifications.delivery": "delivery_id",
    "countersign.orders.order": "order_id",
    "countersign.orders.order.state": "order_id",
    "countersign.pricing.article": "the article's code, or of an import its import_id",
    "countersign.pricing.key.state": "kid",
    "countersign.pricing.price_list": "code",
    "countersign.pricing.price_list.state": "code",
    "countersign.pricing.terms": "<assignee_kind>/<assignee>",
    "countersign.pricing.terms.state": "<assignee_kind>/<assignee>",
}
"""The field of the body that is the key, or how the key is made where it is no field."""


def key_of(topic: str) -> str:
    """What the key of its records is.

    Raises:
        LookupError: nobody has said so for this topic.
    """
    if topic not in KEYS:
        raise LookupError(f"say in {__name__} what the key of {topic} is")
    return KEYS[topic]


def is_field(key: str) -> bool:
    """Whether the key is a field of the body as it stands."""
    return key.isidentifier()
