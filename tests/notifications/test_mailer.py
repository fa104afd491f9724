"""What becomes of a letter with a mail server that refuses, drops, repeats itself, or hangs (F-N1)."""

import asyncio

import pytest

from notifications.mails.letters import Letter
from notifications.mails.mailer import MailDeferred, Mailer, MailRefused, MailServer, MailServerAway, Security
from tests.notifications.conftest import LONG, SHORT, mailer_to
from tests.notifications.scripted_smtp import ScriptedServer
from tests.waiting import eventually

LETTER = Letter("no-reply@shop.example", "jan@example.com", b"Subject: x\r\nMessage-ID: <1@countersign>\r\n\r\n.x\r\n")


async def test_letters_share_a_connection(smtp: ScriptedServer) -> None:
    mailer = mailer_to(smtp)
    for _ in range(3):
        await mailer.send(LETTER)
    assert smtp.sessions == 1
    assert len(smtp.taken) == 3
    await mailer.close()


@pytest.mark.parametrize("answer", ["550 5.1.1 <jan@example.com> unknown", "550-5.1.1 jan\r\n550 5.1.1 unknown"])
async def test_a_recipient_refused_for_good_is_told_by_codes_alone(smtp: ScriptedServer, answer: str) -> None:
    smtp.answers["RCPT"] = [answer]
    with pytest.raises(MailRefused) as refused:
        await mailer_to(smtp).send(LETTER)
    assert refused.value.reason == "smtp-550-5.1.1"
    assert refused.value.__cause__ is None


async def test_a_text_refused_for_good(smtp: ScriptedServer) -> None:
    smtp.answers["DATA"] = ["554 spam"]
    with pytest.raises(MailRefused, match="smtp-554"):
        await mailer_to(smtp).send(LETTER)


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
async def test_a_letter_put_off_leaves_the_connection_for_others(smtp: ScriptedServer, command: str) -> None:
    mailer = mailer_to(smtp)
    smtp.answers[command] = ["451 4.3.0 jan@example.com is busy"]
    with pytest.raises(MailDeferred) as deferred:
        await mailer.send(LETTER)
    assert str(deferred.value) == f"mail-deferred: The mail server answered 451 4.3.0 to {command}."
    assert deferred.value.__cause__ is None
    await mailer.send(LETTER)
    assert smtp.sessions == 1
    await mailer.close()


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("CONNECT", "554 no"),
        ("EHLO", "421 4.3.2 closing"),
        ("MAIL", "550 5.7.1 not you"),
        ("RCPT", "421 4.3.2 closing"),
    ],
)
async def test_a_server_that_takes_nothing_from_us_is_away(smtp: ScriptedServer, command: str, answer: str) -> None:
    smtp.answers[command] = [answer]
    with pytest.raises(MailServerAway):
        await mailer_to(smtp).send(LETTER)
    assert not smtp.taken


async def test_a_server_that_is_not_there() -> None:
    with pytest.raises(MailServerAway, match="connecting to 127"):
        await Mailer(MailServer("127.0.0.1", 9, Security.NONE, hostname="test.example")).send(LETTER)


@pytest.mark.parametrize("command", ["CONNECT", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("fault", ["drop", "hang"])
async def test_a_server_that_drops_or_hangs_at_any_step_is_away_soon(
    smtp: ScriptedServer, command: str, fault: str
) -> None:
    smtp.answers[command] = [fault]
    mailer = mailer_to(smtp, timeout=SHORT)
    async with asyncio.timeout(LONG.total_seconds() / 2):
        with pytest.raises(MailServerAway):
            await mailer.send(LETTER)
    await mailer.send(LETTER)
    await mailer.close()


async def test_a_connection_lost_while_idle_is_replaced(smtp: ScriptedServer) -> None:
    smtp.drops_after_taking = True
    mailer = mailer_to(smtp)
    await mailer.send(LETTER)
    await mailer.send(LETTER)
    assert (smtp.sessions, len(smtp.taken)) == (2, 2)
    await mailer.close()


async def test_one_letter_that_hangs_does_not_hold_up_the_others(smtp: ScriptedServer) -> None:
    smtp.refuse["slow@example.com"] = "hang"
    mailer = mailer_to(smtp, connections=2)
    slow = asyncio.create_task(mailer.send(Letter(LETTER.sender, "slow@example.com", LETTER.content)))
    await eventually(smtp.keeps_waiting)
    await mailer.send(LETTER)
    assert not slow.done()
    slow.cancel()
    await asyncio.wait({slow})
    await mailer.close()


async def test_waiting_for_a_connection_is_bounded_and_cuts_no_letter_short(smtp: ScriptedServer) -> None:
    smtp.answers["DATA"] = ["hang"]
    mailer = mailer_to(smtp, connections=1, wait=SHORT)
    slow = asyncio.create_task(mailer.send(LETTER))
    await eventually(smtp.keeps_waiting)
    outcomes = await asyncio.gather(*(mailer.send(LETTER) for _ in range(3)), return_exceptions=True)
    assert [str(one) for one in outcomes] == ["mail-server-slow: Too many mails wait for the mail server."] * 3
    smtp.go_on.set()
    await slow
    assert len(smtp.taken) == 1
