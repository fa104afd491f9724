"""`python -m <service> api | consumer | relay | worker | all`, and what operators run by hand."""

import logging
import sys

import uvloop

from chassis.closed_connections import understand_uvloop
from chassis.garbage import collect_less_often
from chassis.roles import Process, Role, leave
from chassis.schema import WrongSchema
from chassis.service import Service
from chassis.telemetry import flush_telemetry, set_up_telemetry

log = logging.getLogger(__name__)


def main(service: Service) -> None:
    """The entry point of every service."""
    words = sys.argv[1:]
    if words and all(word == "all" or word in set(Role) for word in words):
        roles = list(Role) if "all" in words else [Role(word) for word in words]
        leave(_run_roles(service, roles))
    from chassis.operators import operate  # with Alembic and rich: 11 MB that no role needs

    leave(operate(service))


def _run_roles(service: Service, roles: list[Role]) -> int:
    settings = service.settings()
    set_up_telemetry(service.name, settings)

    async def run() -> None:
        await Process(service, settings, roles).run()

    understand_uvloop()
    collect_less_often()
    try:
        uvloop.run(run())
    except WrongSchema as error:
        log.error(str(error))  # noqa: TRY400 - the sentence says it all
        return 3
    except Exception:
        log.exception("process ended")
        return 1
    finally:
        flush_telemetry()
    return 0
