"""Hands letters to the mail server over a few open connections, and says what it answered, without its words.

A server's answer often repeats the address, so only its codes go further (RFC 5321 and RFC 3463).
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import aiosmtplib

from chassis.errors import NotYet
from notifications.mails.letters import Letter

SERVICE_CLOSING = 421
_ENHANCED = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})\b")


class Security(StrEnum):
    NONE = "none"
    OPPORTUNISTIC = "opportunistic"
    """STARTTLS where the server offers it."""
    STARTTLS = "starttls"
    TLS = "tls"


class MailServerAway(NotYet):
    """It can not be reached, does not answer in time, or takes no mail from us: others will fare no better."""


class MailDeferred(NotYet):
    """It refused this mail for the time being."""


class MailRefused(Exception):
    """It refused this mail for good. `reason` is a code: `smtp-550-5.1.1`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class MailServer:
    """
    Attributes:
        hostname: what we call ourselves; None: this machine's name.
        timeout: of one command.
        wait: for a free connection. It is not taken from `patience`: a mail that is cut short while it is sent goes out twice.
        patience: for one mail on its connection.
    """

    host: str
    port: int
    security: Security = Security.OPPORTUNISTIC
    username: str | None = None
    password: str | None = None
    hostname: str | None = None
    connections: int = 4
    timeout: timedelta = timedelta(seconds=10)
    wait: timedelta = timedelta(seconds=10)
    patience: timedelta = timedelta(seconds=25)


class Mailer:
    """Keeps up to `connections` open; one that hangs holds up nobody but the mail it carries."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._slots = asyncio.Semaphore(server.connections)
        self._idle: list[aiosmtplib.SMTP] = []
        self.was_away = False
        """Some mails wait because of that. Who has told them that it is back says so here."""

    async def send(self, letter: Letter) -> None:
        """Returns when the server has taken responsibility for the letter.

        Raises:
            MailRefused: for good.
            MailDeferred, MailServerAway: to be tried again. After a lost connection it may have been taken all the same.
        """
        try:
            await self._send(letter)
        except MailServerAway:
            self.was_away = True
            raise

    async def _send(self, letter: Letter) -> None:
        # `from None`: what the server said may name the recipient, and a cause would be written to the process's history.
        try:
            async with self._slot(), asyncio.timeout(self._server.patience.total_seconds()):
                await self._over_a_connection(letter)
        except aiosmtplib.SMTPRecipientRefused as error:
            raise _verdict(error, "RCPT") from None
        except aiosmtplib.SMTPDataError as error:
            raise _verdict(error, "DATA") from None
        except aiosmtplib.SMTPResponseException as error:
            raise MailServerAway("mail-server-refuses", f"The mail server answered {_codes(error)}.") from None
        except TimeoutError:
            raise MailServerAway("mail-server-silent", "The mail server did not answer in time.") from None
        except aiosmtplib.SMTPConnectError as error:
            raise MailServerAway("mail-server-away", f"{error.message}."[:300]) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailServerAway("mail-server-away", f"The mail server was lost: {type(error).__name__}.") from None

    async def close(self) -> None:
        """Closes what is open and idle."""
        while self._idle:
            self._idle.pop().close()

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._server.wait.total_seconds()):
                await self._slots.acquire()
        except TimeoutError:
            raise MailServerAway("mail-server-slow", "Too many mails wait for the mail server.") from None
        try:
            yield
        finally:
            self._slots.release()

    async def _over_a_connection(self, letter: Letter) -> None:
        connection, usable = await self._begun(letter), False
        try:
            await connection.rcpt(letter.recipient)
            await connection.data(letter.content)
            usable = True
        except (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError):
            await connection.rset()
            usable = True
            raise
        finally:
            if usable and connection.is_connected:
                self._idle.append(connection)
            else:
                connection.close()

    async def _begun(self, letter: Letter) -> aiosmtplib.SMTP:
        """A connection that has taken the letter's sender. One that was idle may have been closed meanwhile; another will do."""
        while True:
            idle = bool(self._idle)
            connection, begun = self._idle.pop() if idle else self._new(), False
            try:
                if not idle:
                    await connection.connect()
                await connection.mail(letter.sender)
                begun = True
            except (aiosmtplib.SMTPException, OSError):
                if not idle:
                    raise
            finally:
                if not begun:
                    connection.close()
            if begun:
                return connection

    def _new(self) -> aiosmtplib.SMTP:
        server = self._server
        start_tls = {Security.NONE: False, Security.OPPORTUNISTIC: None, Security.STARTTLS: True, Security.TLS: False}
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            local_hostname=server.hostname,
            timeout=server.timeout.total_seconds(),
            use_tls=server.security is Security.TLS,
            start_tls=start_tls[server.security],
        )


def _verdict(error: aiosmtplib.SMTPResponseException, command: str) -> Exception:
    if error.code >= 500:
        return MailRefused("-".join(("smtp", *_codes(error).split())))
    if error.code == SERVICE_CLOSING:
        return MailServerAway("mail-server-refuses", f"The mail server answered {_codes(error)} to {command}.")
    return MailDeferred("mail-deferred", f"The mail server answered {_codes(error)} to {command}.")


def _codes(error: aiosmtplib.SMTPResponseException) -> str:
    enhanced = _ENHANCED.match(error.message)
    return f"{error.code} {enhanced[1]}" if enhanced else str(error.code)
