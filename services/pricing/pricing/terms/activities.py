"""Entry point for processes: terms of a company that was approved."""

from chassis.processes import ActivityEntry, implements
from contracts.pricing import activities as stubs
from contracts.pricing.activities import Given, GiveTerms, Refused, TakeBackTerms
from contracts.pricing.states import AssigneeKind
from pricing.terms.commands import AssignList, ListUnusable, give_list, take_list_back


@implements(stubs.give_terms)
async def give_terms(entry: ActivityEntry, command: GiveTerms) -> Given | Refused:
    """A list that can not be given is an answer, not an error: the application goes back to its reviewer."""
    assignment = AssignList(AssigneeKind.COMPANY, str(command.company_id), command.price_list)
    async with entry.transaction() as session:
        try:
            await give_list(session, assignment, at=entry.now)
        except ListUnusable as refusal:
            return Refused(reason=refusal.code)
    return Given()


@implements(stubs.take_back_terms)
async def take_back_terms(entry: ActivityEntry, command: TakeBackTerms) -> None:
    assignment = AssignList(AssigneeKind.COMPANY, str(command.company_id), command.price_list)
    async with entry.transaction() as session:
        await take_list_back(session, assignment, at=entry.now)


activities = [give_terms, take_back_terms]
