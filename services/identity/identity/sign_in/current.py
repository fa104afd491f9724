"""The session in which the caller acts, from where he answers for his own account; and what his client says it is."""

from typing import Annotated

from fastapi import Depends, Request

from chassis.errors import Unauthenticated
from chassis.http.authentication import claims_of
from contracts.identity.tokens import claims_adapter
from identity.access import StaffOrMember
from identity.sign_in.ending import OwnSession
from identity.sign_in.queries import open_session

CLIENT_LONGEST = 80


async def _own_session(request: Request, _caller: StaffOrMember) -> OwnSession:
    claims = claims_adapter.validate_python(await claims_of(request))
    async with request.app.state.database.reading() as connection:
        own = await open_session(connection, claims.sid)
    if own is None or own.subject_id != claims.sub:
        raise Unauthenticated("session-ended", "This session has ended; sign in again.")
    return own


Own = Annotated[OwnSession, Depends(_own_session)]
"""Still open: who was signed out elsewhere changes nothing about the account in the minutes that his token has left."""


def client_of(request: Request) -> str | None:
    """The user agent, printable and cut short; None: it does not say."""
    said = "".join(one for one in request.headers.get("User-Agent", "") if one.isprintable())
    return said[:CLIENT_LONGEST].strip() or None
