import pytest

from tests.identity.applications.reviews import Review
from tests.identity.conftest import Api
from tests.processes import time_skipping  # noqa: F401


@pytest.fixture
async def review(api: Api) -> Review:
    return await Review(api).begin()
