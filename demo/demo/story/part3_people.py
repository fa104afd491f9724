"""Part 3: the invitation of the administrator, and those that the administrator sends."""

from dataclasses import dataclass
from typing import Any

from demo.steps import Part, Step, expect
from demo.story.cast import Person
from demo.story.part1_shop import GENEROUS_INVITATION, PURCHASING_LEAD, PURCHASING_LEAD_NAMES, WEBSHOP
from demo.story.part2_applications import Application
from demo.story.sessions import Member, sign_in
from demo.story.statuses import Customer, try_status
from demo.story.world import World, together

SHORT_INVITATION = {"remind_after": 4, "expire_after": 9}


@dataclass(frozen=True)
class People:
    administrator: Member
    buyer: Member
    attester: Member


async def administrator_accepts(world: World, part: Part, application: Application) -> Member:
    firm = application.firm
    customer = Customer(application.company_id, firm.legal_name, firm.first, has_password=False)
    await try_status(world, part, customer, "registered")
    person = firm.first
    await accept(world, part, person, company_name=firm.legal_name)
    async with part.step(person.name, "signs in with the new password", "identity") as step:
        administrator = await sign_in(world, person, application.company_id)
        me = await world.identity.call("GET", "/me", token=administrator.token)
        expect(me["member"]["role"] == "administrator", f"/me says {me.body}")
        step.note("administrator")
    await try_status(world, part, Customer(application.company_id, firm.legal_name, person), "enabled")
    return administrator


async def accept(world: World, part: Part, person: Person, *, company_name: str) -> None:
    """By the link in the mail, once."""
    async with part.step(person.name, "accepts the invitation in the mail and sets a password", "identity") as step:
        mail = await world.mailbox.mail(person.email, "invitation")
        step.mailed(mail)
        expect(mail.language == person.language, f"the mail is in {mail.language!r}, not in {person.language!r}")
        token = world.secret(mail.token("invitation"))
        link = await world.identity.call("GET", f"/invitation-links/{token}")
        expect(link["company_name"] == company_name, f"the link is for {link['company_name']}")
        if link["role"] == PURCHASING_LEAD:
            expect(link["role_name"] == PURCHASING_LEAD_NAMES[person.language], f"the role is {link['role_name']!r}")
        body = {"password": person.password}
        accepted = await world.identity.call("POST", f"/invitation-links/{token}/accept", body=body)
        await world.identity.refused(409, "invitation-accepted", "POST", f"/invitation-links/{token}/accept", body=body)
        if link["role"] == "administrator":  # he applied or was named by the merchant, and enables the company
            step.event("identity.company.status_changed", accepted["company_id"], new="enabled")
        else:
            step.event("identity.member.added", accepted["member_id"])


async def people_are_invited(world: World, part: Part, administrator: Member, company_name: str) -> People:
    """A buyer and an attester accept, one declines, one is revoked; who never answers is another branch."""
    _, buyer, attester, decliner, revoked, *_ = world.cast.caterer.people
    await _invite_buyer_and_attester(world, part, administrator, buyer, attester)
    await together(
        accept(world, part, buyer, company_name=company_name),
        accept(world, part, attester, company_name=company_name),
        _one_declines(world, part, administrator, decliner),
        _one_is_revoked(world, part, administrator, revoked),
    )
    async with part.step(administrator.person.name, "invites again: already a member", "identity") as step:
        outcomes, _ = await invite(world, step, administrator, [buyer], role="user")
        expect(outcomes == {buyer.email: "already_member"}, f"outcomes are {outcomes}")
    async with part.step(f"{buyer.name}, {attester.name}", "sign in", "identity"):
        members = await together(
            sign_in(world, buyer, administrator.company_id), sign_in(world, attester, administrator.company_id)
        )
    return People(administrator, *members)


async def _invite_buyer_and_attester(
    world: World, part: Part, administrator: Member, buyer: Person, attester: Person
) -> None:
    async with part.step(
        administrator.person.name, "invites a buyer whose orders must always be attested", "identity"
    ) as step:
        await invite(world, step, administrator, [buyer], role="user", always_attested=True)
    async with part.step(administrator.person.name, "invites somebody who attests orders", "identity") as step:
        await invite(world, step, administrator, [attester], role=PURCHASING_LEAD)


async def invite(
    world: World, step: Step, by: Member, people: list[Person], **terms: Any
) -> tuple[dict[str, str], list[str]]:
    """Outcome by address, and the ids of new invitations."""
    invitees = [{"name": person.name, "email": person.email, "language": person.language} for person in people]
    path = f"/companies/{by.company_id}/invitations"
    answer = await world.identity.call("POST", path, token=by.token, body={"invitees": invitees, **terms})
    outcomes = {outcome["email"]: outcome["outcome"] for outcome in answer["outcomes"]}
    issued = [outcome["invitation_id"] for outcome in answer["outcomes"] if outcome["outcome"] == "invited"]
    for invitation_id in issued:
        step.event("identity.invitation.issued", invitation_id)
        step.workflow(f"invitation/{invitation_id}")
    return outcomes, issued


async def _one_declines(world: World, part: Part, administrator: Member, person: Person) -> None:
    async with part.step(administrator.person.name, f"invites {person.name}, twice", "identity") as step:
        _, (invitation_id,) = await invite(world, step, administrator, [person], role="user")
        outcomes, _ = await invite(world, step, administrator, [person], role="user")
        expect(outcomes == {person.email: "already_invited"}, f"outcomes are {outcomes}")
    async with part.step(person.name, "declines by the link; who invited is told", "identity") as step:
        mail = await world.mailbox.mail(person.email, "invitation")
        token = world.secret(mail.token("invitation"))
        await world.identity.call("POST", f"/invitation-links/{token}/decline")
        step.event("identity.invitation.declined", invitation_id)
        told = await world.mailbox.mail(administrator.person.email, "invitation-declined-inviter")
        step.mailed(told)


async def _one_is_revoked(world: World, part: Part, administrator: Member, person: Person) -> None:
    async with part.step(administrator.person.name, f"invites {person.name}, and revokes it", "identity") as step:
        _, (invitation_id,) = await invite(world, step, administrator, [person], role="user")
        mail = await world.mailbox.mail(person.email, "invitation")
        await world.identity.call("POST", f"/invitations/{invitation_id}/revoke", token=administrator.token)
        step.event("identity.invitation.revoked", invitation_id)
    async with part.step(person.name, "finds the link dead", "identity"):
        token = world.secret(mail.token("invitation"))
        body = {"password": person.password}
        await world.identity.refused(409, "invitation-revoked", "POST", f"/invitation-links/{token}/accept", body=body)


async def invite_who_never_answers(world: World, part: Part, administrator: Member) -> str:
    """The invitation's id. Not beside another invitation of this storefront, which would get the short deadlines."""
    person = world.cast.caterer.people[5]
    async with (
        part.step(administrator.person.name, f"invites {person.name}, who never answers", "identity") as step,
        world.deadlines(world.identity, "invitation", world.short(SHORT_INVITATION), GENEROUS_INVITATION, WEBSHOP),
    ):
        _, (invitation_id,) = await invite(world, step, administrator, [person], role="user")
    return invitation_id


async def one_never_answers(world: World, part: Part, administrator: Member, invitation_id: str) -> None:
    person = world.cast.caterer.people[5]
    async with part.step("invitation", "reminds the invitee", "notifications") as step:
        mail = await world.mailbox.mail(person.email, "invitation-reminder")
        step.event("identity.invitation.reminded", invitation_id)
        step.mailed(mail)
        token = world.secret(mail.token("invitation"))
    async with part.step("invitation", "expires, and tells who invited", "identity") as step:
        told = await world.mailbox.mail(administrator.person.email, "invitation-expired-inviter")
        step.event("identity.invitation.expired", invitation_id)
        step.workflow(f"invitation/{invitation_id}")
        step.mailed(told)
    async with part.step(person.name, "comes too late", "identity"):
        body = {"password": person.password}
        await world.identity.refused(409, "invitation-expired", "POST", f"/invitation-links/{token}/accept", body=body)
