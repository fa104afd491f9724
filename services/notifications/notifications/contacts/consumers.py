"""Entry point: identity's contacts, into our own copy."""

from typing import Any

from chassis.projections import Projection
from contracts.identity.states import ContactState
from notifications.contacts.models import Contact


def _row(contact: ContactState) -> dict[str, Any]:
    return {
        "name": contact.name,
        "email": contact.email,
        "language": contact.language,
        "company_name": contact.company_name,
    }


projections = [Projection(ContactState, Contact, _row)]
