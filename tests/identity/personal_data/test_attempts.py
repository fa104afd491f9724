"""ID-27: from which networks a person tried, with whatever he tried, is forgotten with him."""

import pytest
from sqlalchemy import delete, select

from identity.members.models import Member
from identity.sign_in.throttling import KnownNetwork, SignInAttempts
from tests.identity.second_factor.conftest import enrolled, first_step, second_step, time  # noqa: F401
from tests.identity.sign_in.conftest import EMAIL, code, company, iris, sign_in, try_to_sign_in  # noqa: F401

pytestmark = pytest.mark.usefixtures("iris")
WRONG = "some other password"


async def counted(api) -> int:
    async with api.database.reading() as connection:
        found = [await connection.execute(select(model)) for model in (SignInAttempts, KnownNetwork)]
        return sum(len(rows.all()) for rows in found)


async def test_no_attempt_and_no_network_outlives_an_erased_person(api, iris, time):  # noqa: F811
    here = await sign_in(api)
    device = await enrolled(here, time)
    challenge = await first_step(api)
    assert (await second_step(api, challenge, "000000")).status_code == 401
    assert (await second_step(api, challenge, device.fresh())).status_code == 201
    assert code(await try_to_sign_in(api, password=WRONG)) == (401, "credentials-invalid")
    change = {"current_password": WRONG, "password": "a password that is new"}
    assert code(await here.call("POST", "/password", change)) == (401, "password-wrong")
    assert await counted(api) >= 6

    async with api.database.transaction() as session:
        await session.execute(delete(Member))
    erased = await api.http.post(f"/v1/contacts/{iris.contact_id}/erase", headers=api.staff)
    assert erased.status_code == 200, erased.text
    assert await counted(api) == 0
