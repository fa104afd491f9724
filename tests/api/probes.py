"""How each operation is asked about what a company has. An operation that is added to a service is one line more here.

`{name}` in a query or a body stands for a thing that was planted (`tests.api.planting`), as it does in a path: first for
the other company's, then for one that never was. `{own.name}` is the caller's.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chassis import clock
from tests.api.planting import LONG_TERMS


@dataclass(frozen=True)
class Probe:
    """One way to ask. The order of probes matters to whom they are for: what ends a thing comes after what uses it.

    Attributes:
        names: what a parameter of the path is called among the planted things, where it has another name.
        answers: what it answers to whom it is for, about what is his own; None: it succeeds.
        by: who asks for what is his own; "": the merchant's staff, where it is for them.
        shows: success is no leak: it answers with what of that list the caller may see.
        file: its body is this CSV.
    """

    body: Any = None
    query: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    answers: int | None = None
    by: str = ""
    shows: bool = False
    file: str = ""

    def names_an_object(self, path: str) -> bool:
        """False: it is about the caller himself, or about the whole merchant."""
        return bool(re.search(r"{(?!own\.)\w+}", f"{path} {self.query} {json.dumps(self.body)}"))


def ask(body: Any = None, query: str = "", *, answers: int | None = None, by: str = "", **names: str) -> Probe:
    return Probe(body, query, names, answers, by)


def filtered(query: str, **names: str) -> Probe:
    return Probe(query=query, names=names, shows=True)


def upload(file: str, **names: str) -> Probe:
    return Probe(file=file, names=names)


INVITEE = {"name": "Bram Jansen", "email": "bram@somewhere.example", "language": "nl"}
ADDRESS = {"line1": "Kade 1", "postal_code": "3011 AA", "city": "Rotterdam", "country": "NL"}
PERSON = {"name": "Bram Jansen", "email": "bram@elsewhere.example", "language": "nl"}
LOCATION = {"code": "shed", "name": "Shed", "address": ADDRESS}
LINES = {"currency": "EUR", "lines": [{"article": "lantern", "quantity": "1"}]}
LIMITS = {"per_order": {"amount": "1.00", "currency": "EUR"}}
ORDER = {"terms_accepted": True, "payment": "provider"}
SIGN_IN = {"kind": "member", "password": "not the password"}
PASSWORD = {"password": "correct horse battery"}
APPLICATION = {
    "storefront": "main",
    "language": "nl",
    "company": {"legal_name": "New B.V.", "country": "NL"},
    "applicant": {"name": "Bram Jansen", "email": "bram@new.example"},
}
CONSUMER = {"storefront": "main", "language": "nl", "company": {"legal_name": "New B.V.", "country": "NL"}}
ACCESS = {**PERSON, "organisation": "Elders", "wanted_role": "Reviewer", "reason": "To help."}
AWAY = {"since": clock.now().isoformat(), "until": (clock.now() + timedelta(days=1)).isoformat()}
ARTICLE = {"names": {"en": "Hurricane lantern"}, "unit": "piece", "vat_class": "standard"}


def policies(*names: str) -> dict[str, list[Probe]]:
    """The three operations of a policy. A change is asked for without a body that it could be."""
    made = {}
    for name in names:
        made[f"GET /v1/policies/{name}"] = [ask()]
        made[f"PUT /v1/policies/{name}"] = [ask({"no": "such"}, answers=422)]
        made[f"GET /v1/policies/{name}/history"] = [ask()]
    return made


IDENTITY = {
    **policies("registration", "approval", "invitation", "status-table", "roles", "organisation", "second-factor"),
    **policies("external-sign-in", "consumer-accounts", "access-request", "staff-roles"),
    "POST /v1/companies": [ask({"legal_name": "New B.V.", "country": "NL", "language": "nl", "storefront": "main"})],
    "GET /v1/companies": [ask(), filtered("search={customer_number}")],
    "GET /v1/companies/{company_id}": [ask(), ask(company_id="merged_id")],
    "PATCH /v1/companies/{company_id}": [ask({"department": "Kitchen"})],
    "GET /v1/companies/{company_id}/status": [ask()],
    "GET /v1/companies/{company_id}/merge": [
        ask(query="into={company_id}", company_id="duplicate_id"),
        ask(query="into={company_id}", company_id="own.duplicate_id"),
        ask(query="into={own.company_id}", company_id="duplicate_id"),
    ],
    "POST /v1/groups": [ask({"code": "bakers", "names": {"en": "Bakeries"}})],
    "GET /v1/groups": [ask()],
    "GET /v1/groups/{code}": [ask(code="group")],
    "PATCH /v1/groups/{code}": [ask({"active": True}, code="group")],
    "POST /v1/storefronts": [ask({"code": "annex", "name": "Annex", "access": "public"})],
    "GET /v1/storefronts": [ask()],
    "GET /v1/storefronts/{code}": [ask(code="storefront")],
    "PATCH /v1/storefronts/{code}": [ask({"catalogues": ["summer"]}, code="storefront")],
    "POST /v1/contacts": [ask({**PERSON, "groups": ["trade"], "company_id": "{company_id}"})],
    "GET /v1/contacts": [filtered("company_id={company_id}"), filtered("email={email}"), filtered("search={email}")],
    "GET /v1/contacts/{contact_id}": [ask()],
    "PATCH /v1/contacts/{contact_id}": [ask({"name": "Another"})],
    "GET /v1/contacts/{contact_id}/personal-data": [ask()],
    "POST /v1/contacts/{contact_id}/erase": [ask(contact_id="guest_id")],
    "POST /v1/applications": [
        ask(APPLICATION),
    ],
    "GET /v1/applications": [ask(), filtered("reviewer={staff_id}")],
    "GET /v1/applications/{application_id}": [
        ask(),
        filtered("customer_number={customer_number}", application_id="own.application_id"),
    ],
    "POST /v1/applications/{application_id}/take": [ask()],
    "POST /v1/applications/{application_id}/give": [ask({"staff_id": "{staff_id}"})],
    "POST /v1/applications/{application_id}/release": [ask()],
    "GET /v1/application-questions/{token}": [ask(token="answer_token")],
    "POST /v1/application-questions/{token}/answer": [ask({"text": "Yes."}, token="answer_token")],
    "POST /v1/applications/{application_id}/questions": [ask({"text": "And?"})],
    "POST /v1/applications/{application_id}/retract": [ask({"proposal": 1}, application_id="proposed_id")],
    "POST /v1/applications/{application_id}/approve": [
        ask({"price_list": "own-beukenhof"}),
        ask(LONG_TERMS, application_id="proposed_id"),
    ],
    "POST /v1/applications/{application_id}/confirm": [
        ask({"proposal": 2}, by="colleague", application_id="proposed_id")
    ],
    "POST /v1/application-decisions": [
        ask({"decisions": [{"application_id": "{application_id}", "verdict": "reject", "reason": "credit"}]})
    ],
    "POST /v1/applications/{application_id}/reject": [ask({"reason": "credit"}, answers=409)],
    "POST /v1/applications/{application_id}/withdraw": [ask(answers=409)],
    "POST /v1/consumer-applications": [
        ask({**CONSUMER, "email": "{consumer_email}", "password": "not the password"}, answers=401),
        ask({**CONSUMER, **PASSWORD, "email": "{own.consumer_email}"}),
    ],
    "GET /v1/roles": [ask()],
    "GET /v1/organisation": [ask()],
    "GET /v1/me": [ask()],
    "GET /v1/companies/{company_id}/members": [ask(), ask(query="removed=true")],
    "POST /v1/companies/{company_id}/members": [ask({**PERSON, "role": "user"})],
    "PATCH /v1/members/{member_id}": [
        ask({"always_attested": False}),
        ask({"locations": ["{location_id}"]}, member_id="own.member_id"),
    ],
    "PUT /v1/members/{member_id}/substitution": [
        ask({**AWAY, "substitute_id": "{member_id}"}, member_id="administrator_id"),
        ask({**AWAY, "substitute_id": "{member_id}"}, member_id="own.administrator_id"),
    ],
    "DELETE /v1/members/{member_id}/substitution": [ask(member_id="administrator_id")],
    "GET /v1/companies/{company_id}/projects": [ask(), ask(query="closed=true")],
    "POST /v1/companies/{company_id}/projects": [
        ask({"code": "bridge", "name": "Bridge"}),
        ask({"code": "lock", "name": "Lock", "contact_id": "{contact_id}"}, company_id="own.company_id"),
    ],
    "PATCH /v1/projects/{project_id}": [ask({"name": "Another"})],
    "GET /v1/companies/{company_id}/locations": [ask()],
    "POST /v1/companies/{company_id}/locations": [ask(LOCATION)],
    "PATCH /v1/locations/{location_id}": [ask({"name": "Another"})],
    "GET /v1/companies/{company_id}/invitations": [ask()],
    "POST /v1/companies/{company_id}/invitations": [ask({"role": "user", "invitees": [INVITEE]})],
    "POST /v1/invitations/{invitation_id}/extend": [ask({"by": "P1D"})],
    "GET /v1/invitation-links/{token}": [ask(token="invitation_token")],
    "POST /v1/invitation-links/{token}/accept": [ask(PASSWORD, token="invitation_token")],
    "POST /v1/invitation-links/{token}/decline": [ask(token="invitation_token", answers=409)],
    "POST /v1/invitations/{invitation_id}/resend": [ask(answers=409)],
    "POST /v1/invitations/{invitation_id}/revoke": [ask(answers=409)],
    "POST /v1/sessions": [
        ask({**SIGN_IN, "email": "{email}"}, answers=401),
        ask({**SIGN_IN, **PASSWORD, "email": "{own.email}", "company_id": "{company_id}"}),
    ],
    "GET /v1/sessions": [ask()],
    "POST /v1/sessions/refresh": [ask({"refresh_token": "{refresh_token}"})],
    "DELETE /v1/sessions/{session_id}": [ask(by="member")],
    "POST /v1/verifications": [ask({"token": "{invitation_token}"}, answers=422)],
    "POST /v1/password-resets": [ask({"email": "{email}"})],
    "POST /v1/password-resets/confirm": [ask({**PASSWORD, "token": "{invitation_token}"}, answers=422)],
    "POST /v1/password": [ask({"current_password": "not the password", **PASSWORD}, answers=401)],
    "GET /v1/keys": [ask()],
    "DELETE /v1/members/{member_id}/sessions": [ask()],
    "DELETE /v1/contacts/{contact_id}/sessions": [ask()],
    "DELETE /v1/staff/{staff_id}/sessions": [ask()],
    "GET /v1/second-factor": [ask()],
    "POST /v1/second-factor": [ask({"password": "not the password"}, answers=401)],
    "POST /v1/second-factor/confirm": [ask({"code": "000000"}, answers=409)],
    "POST /v1/second-factor/remove": [ask({"password": "not the password", "code": "000000"}, answers=401)],
    "POST /v1/sessions/second-factor": [ask({"challenge": "nobody's", "code": "000000"}, answers=401)],
    "POST /v1/sessions/second-factor/enrolment": [ask({"challenge": "nobody's"}, answers=401)],
    "DELETE /v1/contacts/{contact_id}/second-factor": [ask(contact_id="administrator_contact")],
    "DELETE /v1/staff/{staff_id}/second-factor": [ask()],
    "POST /v1/sessions/external": [
        ask({"kind": "member", "return_to": "https://shop.example/", "company_id": "{company_id}"}, answers=403)
    ],
    "POST /v1/sessions/external/finish": [ask({"attempt": "nobody's", "state": "x", "code": "x"}, answers=401)],
    "POST /v1/staff": [ask({**PASSWORD, "name": "Noor Vos", "email": "noor@merchant.example", "role": "trainee"})],
    "GET /v1/staff": [ask()],
    "GET /v1/staff/{staff_id}": [ask()],
    "GET /v1/staff/{staff_id}/personal-data": [ask()],
    "PUT /v1/staff/{staff_id}/terms": [ask({"role": "administrator"})],
    "POST /v1/staff-passwords": [ask({"email": "{staff_email}"})],
    "POST /v1/staff-passwords/confirm": [ask({**PASSWORD, "token": "{staff_token}"})],
    "POST /v1/staff/{staff_id}/password-link": [ask()],
    "POST /v1/access-requests": [ask(ACCESS)],
    "GET /v1/access-requests": [ask()],
    "POST /v1/access-requests/{request_id}/grant": [ask({"role": "trainee"})],
    "POST /v1/access-requests/{request_id}/refuse": [ask({"reason": "not_expected"}, answers=409)],
    "GET /v1/activity": [
        ask(),
        ask(query="company_id={company_id}"),
        filtered("subject={member_id}"),
        filtered("actor=member:{administrator_id}"),
    ],
    "GET /v1/activity/export": [ask(), ask(query="company_id={company_id}"), filtered("subject={member_id}")],
    "GET /v1/activity/head": [ask()],
    "POST /v1/companies/imports": [upload("legal_name,country\nNew B.V.,NL\n")],
    "POST /v1/contacts/imports": [upload("name,email\nBram,bram@x.example\n")],
    "POST /v1/members/imports": [upload("company,email\nK-1,bram@x.example\n")],
    "GET /v1/imports": [ask()],
    "GET /v1/imports/{import_id}": [ask(import_id="identity_import")],
    "GET /v1/imports/{import_id}/rows": [ask(import_id="identity_import")],
    "GET /v1/imports/{import_id}/refused.csv": [ask(import_id="identity_import")],
    "POST /v1/imports/{import_id}/apply": [ask(import_id="identity_import")],
    "GET /v1/exports/companies": [ask()],
    "GET /v1/exports/contacts": [filtered("company_id={company_id}")],
    "GET /v1/exports/members": [filtered("company_id={company_id}")],
    "POST /v1/companies/{company_id}/suspend": [ask({"reason": "Unpaid"})],
    "POST /v1/companies/{company_id}/reactivate": [ask()],
    "POST /v1/projects/{project_id}/close": [ask()],
    "POST /v1/locations/{location_id}/close": [ask()],
    "DELETE /v1/members/{member_id}": [ask()],
    "DELETE /v1/groups/{code}": [ask(code="group")],
    "POST /v1/companies/{company_id}/merge": [
        ask({"into": "{own.company_id}", "price_lists": "move"}, company_id="duplicate_id"),
        ask({"into": "{company_id}", "price_lists": "move"}, company_id="own.company_id", answers=422),
    ],
    "POST /v1/staff/{staff_id}/deactivate": [ask()],
    "POST /v1/staff/{staff_id}/reactivate": [ask()],
    "POST /v1/staff/{staff_id}/erase": [ask(answers=409)],
    # From here on the caller's own session has ended.
    "POST /v1/sessions/revoke-others": [ask()],
    "DELETE /v1/sessions/current": [filtered("")],
}
PRICING = {
    **policies("pricing"),
    "POST /v1/priced-carts": [ask({**LINES, "company_id": "{company_id}"})],
    "POST /v1/prices": [ask({"articles": ["lantern"], "currency": "EUR", "company_id": "{company_id}"})],
    "GET /v1/keys": [ask()],
    "PUT /v1/articles/{code}": [ask(ARTICLE, code="article")],
    "GET /v1/articles/{code}": [ask(code="article")],
    "GET /v1/articles": [ask()],
    "PUT /v1/price-lists/{code}": [ask({"currency": "EUR"}, code="price_list")],
    "GET /v1/price-lists/{code}": [ask(code="price_list")],
    "GET /v1/price-lists": [ask()],
    "GET /v1/price-lists/{code}/prices": [ask(code="price_list")],
    "PUT /v1/price-lists/{code}/prices/{article}": [ask({"tiers": [{"from": "1", "price": "1"}]}, code="price_list")],
    "POST /v1/articles/imports": [upload("code,name_en,unit,vat_class\nwick,Wick,piece,standard\n")],
    "POST /v1/price-lists/{code}/imports": [upload("article,price\nlantern,1\n", code="price_list")],
    "GET /v1/imports": [ask()],
    "GET /v1/imports/{import_id}": [ask(import_id="pricing_import")],
    "GET /v1/imports/{import_id}/rows": [ask(import_id="pricing_import")],
    "POST /v1/imports/{import_id}/apply": [ask(import_id="pricing_import")],
    "POST /v1/terms": [ask({"assignee_kind": "company", "assignee": "{company_id}", "price_list": "{price_list}"})],
    "GET /v1/terms/{kind}/{assignee}": [ask(assignee="company_id")],
    "DELETE /v1/terms/{kind}/{assignee}/{price_list}": [ask(assignee="company_id")],
    "PUT /v1/vat-rates/{country}/{vat_class}": [ask({"rate": "21"})],
    "GET /v1/vat-rates/{country}/{vat_class}": [ask()],
    "GET /v1/vat-rates": [ask()],
}
ORDERS = {
    **policies("attestation", "placement"),
    "POST /v1/orders": [
        ask({**ORDER, "signed": "{signed}"}, by="member"),
        ask({**ORDER, "signed": "{staff_signed}"}),
        ask({**ORDER, "signed": "{own.signed}", "location_id": "{location_id}"}, answers=409, by="member"),
        ask({**ORDER, "signed": "{own.signed}", "project_id": "{project_id}"}, answers=409, by="member"),
    ],
    "GET /v1/orders": [
        ask(),
        filtered("company_id={company_id}"),
        filtered("member_id={member_id}"),
        filtered("location_id={location_id}"),
        filtered("project_id={project_id}"),
        filtered("search={order_number}"),
    ],
    "GET /v1/orders/export": [filtered("company_id={company_id}")],
    "GET /v1/orders/{order_id}": [ask()],
    "POST /v1/orders/{order_id}/confirm": [ask(answers=409)],
    "POST /v1/orders/{order_id}/attest": [ask(by="administrator")],
    "POST /v1/orders/{order_id}/decline": [ask({"reason": "Too dear"}, by="administrator", answers=409)],
    "POST /v1/orders/{order_id}/withdraw": [ask(by="member", answers=409)],
    "POST /v1/orders/{order_id}/cancel": [ask({"reason": "out-of-stock"})],
    "GET /v1/limits/companies/{company_id}": [ask()],
    "PUT /v1/limits/companies/{company_id}": [ask(LIMITS)],
}
NOTIFICATIONS = {
    **policies("mail"),
    "GET /v1/deliveries": [ask(), filtered("contact_id={contact_id}")],
    "GET /v1/deliveries/{delivery_id}": [ask()],
}
PROBES = {"identity": IDENTITY, "pricing": PRICING, "orders": ORDERS, "notifications": NOTIFICATIONS}
