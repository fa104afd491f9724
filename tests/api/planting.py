"""Three companies, planted through the public APIs: one that is asked about, one whose people ask, and a suspended one."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pyotp

from chassis import clock
from contracts.identity.values import LinkPurpose, Permission, StaffPermission
from tests.api.installation import FIRST_COLLEAGUE, PASSWORD, Installation, claims_in, link

Headers = dict[str, str]
PERMISSIONS = [
    Permission.BUY,
    Permission.SEE_PRICES,
    Permission.SEE_OWN_ORDERS,
    Permission.SEE_ALL_ORDERS,
    Permission.ATTEST_ORDERS,
]
OF_HIS_OWN = sorted(set(StaffPermission) - {StaffPermission.SEE_ALL_COMPANIES})
LONG_TERMS = {"pays_by_invoice": True, "invoice_days": 60}
"""Given by two people alone."""
ADDRESS = {"line1": "Kade 1", "postal_code": "3011 AA", "city": "Rotterdam", "country": "NL"}


@dataclass
class Planted:
    """A company, what it has, and who acts for it.

    Attributes:
        things: ids, codes and tokens, by the name that paths and bodies have for them.
        claimed: of these, what a stranger can write at most: of a secret its form, with the right id in it.
        words: in every name that was planted; nobody else may read them.
    """

    words: str
    things: dict[str, str] = field(default_factory=dict)
    claimed: dict[str, str] = field(default_factory=dict)
    people: dict[str, Headers] = field(default_factory=dict)


@dataclass
class World:
    """
    Attributes:
        representative: of `ours`; he may everything but see all companies.
        trainee: one of the staff whose role allows nothing.
    """

    staff: Headers
    representative: Headers
    trainee: Headers
    theirs: Planted
    ours: Planted
    suspended: Planted


async def plant(merchant: Installation) -> World:
    staff = await merchant.sign_in("staff", FIRST_COLLEAGUE)
    await _shop(merchant, staff)
    theirs, ours, suspended = [
        await _company(merchant, staff, words) for words in ("beukenhof", "adelaar", "cederhout")
    ]
    path = f"/companies/{suspended.things['company_id']}/suspend"
    await merchant.call("identity", "POST", path, staff, {"reason": "Unpaid"})
    theirs.things["request_id"] = await _access_request(merchant, staff, theirs.words)
    of_ours = {"role": "representative", "permissions": OF_HIS_OWN, "representative": ours.words}
    representative = await _colleague(merchant, staff, "joost", of_ours)
    trainee = await _colleague(merchant, staff, "mila", {"role": "trainee"})
    await merchant.settle()
    await merchant.work()
    return World(staff, representative, trainee, theirs, ours, suspended)


async def _colleague(merchant: Installation, staff: Headers, name: str, terms: dict[str, Any]) -> Headers:
    email = f"{name}@merchant.example"
    body = {"name": name, "email": email, "password": PASSWORD, **terms}
    await merchant.call("identity", "POST", "/staff", staff, body)
    return await merchant.sign_in("staff", email)


async def _access_request(merchant: Installation, staff: Headers, words: str) -> str:
    body = {"name": f"hopeful {words}", "email": f"hopeful@{words}.example", "organisation": words, "language": "nl"}
    body |= {"wanted_role": "Reviewer", "reason": "To help."}
    await merchant.call("identity", "POST", "/access-requests", {}, body)
    (request,) = (await merchant.call("identity", "GET", "/access-requests", staff))["items"]
    return str(request["id"])


async def _shop(merchant: Installation, staff: Headers) -> None:
    article = {"names": {"en": "Hurricane lantern"}, "unit": "piece", "vat_class": "standard"}
    await merchant.call("pricing", "PUT", "/articles/lantern", staff, article)
    await merchant.call("pricing", "PUT", "/vat-rates/NL/standard", staff, {"rate": "21"})
    mail = {"merchant_mailbox": "accounts@merchant.example", "sender_address": "no-reply@merchant.example"}
    await _policy(merchant, staff, "notifications", "mail", mail)
    await _policy(merchant, staff, "identity", "registration", {"required": []})
    await _policy(merchant, staff, "identity", "approval", {"second_above_invoice_days": 30})
    roles = (await merchant.call("identity", "GET", "/policies/staff-roles", staff))["roles"]
    roles["trainee"] = {"names": {"en": "Trainee"}, "permissions": []}
    await _policy(merchant, staff, "identity", "staff-roles", {"roles": roles})
    for group in ("trade", "horeca"):
        await merchant.call("identity", "POST", "/groups", staff, {"code": group, "names": {"en": group}})
    portal = {"code": "portal", "name": "Portal", "access": "closed", "groups": ["trade"]}
    await merchant.call("identity", "POST", "/storefronts", staff, portal)
    await _policy(merchant, staff, "pricing", "pricing", {"merchant_country": "NL"})


async def _policy(merchant: Installation, staff: Headers, service: str, name: str, change: dict[str, Any]) -> None:
    read = await merchant.send(service, "GET", f"/policies/{name}", staff)
    match = {"If-Match": read.headers["ETag"]}
    await merchant.call(service, "PUT", f"/policies/{name}", staff, read.json() | change, headers=match)


async def _company(merchant: Installation, staff: Headers, words: str) -> Planted:
    it = Planted(words)
    has, people = it.things, it.people
    has["customer_number"] = f"K-{words}"
    body = {"customer_number": has["customer_number"], "sales_representative": words}
    has["company_id"] = await _created(merchant, staff, f"{words} B.V.", {**body, "email": f"office@{words}.example"})
    await _prices(merchant, staff, it)
    administrator, has["administrator_id"] = await _join(merchant, staff, it, "chief", first_administrator=True)
    people["administrator"] = administrator
    at = f"/companies/{has['company_id']}"
    location = {"code": "yard", "name": f"{words} yard", "address": ADDRESS}
    opened = await merchant.call("identity", "POST", f"{at}/locations", administrator, location)
    has["location_id"] = opened["location_id"]
    project = {"code": "tower", "name": f"{words} tower"}
    has["project_id"] = (await merchant.call("identity", "POST", f"{at}/projects", administrator, project))[
        "project_id"
    ]
    terms = {"role": "user", "permissions": PERMISSIONS, "always_attested": True}
    people["member"], has["member_id"] = await _join(merchant, administrator, it, "buyer", **terms)
    people["removed"], has["removed_id"] = await _join(merchant, administrator, it, "leaver", role="user")
    has["consumer_email"] = f"leaver@{words}.example"
    await merchant.call("identity", "DELETE", f"/members/{has['removed_id']}", administrator)
    away = {"substitute_id": has["member_id"], "since": clock.now().isoformat()}
    away["until"] = (clock.now() + timedelta(days=1)).isoformat()
    path = f"/members/{has['administrator_id']}/substitution"
    await merchant.call("identity", "PUT", path, administrator, away)
    await _invitation(merchant, administrator, it)
    await _sessions(merchant, it)
    await merchant.settle()
    await _order(merchant, staff, it)
    await _of_staff(merchant, staff, it)
    await _second_factors(merchant, it)
    await merchant.settle()
    mails = await merchant.call("notifications", "GET", f"/deliveries?contact_id={has['contact_id']}", staff)
    has["delivery_id"] = mails["items"][0]["id"]
    return it


async def _created(merchant: Installation, staff: Headers, name: str, more: dict[str, Any]) -> str:
    record = {"legal_name": name, "country": "NL", "language": "nl", "storefront": "main", **more}
    return str((await merchant.call("identity", "POST", "/companies", staff, record))["company_id"])


async def _prices(merchant: Installation, staff: Headers, it: Planted) -> None:
    it.things["price_list"] = f"own-{it.words}"
    path = f"/price-lists/{it.things['price_list']}"
    await merchant.call("pricing", "PUT", path, staff, {"currency": "EUR"})
    await merchant.call("pricing", "PUT", f"{path}/prices/lantern", staff, {"tiers": [{"from": "1", "price": "69.12"}]})
    given = {"assignee_kind": "company", "assignee": it.things["company_id"], "price_list": it.things["price_list"]}
    await merchant.call("pricing", "POST", "/terms", staff, given)
    await merchant.settle()


async def _invite(merchant: Installation, by: Headers, it: Planted, who: str, **terms: Any) -> tuple[str, str]:
    """The invitation's id, and the token that is mailed."""
    email = f"{who}@{it.words}.example"
    invitees = [{"name": f"{who} {it.words}", "email": email, "language": "nl"}]
    body = {"role": "administrator", **terms, "invitees": invitees}
    path = f"/companies/{it.things['company_id']}/invitations"
    (outcome,) = (await merchant.call("identity", "POST", path, by, body))["outcomes"]
    return outcome["invitation_id"], link("invitation", outcome["invitation_id"], email)


async def _join(merchant: Installation, by: Headers, it: Planted, who: str, **terms: Any) -> tuple[Headers, str]:
    """Invited, accepted and signed in; and his member id."""
    _, token = await _invite(merchant, by, it, who, **terms)
    accepted = await merchant.call("identity", "POST", f"/invitation-links/{token}/accept", {}, {"password": PASSWORD})
    return await merchant.sign_in("member", f"{who}@{it.words}.example"), accepted["member_id"]


async def _invitation(merchant: Installation, by: Headers, it: Planted) -> None:
    invitation, token = await _invite(merchant, by, it, "newcomer", role="user")
    it.things |= {"invitation_id": invitation, "invitation_token": token}
    it.claimed["invitation_token"] = link(LinkPurpose.RESET, invitation, f"newcomer@{it.words}.example")


async def _sessions(merchant: Installation, it: Planted) -> None:
    email = f"buyer@{it.words}.example"
    body = {"kind": "member", "email": email, "password": PASSWORD}
    opened = await merchant.call("identity", "POST", "/sessions", {}, body)
    of_token = claims_in(opened["access_token"])
    it.things |= {"email": email, "session_id": of_token["sid"], "refresh_token": opened["refresh_token"]}
    it.things["contact_id"] = of_token["sub"]
    it.claimed["refresh_token"] = opened["refresh_token"][:-8] + "AAAAAAAA"


async def _second_factors(merchant: Installation, it: Planted) -> None:
    """Of the administrator, and of a colleague who answers for this company."""
    colleague = it.people["colleague"]
    it.things["administrator_contact"] = claims_in(token_of(it.people["administrator"]))["sub"]
    for who in (it.people["administrator"], colleague):
        begun = await merchant.call("identity", "POST", "/second-factor", who, {"password": PASSWORD})
        device = pyotp.parse_uri(begun["otpauth_uri"])
        assert isinstance(device, pyotp.TOTP)
        await merchant.call("identity", "POST", "/second-factor/confirm", who, {"code": device.at(clock.now())})


async def _order(merchant: Installation, staff: Headers, it: Planted) -> None:
    """One that waits for attestation, and carts for two others, of which one is on behalf."""
    cart = {"currency": "EUR", "lines": [{"article": "lantern", "quantity": "2"}]}
    on_behalf = {**cart, "company_id": it.things["company_id"]}
    member, administrator = it.people["member"], it.people["administrator"]
    for name, who, body in (("used", member, cart), ("signed", member, cart), ("staff_signed", staff, on_behalf)):
        priced = await merchant.call("pricing", "POST", "/priced-carts", who, body)
        it.things[name] = priced["signed"]
    order: dict[str, Any] = {"terms_accepted": True, "payment": "provider", "order_reference": it.words}
    order |= {"location_id": it.things["location_id"], "project_id": it.things["project_id"]}
    order |= {"signed": it.things.pop("used")}
    submitted = await merchant.call("orders", "POST", "/orders", it.people["member"], order)
    it.things |= {"order_id": submitted["order_id"], "order_number": submitted["number"]}
    limits = {"per_order": {"amount": "900.00", "currency": "EUR"}, "per_month": None}
    path = f"/limits/companies/{it.things['company_id']}"
    match = {"If-Match": (await merchant.send("orders", "GET", path, administrator)).headers["ETag"]}
    await merchant.call("orders", "PUT", path, administrator, limits, headers=match)


async def _of_staff(merchant: Installation, staff: Headers, it: Planted) -> None:
    """What staff alone may ask for: applications, a guest, a colleague, duplicates, imports."""
    await _applications(merchant, staff, it)
    guest = {"name": f"guest {it.words}", "email": f"guest@{it.words}.example", "language": "nl", "groups": ["trade"]}
    guest["company_id"] = it.things["company_id"]
    it.things["guest_id"] = (await merchant.call("identity", "POST", "/contacts", staff, guest))["contact_id"]
    it.people["colleague"] = await _colleague(merchant, staff, it.words, {"role": "administrator"})
    colleague = claims_in(token_of(it.people["colleague"]))["sub"]
    it.things |= {"staff_id": colleague, "staff_email": f"{it.words}@merchant.example"}
    await merchant.call("identity", "POST", f"/staff/{colleague}/password-link", staff)
    it.things["staff_token"] = link(LinkPurpose.STAFF_PASSWORD, colleague, it.things["staff_email"])
    it.claimed["staff_token"] = link(LinkPurpose.RESET, colleague, it.things["staff_email"])
    for name in ("merged", "duplicate"):
        of_theirs = {"sales_representative": it.words}
        it.things[f"{name}_id"] = await _created(merchant, staff, f"{it.words} {name}", of_theirs)
    into = {"into": it.things["company_id"], "price_lists": "leave"}
    await merchant.call("identity", "POST", f"/companies/{it.things['merged_id']}/merge", staff, into)
    await _imports(merchant, staff, it)


async def _applications(merchant: Installation, staff: Headers, it: Planted) -> None:
    """One with a question, and one whose approval waits for a second person."""
    for name in ("application", "proposed"):
        email = f"{name}@{it.words}.example"
        company = {"legal_name": f"{it.words} {name} B.V.", "country": "NL"}
        body = {"storefront": "main", "language": "nl", "company": company}
        body["applicant"] = {"name": f"{name} {it.words}", "email": email}
        application = await merchant.call("identity", "POST", "/applications", {}, body)
        it.things[f"{name}_id"] = application["application_id"]
        path, his = f"/companies/{application['company_id']}", {"sales_representative": it.words}
        await merchant.call("identity", "PATCH", path, staff, his, headers={"If-Match": "*"})
    asked, proposed = it.things["application_id"], it.things["proposed_id"]
    await merchant.call("identity", "POST", f"/applications/{asked}/questions", staff, {"text": f"Who is {it.words}?"})
    it.things["answer_token"] = link(LinkPurpose.ANSWER, asked, f"application@{it.words}.example")
    it.claimed["answer_token"] = link(LinkPurpose.RESET, asked, f"application@{it.words}.example")
    await merchant.call("identity", "POST", f"/applications/{proposed}/approve", staff, LONG_TERMS)


async def _imports(merchant: Installation, staff: Headers, it: Planted) -> None:
    columns = "number,legal_name,country,language,storefront"
    csv = {"headers": {"Content-Type": "text/csv"}}
    for service, path, content in (
        (
            "identity",
            "/companies/imports",
            f"{columns}\nI-{it.words},{it.words} Drie B.V.,NL,nl,main\n",
        ),
        ("pricing", f"/price-lists/{it.things['price_list']}/imports", "article,price\nlantern,68.00\n"),
    ):
        sent = await merchant.call(service, "POST", path, staff, content=content.encode(), **csv)
        it.things[f"{service}_import"] = sent["import_id"]


def token_of(who: Headers) -> str:
    return who["Authorization"].removeprefix("Bearer ")
