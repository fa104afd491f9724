"""What the merchant has decided about signing in."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.policies import policies
from identity.external_sign_in.policies import ExternalSignInPolicy
from identity.policies import StatusTablePolicy
from identity.second_factor.policies import SecondFactorPolicy


@dataclass(frozen=True)
class Rules:
    """Read at once, since they hold for every sign-in and renewal."""

    external: ExternalSignInPolicy
    second_factor: SecondFactorPolicy
    statuses: StatusTablePolicy


async def read_rules(session: AsyncSession) -> Rules:
    """Those in force."""
    return Rules(*await policies(session, ExternalSignInPolicy, SecondFactorPolicy, StatusTablePolicy))
