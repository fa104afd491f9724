"""I5: nothing crosses companies."""

from checker.facts import Facts
from checker.findings import Findings, finding


def check(facts: Facts) -> Findings:
    members = {str(row["id"]): row for row in facts.databases.rows("identity", "members")}
    company_of = {member_id: str(row["company_id"]) for member_id, row in members.items()}
    for intent in facts.told.of("order.spy"):
        if intent.ids is not None:
            yield finding("I5", "foreign-order-seen", "a stranger was shown an order", intent.facts["order_id"])
    for intent in facts.told.of("order.submit"):
        row = facts.orders.get((intent.ids or {}).get("order_id", ""))
        if row and (str(row["company_id"]), str(row["member_id"])) != (
            intent.facts["company_id"],
            intent.facts["member_id"],
        ):
            yield finding("I5", "order-of-another", f"{row['number']} is another's", row["id"])
    for order_id, row in facts.orders.items():
        for person in filter(None, (row["member_id"], row["decided_by"])):
            if company_of.get(str(person)) != str(row["company_id"]):
                yield finding(
                    "I5", "stranger-in-order", f"{row['number']}: {person} is of another company", order_id, person
                )
        if row["decided_by"] and row["decided_by"] == row["member_id"]:
            yield finding("I5", "own-attestation", f"{row['number']} was decided by who submitted it", order_id)
    for event in facts.events:
        order = facts.orders.get(str(event.body.get("order_id")))
        if order and event.body.get("company_id", str(order["company_id"])) != str(order["company_id"]):
            yield finding("I5", "event-of-another", f"{event.type} names another company", event.id)
    yield from _mails(facts, {str(row["contact_id"]): str(row["company_id"]) for row in members.values()})


def _mails(facts: Facts, company_of_contact: dict[str, str]) -> Findings:
    """A mail about an order goes to people of its company."""
    by_number = {row["number"]: str(row["company_id"]) for row in facts.orders.values()}
    for row in facts.databases.rows("notifications", "deliveries"):
        number = row["notification"].partition("/")[2].partition("/")[0]
        company = by_number.get(number)
        if company and row["contact_id"] and company_of_contact.get(str(row["contact_id"])) != company:
            yield finding("I5", "mail-to-stranger", f"{row['notification']} went to another company", row["id"])
