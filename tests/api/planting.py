"""Three companies, planted through the public APIs: one that is asked about, one whose people ask, and a suspended one."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pyotp
from joserfc import jwt
from joserfc.jwk import ECKey

from chassis import clock
from chassis.keys import ALGORITHM
from contracts.identity.values import Permission
from tests.api.installation import FIRST_COLLEAGUE, PASSWORD, Installation, bearer, claims_in, link

Headers = dict[str, str]
PERMISSIONS = [Permission.BUY, Permission.SEE_PRICES, Permission.SEE_OWN_ORDERS, Permission.SEE_ALL_ORDERS]
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
    staff: Headers
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
    await merchant.settle()
    await merchant.work()
    return World(staff, theirs, ours, suspended)


async def _shop(merchant: Installation, staff: Headers) -> None:
    article = {"names": {"en": "Hurricane lantern"}, "unit": "piece", "vat_class": "standard"}
    await merchant.call("pricing", "PUT", "/articles/lantern", staff, article)
    await merchant.call("pricing", "PUT", "/vat-rates/NL/standard", staff, {"rate": "21"})
    mail = {"merchant_mailbox": "accounts@merchant.example", "sender_address": "no-reply@merchant.example"}
    await _policy(merchant, staff, "notifications", "mail", mail)
    await _policy(merchant, staff, "identity", "registration", {"required": []})
    await _policy(merchant, staff, "pricing", "pricing", {"merchant_country": "NL"})


async def _policy(merchant: Installation, staff: Headers, service: str, name: str, change: dict[str, Any]) -> None:
    read = await merchant.send(service, "GET", f"/policies/{name}", staff)
    match = {"If-Match": read.headers["ETag"]}
    await merchant.call(service, "PUT", f"/policies/{name}", staff, read.json() | change, headers=match)


async def _company(merchant: Installation, staff: Headers, words: str) -> Planted:
    it = Planted(words)
    has, people = it.things, it.people
    record = {"legal_name": f"{words} B.V.", "country": "NL", "language": "nl", "storefront": "main"}
    body = {**record, "with_account_access": True, "customer_number": f"K-{words}", "email": f"office@{words}.example"}
    has["company_id"] = (await merchant.call("identity", "POST", "/companies", staff, body))["company_id"]
    await _prices(merchant, staff, it)
    administrator, has["administrator_id"] = await _join(merchant, staff, it, "chief", first_administrator=True)
    people["administrator"] = administrator
    at = f"/companies/{has['company_id']}"
    location = {"code": "yard", "name": f"{words} yard", "address": ADDRESS}
    opened = await merchant.call("identity", "POST", f"{at}/locations", administrator, location)
    has["location_id"] = opened["location_id"]
    terms = {"role": "user", "permissions": PERMISSIONS, "always_attested": True}
    people["member"], has["member_id"] = await _join(merchant, administrator, it, "buyer", **terms)
    people["removed"], has["removed_id"] = await _join(merchant, administrator, it, "leaver", role="user")
    await merchant.call("identity", "DELETE", f"/members/{has['removed_id']}", administrator)
    await _invitation(merchant, administrator, it)
    await _sessions(merchant, it)
    await merchant.settle()
    await _order(merchant, administrator, it)
    await _of_staff(merchant, staff, it)
    await _second_factors(merchant, it)
    await merchant.settle()
    mails = await merchant.call("notifications", "GET", f"/deliveries?contact_id={has['contact_id']}", staff)
    has["delivery_id"] = mails["items"][0]["id"]
    return it


async def _prices(merchant: Installation, staff: Headers, it: Planted) -> None:
    it.things |= {"price_list": f"own-{it.words}", "article": "lantern"}
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
    it.claimed["invitation_token"] = link("reset", invitation, f"newcomer@{it.words}.example")


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
    colleague = await merchant.sign_in("staff", f"{it.words}@merchant.example")
    it.things["administrator_contact"] = claims_in(token_of(it.people["administrator"]))["sub"]
    for who in (it.people["administrator"], colleague):
        begun = await merchant.call("identity", "POST", "/second-factor", who, {"password": PASSWORD})
        device = pyotp.parse_uri(begun["otpauth_uri"])
        assert isinstance(device, pyotp.TOTP)
        await merchant.call("identity", "POST", "/second-factor/confirm", who, {"code": device.at(clock.now())})


async def _order(merchant: Installation, administrator: Headers, it: Planted) -> None:
    """One that waits for attestation, and a cart for another."""
    cart = {"currency": "EUR", "lines": [{"article": "lantern", "quantity": "2"}]}
    for name in ("used", "signed"):
        priced = await merchant.call("pricing", "POST", "/priced-carts", it.people["member"], cart)
        it.things[name] = priced["signed"]
    body = {"terms_accepted": True, "payment": "provider", "order_reference": it.words}
    body |= {"location_id": it.things["location_id"], "signed": it.things.pop("used")}
    submitted = await merchant.call("orders", "POST", "/orders", it.people["member"], body)
    it.things |= {"order_id": submitted["order_id"], "order_number": submitted["number"]}
    limits = {"per_order": {"amount": "900.00", "currency": "EUR"}, "per_month": None}
    path = f"/limits/companies/{it.things['company_id']}"
    match = {"If-Match": (await merchant.send("orders", "GET", path, administrator)).headers["ETag"]}
    await merchant.call("orders", "PUT", path, administrator, limits, headers=match)


async def _of_staff(merchant: Installation, staff: Headers, it: Planted) -> None:
    """What staff alone may ask for: an application with a question, a guest, a colleague, imports."""
    email = f"applicant@{it.words}.example"
    company = {"legal_name": f"{it.words} Twee B.V.", "country": "NL"}
    applicant = {"name": f"applicant {it.words}", "email": email}
    body = {"storefront": "main", "language": "nl", "company": company, "applicant": applicant}
    application = await merchant.call("identity", "POST", "/applications", {}, body)
    it.things["application_id"] = application["application_id"]
    asked = f"/applications/{it.things['application_id']}/questions"
    await merchant.call("identity", "POST", asked, staff, {"text": f"Who is {it.words}?"})
    it.things["answer_token"] = link("answer", it.things["application_id"], email)
    it.claimed["answer_token"] = link("reset", it.things["application_id"], email)
    guest = {"name": f"guest {it.words}", "email": f"guest@{it.words}.example", "language": "nl", "groups": ["trade"]}
    guest["company_id"] = it.things["company_id"]
    it.things["guest_id"] = (await merchant.call("identity", "POST", "/contacts", staff, guest))["contact_id"]
    colleague = {"name": f"colleague {it.words}", "email": f"{it.words}@merchant.example", "password": PASSWORD}
    it.things["staff_id"] = (await merchant.call("identity", "POST", "/staff", staff, colleague))["staff_id"]
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


# -- callers ----------------------------------------------------------------------------------------------------------

ACTIVE = ("an administrator elsewhere", "a member elsewhere")
OUT = ("a removed member", "a removed member elsewhere", "an administrator of a suspended company")
NOBODY = ("nobody", "a forged token", "an expired token")


async def strangers(merchant: Installation, world: World) -> dict[str, Headers]:
    """Everybody of whom `world.theirs` is to have nothing, by what he is."""
    theirs = claims_in(token_of(world.theirs.people["administrator"]))
    return {
        "nobody": {},
        "a forged token": bearer(_forged(token_of(world.ours.people["administrator"]), theirs)),
        "an expired token": await merchant.signed(theirs | {"exp": int(clock.now().timestamp()) - 60}),
        "an administrator elsewhere": world.ours.people["administrator"],
        "a member elsewhere": world.ours.people["member"],
        "a removed member": world.theirs.people["removed"],
        "a removed member elsewhere": world.ours.people["removed"],
        "an administrator of a suspended company": world.suspended.people["administrator"],
    }


def token_of(who: Headers) -> str:
    return who["Authorization"].removeprefix("Bearer ")


def _forged(token: str, claims: dict[str, Any]) -> str:
    """With the key id of a real token, signed by somebody else."""
    head = token.split(".")[0]
    header = claims_in(f".{head}.")
    return jwt.encode(header, claims, ECKey.generate_key("P-256"), algorithms=[ALGORITHM])


def nothing_like(claimed: dict[str, str]) -> dict[str, str]:
    """The same names for what never was, of the same form and length."""
    return {name: _absent(name, value) for name, value in claimed.items()}


def _absent(name: str, value: str) -> str:
    match name:
        case "signed":  # whoever has it could only have it from a company that is there
            return value
        case "order_number":
            return "O-999999"
        case "invitation_token" | "answer_token":
            return link("reset", str(uuid4()), "nobody@nowhere.example")
        case "email":
            return f"{uuid4().hex}@nowhere.example"[-len(value) :]
        case "refresh_token":
            return uuid4().hex + value[32:]
        case "article" | "price_list":
            return uuid4().hex[: len(value)]
        case _:
            return str(uuid4())
