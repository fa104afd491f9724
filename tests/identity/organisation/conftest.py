from tests.identity.roles.conftest import api  # noqa: F401
