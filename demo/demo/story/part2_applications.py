"""Part 2: companies apply; one is asked and approved by two people, one rejected, one approved by itself, one goes silent."""

from dataclasses import dataclass
from typing import Any

from demo.http_api import Answer
from demo.steps import Part, Step, expect
from demo.story.cast import MERCHANT_DOMAIN, MERCHANT_MAILBOX, Firm, Person
from demo.story.part1_shop import COUNTER, GROUP, MARKET, PORTAL, TRADE, WEBSHOP
from demo.story.sessions import Member, sign_in
from demo.story.statuses import Customer, try_status, wait_for_status
from demo.story.world import World
from demo.waiting import until
from demo.wholesale.company_numbers import mistyped_dutch_vat

ONE_PERSON_DAYS = 21
"""Up to so many days to pay an invoice one person approves."""
TWO_PEOPLE, ONE_PERSON = {"second_above_invoice_days": ONE_PERSON_DAYS}, {"second_above_invoice_days": None}


@dataclass(frozen=True)
class Application:
    firm: Firm
    application_id: str
    number: str
    company_id: str

    @property
    def process(self) -> str:
        return f"account-approval/{self.number}"


async def apply(world: World, step: Step, firm: Firm, storefront: str, *, with_password: bool) -> Application:
    answer = await world.identity.call("POST", "/applications", body=application_body(firm, storefront, with_password))
    application = Application(firm, answer["application_id"], answer["number"], answer["company_id"])
    step.event("identity.application.submitted", application.application_id)
    step.workflow(application.process)
    step.note(application.number)
    return application


def application_body(firm: Firm, storefront: str, with_password: bool) -> dict[str, Any]:
    applicant = {"name": firm.first.name, "email": firm.first.email}
    if with_password:
        applicant["password"] = firm.first.password
    return {"storefront": storefront, "language": firm.language, "company": firm.record(), "applicant": applicant}


async def prove_address(world: World, part: Part, person: Person) -> None:
    async with part.step(person.name, "proves the address by the link in the mail", "identity"):
        mail = await world.mailbox.mail(person.email, "address-verification")
        token = world.secret(mail.token("verification"))
        await world.identity.call("POST", "/verifications", body={"token": token})


async def caterer_applies(world: World, part: Part) -> Application:
    """Wrong numbers first; then the application, and the merchant's mail."""
    firm = world.cast.caterer
    async with part.step(firm.first.name, "applies with numbers that can not be right, and is refused", "identity"):
        body = application_body(firm, WEBSHOP, with_password=False)
        body["company"] |= {"vat_number": mistyped_dutch_vat(firm.numbers.vat), "registration_number": "1234567"}
        answer = await world.identity.refused(422, "company-invalid", "POST", "/applications", body=body)
        pointers = {problem["pointer"] for problem in answer["errors"]}
        expect(
            pointers == {"/company/vat_number", "/company/registration_number"},
            f"the problems are at {sorted(pointers)}",
        )
    async with part.step(
        firm.first.name, "finds a closed storefront, and the merchant's own domain refused", "identity"
    ):
        closed = application_body(firm, COUNTER, with_password=False)
        await world.identity.refused(403, "registration-closed", "POST", "/applications", body=closed)
        own = application_body(firm, WEBSHOP, with_password=False)
        own["applicant"]["email"] = f"somebody@{MERCHANT_DOMAIN}"
        await world.identity.refused(422, "email-of-merchant", "POST", "/applications", body=own)
    async with (
        part.step(firm.first.name, f"applies for {firm.legal_name}", "identity") as step,
        world.deadlines(world.identity, "approval", TWO_PEOPLE, ONE_PERSON, WEBSHOP),
    ):
        application = await apply(world, step, firm, WEBSHOP, with_password=False)
    async with part.step("account approval", "mails the merchant", "notifications") as step:
        await _merchant_mail(world, step, "application-received-merchant", application)
    return application


async def _merchant_mail(world: World, step: Step, template: str, application: Application) -> None:
    step.mailed(await world.mailbox.mail(MERCHANT_MAILBOX, template, about=application.number))


async def caterer_is_asked(world: World, part: Part, application: Application) -> None:
    firm, path = application.firm, f"/applications/{application.application_id}"
    async with part.step("staff", "finds it among those that wait and takes it; a colleague may not", "identity"):
        waiting = await _waiting_applications(world)
        expect(application.application_id in waiting, "the application is not listed as waiting")
        await world.identity.call("POST", f"{path}/take", token=world.staff)
        await world.identity.refused(409, "application-taken", "POST", f"{path}/take", token=world.reviewer)
    async with part.step("staff", "asks a question", "identity") as step:
        body = {"text": "Which events do you cater for, and how many guests a week?"}
        await world.identity.call("POST", f"{path}/questions", token=world.staff, body=body)
        step.event("identity.application.question_asked", application.application_id)
    async with part.step(firm.first.name, "answers by the link in the mail, without an account", "identity") as step:
        mail = await world.mailbox.mail(firm.first.email, "application-question")
        token = world.secret(mail.token("answer"))
        step.mailed(mail)
        expect(mail.language == firm.language, f"the mail is in {mail.language!r}")
        question = await world.identity.call("GET", f"/application-questions/{token}")
        expect("guests" in question["text"], "the question is not shown")
        answer = {"text": "Weddings and company parties, some 800 guests a week."}
        await world.identity.call("POST", f"/application-questions/{token}/answer", body=answer)
        step.event("identity.application.question_answered", application.application_id)
    async with part.step("staff", "reads the answer", "identity"):
        detail = await world.identity.call("GET", path, token=world.staff)
        expect("800 guests" in str(detail["questions"]), "the answer is not shown to the reviewer")


async def _waiting_applications(world: World) -> list[str]:
    found: list[str] = []
    query: dict[str, str] = {"status": "waiting"}
    while True:
        page = await world.identity.call("GET", "/applications", token=world.staff, query=query)
        found += [item["id"] for item in page["items"]]
        if not page["next"]:
            return found
        query["cursor"] = page["next"]


async def twin_is_rejected(world: World, part: Part, original: Application) -> None:
    """The same VAT number again; its status is tried while it waits and after."""
    firm = world.cast.twin
    async with part.step(
        firm.first.name, f"applies for {firm.legal_name}, with the same VAT number", "identity"
    ) as step:
        application = await apply(world, step, firm, TRADE, with_password=True)
    await prove_address(world, part, firm.first)
    customer = Customer(application.company_id, firm.legal_name, firm.first)
    await try_status(world, part, customer, "pending_approval")
    path = f"/applications/{application.application_id}"
    async with part.step("staff", "sees the possible duplicate and rejects it with a reason", "identity") as step:
        detail = await world.identity.call("GET", path, token=world.staff)
        found = {one["company_id"]: one for one in detail["duplicates"]}
        expect(original.company_id in found, f"duplicates are {detail['duplicates']}")
        likeliest = found[original.company_id]
        expect("vat_number" in likeliest["matched"], f"it was found by {likeliest['matched']}")
        step.note(f"{likeliest['legal_name']}: {likeliest['score']:.0%} by {', '.join(likeliest['matched'])}")
        await world.identity.refused(
            422, "invalid-request", "POST", f"{path}/reject", token=world.staff, body={"reason": "because"}
        )
        body = {"reason": "duplicate", "comment": "Bloemrijk Catering has the same number."}
        await world.identity.call("POST", f"{path}/reject", token=world.staff, body=body)
        step.event("identity.application.rejected", application.application_id)
    async with part.step("account approval", "tells the applicant", "notifications") as step:
        mail = await world.mailbox.mail(firm.first.email, "application-rejected")
        step.mailed(mail)
    await try_status(world, part, customer, "rejected")


async def brasserie_is_enabled(world: World, part: Part) -> Member:
    """Automatic approval, enabled at once: it signs in with the password of its application."""
    firm = world.cast.brasserie
    async with part.step(firm.first.name, f"applies at the {PORTAL}, which approves by itself", "identity") as step:
        application = await apply(world, step, firm, PORTAL, with_password=True)
    await prove_address(world, part, firm.first)
    async with part.step("account approval", f"approves and enables {firm.legal_name} at once", "identity") as step:
        await wait_for_status(world, application.company_id, "enabled")
        step.event("identity.application.approved", application.application_id)
        mail = await world.mailbox.mail(firm.first.email, "application-approved")
        expect(mail.language == "fr", f"the mail is in {mail.language!r}")
        step.mailed(mail)
    async with part.step(firm.first.name, "signs in with the password of the application", "identity"):
        return await sign_in(world, firm.first, application.company_id)


async def silent_one_is_withdrawn(world: World, part: Part) -> None:
    firm = world.cast.silent
    async with part.step(firm.first.name, f"applies for {firm.legal_name}", "identity") as step:
        application = await apply(world, step, firm, MARKET, with_password=False)
    async with part.step("staff", "asks a question that stays without an answer", "identity") as step:
        path = f"/applications/{application.application_id}/questions"
        await world.identity.call("POST", path, token=world.staff, body={"text": "Are you VAT-registered in Germany?"})
        step.event("identity.application.question_asked", application.application_id)
    async with part.step("account approval", "reminds the applicant", "notifications") as step:
        mail = await world.mailbox.mail(firm.first.email, "application-question-reminder")
        step.event("identity.application.reminded", application.application_id)
        step.mailed(mail)
        expect(mail.language == "de", f"the mail is in {mail.language!r}")
        token = world.secret(mail.token("answer"))
    async with part.step("account approval", "withdraws it after the deadline", "identity") as step:
        await world.mailbox.mail(firm.first.email, "application-withdrawn")
        step.event("identity.application.withdrawn", application.application_id)
        step.workflow(application.process)
        await wait_for_status(world, application.company_id, "none")
    async with part.step(firm.first.name, "finds the link dead", "identity"):
        late = {"text": "Yes, we are."}
        await world.identity.refused(
            409, "question-closed", "POST", f"/application-questions/{token}/answer", body=late
        )


async def caterer_is_approved(world: World, part: Part, application: Application, taken_number: str) -> str:
    """A taken customer number, an unknown price list, and then the right ones, which need two people. The new number."""
    firm, path = application.firm, f"/applications/{application.application_id}"
    terms = {
        "price_list": "no-such-list",
        "groups": [GROUP],
        "sales_representative": world.representative_code,
        "pays_by_invoice": True,
        "invoice_days": ONE_PERSON_DAYS,
    }
    async with part.step(
        "staff", "approves with a customer number that is taken; another is proposed", "identity"
    ) as step:
        answer = await world.identity.refused(
            409, "customer-number-taken", "POST", f"{path}/approve",
            token=world.staff, body={**terms, "customer_number": taken_number},
        )  # fmt: skip
        number = str(answer["proposal"])
        step.note(f"{taken_number} is taken, {number} is free")
    async with part.step("staff", "approves with a price list that does not exist", "identity") as step:
        body = {**terms, "customer_number": number}
        await world.identity.call("POST", f"{path}/approve", token=world.staff, body=body)
        step.event("identity.application.approval_requested", application.application_id)
    async with part.step(
        "account approval", "is refused by pricing, and returns it with the reason", "pricing"
    ) as step:
        await _wait_until_returned(world, step, path)
        step.event("identity.application.returned", application.application_id)
        await _merchant_mail(world, step, "application-returned-merchant", application)
    await _two_people_approve(
        world, part, path, {**terms, "customer_number": number, "price_list": world.lists.wholesale, "invoice_days": 30}
    )
    async with part.step(
        "account approval", "gives the terms, approves, tells the customer, invites", "identity"
    ) as step:
        await wait_for_status(world, application.company_id, "registered")
        step.event("identity.application.approved", application.application_id)
        step.event("pricing.terms.given", f"company/{application.company_id}")
        step.workflow(application.process)
        company = await world.identity.call("GET", f"/companies/{application.company_id}", token=world.staff)
        fields = ("number", "groups", "sales_representative", "pays_by_invoice", "invoice_days")
        given = [company[name] for name in fields]
        expect(given == [number, [GROUP], world.representative_code, True, 30], f"the company has {given}")
        mail = await world.mailbox.mail(firm.first.email, "application-approved")
        step.mailed(mail)
    return number


async def _two_people_approve(world: World, part: Part, path: str, terms: dict[str, Any]) -> None:
    """Whoever proposes such terms does not confirm them."""
    async with part.step(
        "staff",
        "approves with price list, group, representative and 30 days to pay: a second person is needed",
        "identity",
    ):
        proposed = await world.identity.call("POST", f"{path}/approve", token=world.staff, body=terms)
        proposal = {"proposal": proposed["proposal"]}
        await world.identity.refused(
            403, "second-person-needed", "POST", f"{path}/confirm", token=world.staff, body=proposal
        )
    reviewer, _ = world.cast.colleagues
    async with part.step(reviewer.name, "reads what was proposed, and confirms it", "identity") as step:
        detail = await world.identity.call("GET", path, token=world.reviewer)
        given = detail["proposed"]["conditions"]["invoice_days"]
        expect(given == terms["invoice_days"], f"{given} days were proposed")
        await world.identity.call("POST", f"{path}/confirm", token=world.reviewer, body=proposal)
        step.note(f"{given} days")


async def _wait_until_returned(world: World, step: Step, path: str) -> None:
    async def probe() -> Answer | None:
        detail = await world.identity.call("GET", path, token=world.staff)
        return detail if detail["status"] == "waiting" else None

    detail = await until("the application is with its reviewer again", probe)
    expect("price-list-unknown" in str(detail.body), "the reason is not shown to the reviewer")
    step.note("price-list-unknown")
