"""Twelve ways to break processes that are there, each as somebody might write it, and the same done right."""

from dataclasses import dataclass

ORDERS = "orders.attestation.workflows"
APPLICATIONS = "identity.applications.workflows"
INVITATIONS = "identity.invitations.workflows"


@dataclass(frozen=True)
class Change:
    """Replaces `old`, which is in the module once."""

    name: str
    module: str
    old: str
    new: str


BREAKS = [
    Change("an activity removed", ORDERS, "            self._remind(row)\n", ""),
    Change(
        "two steps swapped",
        ORDERS,
        "            self._ask(row)\n            self._remind(row)\n            self._describe(row)\n",
        "            self._describe(row)\n            self._ask(row)\n            self._remind(row)\n",
    ),
    Change(
        "a timer that runs longer",
        INVITATIONS,
        "timeout=max(due - workflow.now(), SHORTEST_WAIT)",
        "timeout=max(due - workflow.now(), SHORTEST_WAIT) + timedelta(minutes=5)",
    ),
    Change(
        "a timer removed",
        APPLICATIONS,
        "lambda: self._newer_than(row), timeout=pause, timeout_summary=what",
        "lambda: self._newer_than(row)",
    ),
    Change(
        "a branch added",
        APPLICATIONS,
        "        if row.price_list:\n            given =",
        "        if row.decision == 1:\n            await workflow.sleep(60)\n        if row.price_list:\n            given =",
    ),
    Change(
        "a random id",
        INVITATIONS,
        'about = f"invitation/{row.invitation_id}/{row.issue}"\n        if row.issue',
        "about = f\"invitation/{__import__('uuid').uuid4()}/{row.issue}\"\n        if row.issue",
    ),
    Change(
        "the clock of the machine read",
        ORDERS,
        "timeout=max(deadline.at - workflow.now(), timedelta(0))",
        "timeout=max(deadline.at - datetime.now(deadline.at.tzinfo), timedelta(0))",
    ),
    Change(
        "an activity renamed",
        APPLICATIONS,
        "                give_terms,\n",
        '                "pricing.assign_terms",\n',
    ),
    Change(
        "an activity on another task queue",
        ORDERS,
        'summary=f"Mail {template}", **send_mail.options))',
        'summary=f"Mail {template}", **{**send_mail.options, "task_queue": "mails"}))',
    ),
    Change(
        "a local activity that is none any more",
        INVITATIONS,
        "await workflow.execute_local_activity(",
        "await workflow.execute_activity(",
    ),
    Change(
        "a signal that is not waited for any more",
        ORDERS,
        "lambda: self._newest is not row or self._is_news(row)",
        "lambda: self._newest is not row",
    ),
    Change(
        "a step added to an operator's update",
        ORDERS,
        '        return self._take(await self._do(extend_attestation, command, "Extend, by an operator"))\n',
        '        row = self._take(await self._do(extend_attestation, command, "Extend, by an operator"))\n'
        "        return self._take(await self._do(read_attestation, self._order, 'Look again'))\n",
    ),
]

DONE_RIGHT = [
    Change(
        "a branch added with a patch",
        APPLICATIONS,
        "        if row.price_list:\n            given =",
        "        if row.decision == 1 and workflow.patched('second-thoughts'):\n            await workflow.sleep(60)\n"
        "        if row.price_list:\n            given =",
    ),
    Change(
        "an activity removed with a patch",
        ORDERS,
        "            self._remind(row)\n",
        "            if not workflow.patched('silence'):\n                self._remind(row)\n",
    ),
    Change(
        "a timer that runs longer with a patch",
        INVITATIONS,
        "timeout=max(due - workflow.now(), SHORTEST_WAIT)",
        "timeout=max(due - workflow.now(), SHORTEST_WAIT) + timedelta(minutes=5 * workflow.patched('patience'))",
    ),
    Change(
        "a field added to a command",
        INVITATIONS,
        'parameters={"until": row.expires_at.isoformat()}',
        'parameters={"until": row.expires_at.isoformat(), "issue": str(row.issue)}',
    ),
]
