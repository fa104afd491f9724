"""Inviting, and using the link of an invitation, on real PostgreSQL (ID-13)."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from chassis.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from contracts.identity.activities import InvitationStatus
from contracts.identity.values import CustomerStatus, LinkPurpose, Permission
from contracts.shared.values import Language
from identity.companies.commands import lock_company
from identity.contacts.commands import lock_contact
from identity.invitations.accepting import AcceptInvitation, accept_invitation, decline_by_link, read_link
from identity.invitations.commands import (
    ChangeInvitation,
    ExtendBy,
    expire_invitation,
    extend_invitation,
    lock_invitation,
    remind_invitee,
    resend_invitation,
    revoke_invitation,
)
from identity.invitations.inviting import Invitee, InvitePeople, InvitingOutcome, invite_people
from identity.members.commands import AddMember, add_member
from identity.members.grants import Granter, MemberTerms, granted
from identity.roles.policies import BUILT_IN, BuiltIn
from identity.sign_in.commands import has_password
from tests.identity.people import AT, CHEAP, KEYS, PASSWORD, a_company, a_contact, a_member, an_account

DAY = timedelta(days=1)
EMAIL = "noor@example.com"


@pytest.fixture
async def database(new_database):
    return await new_database("identity")


@pytest.fixture
async def company(database):
    async with database.transaction() as session:
        return await a_company(session)


async def invite(database, company, *emails: str, terms: MemberTerms | None = None, at=AT, **options):
    invitees = [Invitee("Noor Smit", email, Language.DUTCH) for email in emails or (EMAIL,)]
    command = InvitePeople(company.id, invitees, terms or MemberTerms(BuiltIn.USER, always_attested=True), **options)
    async with database.transaction() as session:
        return await invite_people(session, command, at)


async def token_of(database, invitation_id, issue: int = 1, address: str = EMAIL) -> str:
    return KEYS.token(LinkPurpose.INVITATION, invitation_id, issue, address)


async def accept(database, token, password: str | None = PASSWORD, at=AT + DAY):
    hashed = await CHEAP.hash(password) if password else None
    async with database.transaction() as session:
        return await accept_invitation(session, AcceptInvitation(token, KEYS, hashed), at)


async def test_each_address_has_its_own_outcome(database, company):
    async with database.transaction() as session:
        await a_member(session, await lock_company(session, company.id), "here@example.com")
        await an_account(session, "elsewhere@example.com")
    await invite(database, company, "invited@example.com")
    invited = await invite(
        database,
        company,
        "new@example.com",
        "here@example.com",
        "invited@example.com",
        "elsewhere@example.com",
        "new@example.com",
    )
    assert {one.email: one.outcome for one in invited} == {
        "new@example.com": InvitingOutcome.INVITED,
        "here@example.com": InvitingOutcome.ALREADY_MEMBER,
        "invited@example.com": InvitingOutcome.ALREADY_INVITED,
        "elsewhere@example.com": InvitingOutcome.INVITED,  # an account elsewhere makes no difference
    }


async def test_accepting_makes_a_member_with_an_account_on_the_terms_of_the_invitation(database, company):
    (invited,) = await invite(database, company)
    member = await accept(database, await token_of(database, invited.invitation_id))
    assert (member.company_id, member.role, member.always_attested) == (company.id, BuiltIn.USER, True)
    async with database.transaction() as session:
        contact = await lock_contact(session, member.contact_id)
        assert (contact.kind, contact.verified_at) == ("registered", AT + DAY)
        assert await has_password(session, contact.id)
        _, invitation = await lock_invitation(session, invited.invitation_id)
        assert (invitation.status, invitation.member_id) == (InvitationStatus.ACCEPTED, member.id)


async def test_a_link_is_good_once(database, company):
    (invited,) = await invite(database, company)
    token = await token_of(database, invited.invitation_id)
    await accept(database, token)
    with pytest.raises(Conflict, match="invitation-accepted"):
        await accept(database, token)


async def test_an_account_that_exists_becomes_the_member_and_keeps_its_password(database, company):
    async with database.transaction() as session:
        account = await an_account(session, EMAIL)
    (invited,) = await invite(database, company)
    token = await token_of(database, invited.invitation_id)
    with pytest.raises(Conflict, match="password-exists"):
        await accept(database, token)
    assert (await accept(database, token, password=None)).contact_id == account.id


async def test_without_an_account_a_password_is_needed(database, company):
    (invited,) = await invite(database, company)
    with pytest.raises(Invalid, match="password-missing"):
        await accept(database, await token_of(database, invited.invitation_id), password=None)


@pytest.mark.parametrize("why", ["forged", "earlier issue", "other address", "nonsense", "other key"])
async def test_a_link_that_is_not_alive_is_not_found(database, company, why):
    (invited,) = await invite(database, company)
    token = await token_of(database, invited.invitation_id)
    if why == "earlier issue":
        async with database.transaction() as session:
            await resend_invitation(session, ChangeInvitation(invited.invitation_id), AT)
    elif why == "other address":
        async with database.transaction() as session:
            link = await read_link(session, KEYS, token)
            (await lock_contact(session, link.contact_id)).change({"email": "changed@example.com"})
    else:
        broken = {"forged": token[:-2] + "xx", "nonsense": "nonsense", "other key": token.replace("k1.", "k9.")}
        token = broken[why]
    with pytest.raises(NotFound):
        await accept(database, token)


async def test_it_can_not_be_accepted_after_its_time_even_if_nobody_noted_the_expiry(database, company):
    (invited,) = await invite(database, company)
    with pytest.raises(Conflict, match="invitation-expired"):
        await accept(database, await token_of(database, invited.invitation_id), at=AT + 14 * DAY)


async def test_who_became_the_last_administrator_does_not_accept_to_be_less(database, company):
    """ID-16."""
    (invited,) = await invite(database, company)
    async with database.transaction() as session:
        await a_member(session, await lock_company(session, company.id), EMAIL)
    token = await token_of(database, invited.invitation_id)
    with pytest.raises(Conflict, match="last-administrator"):
        await accept(database, token, password=None)


async def test_the_first_administrators_acceptance_enables_the_company(database):
    async with database.transaction() as session:
        company = await a_company(session, accepted=False)
        guest = await a_contact(session, EMAIL, company)
        grant = await granted(session, company.id, MemberTerms(BuiltIn.ADMINISTRATOR))
        await add_member(session, AddMember(company.id, guest.id, grant), AT)  # by the company's own application
    terms = MemberTerms(BuiltIn.ADMINISTRATOR)
    (invited,) = await invite(database, company, terms=terms, first_administrator=True)
    assert await status(database, company) is CustomerStatus.INVITED
    await accept(database, await token_of(database, invited.invitation_id))
    assert await status(database, company) is CustomerStatus.ENABLED


@pytest.mark.parametrize("end", ["revoked", "declined", "expired"])
async def test_an_ended_first_invitation_leads_back_and_frees_the_address(database, end):
    async with database.transaction() as session:
        company = await a_company(session, accepted=False)
    terms = MemberTerms(BuiltIn.ADMINISTRATOR)
    (invited,) = await invite(database, company, terms=terms, first_administrator=True)
    change = ChangeInvitation(invited.invitation_id)
    token = await token_of(database, invited.invitation_id)
    async with database.transaction() as session:
        match end:
            case "revoked":
                await revoke_invitation(session, change, AT)
            case "declined":
                await decline_by_link(session, KEYS, token, AT)
            case "expired":
                await expire_invitation(session, change, 1, AT + 14 * DAY)
    assert await status(database, company) is CustomerStatus.NONE
    with pytest.raises(Conflict, match=f"invitation-{end}"):
        await accept(database, token)
    (again,) = await invite(database, company, terms=terms, first_administrator=True, at=AT + 15 * DAY)
    assert again.outcome is InvitingOutcome.INVITED


async def status(database, company) -> CustomerStatus:
    async with database.transaction() as session:
        return (await lock_company(session, company.id)).status


async def test_timers_do_nothing_where_somebody_was_faster(database, company):
    (invited,) = await invite(database, company)
    change = ChangeInvitation(invited.invitation_id)
    async with database.transaction() as session:
        first = await expire_invitation(session, change, 1, AT + DAY)  # too early
        assert first.status is InvitationStatus.OPEN
        await extend_invitation(session, change, ExtendBy(DAY))
        assert (await expire_invitation(session, change, 1, AT + 14 * DAY)).status is InvitationStatus.OPEN
        await remind_invitee(session, change, AT + 3 * DAY, issue=1, reminder=1)
        again = await remind_invitee(session, change, AT + 3 * DAY, issue=1, reminder=1)
        assert (again.reminders, again.remind_at) == (1, None)
        resent = await resend_invitation(session, change, AT + 4 * DAY)
        assert (resent.issue, resent.reminders, resent.expires_at) == (2, 0, AT + 18 * DAY)
        assert (await expire_invitation(session, change, 1, AT + 20 * DAY)).status is InvitationStatus.OPEN
        assert (await expire_invitation(session, change, 2, AT + 20 * DAY)).status is InvitationStatus.EXPIRED


async def test_a_foreign_companys_invitation_is_not_found(database, company):
    (invited,) = await invite(database, company)
    async with database.transaction() as session:
        other = await a_company(session)
        with pytest.raises(NotFound):
            await revoke_invitation(session, ChangeInvitation(invited.invitation_id, other.id), AT)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (MemberTerms(BuiltIn.ADMINISTRATOR), "administrators-only"),
        (MemberTerms(BuiltIn.USER, {Permission.ATTEST_ORDERS}), "permission-not-yours"),
    ],
)
async def test_who_manages_members_gives_no_more_than_he_has(database, company, terms, code):
    own = BUILT_IN[BuiltIn.EMPLOYEE].permissions | {Permission.MANAGE_MEMBERS}
    terms = MemberTerms(terms.role, terms.permissions, granter=Granter(administers=False, permissions=own))
    with pytest.raises(Forbidden, match=code):
        await invite(database, company, terms=terms)


async def test_a_suspended_companys_member_invites_nobody_but_staff_does(database, company):
    async with database.transaction() as session:
        (await lock_company(session, company.id)).suspend("unpaid", AT)
    granter = Granter(administers=True, permissions=frozenset(Permission))
    with pytest.raises(DomainError, match="customer-disabled"):
        await invite(database, company, terms=MemberTerms(BuiltIn.USER, granter=granter))
    assert await invite(database, company)


async def test_no_token_is_in_the_database_or_in_an_event(database, company):
    (invited,) = await invite(database, company)
    mac = (await token_of(database, invited.invitation_id)).rpartition(".")[2]
    async with database.transaction() as session:
        for table in ("invitations", "contacts", "outbox"):
            rows = (await session.execute(text(f"SELECT t::text FROM {table} t"))).scalars().all()
            assert rows
            assert not any(mac in row for row in rows)
        events = (await session.execute(text("SELECT convert_from(value, 'UTF8') FROM outbox"))).scalars().all()
        assert not any(mac in event for event in events)
