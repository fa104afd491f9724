from tests.processes import time_skipping  # noqa: F401
