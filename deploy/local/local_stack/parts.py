"""The parts of a stack, put together."""

import json
import os
import secrets
from dataclasses import dataclass

from local_stack.kafka import Kafka
from local_stack.keys import Keys
from local_stack.layout import ROLES, SERVICES, Layout
from local_stack.mail import Mail
from local_stack.postgres import Postgres
from local_stack.programs import Program
from local_stack.services import Overrides, Services
from local_stack.temporal import Temporal

Infrastructure = Postgres | Kafka | Temporal | Mail


@dataclass(frozen=True)
class Parts:
    layout: Layout
    postgres: Postgres
    kafka: Kafka
    temporal: Temporal
    mail: Mail
    services: Services

    @property
    def infrastructure(self) -> list[Infrastructure]:
        return [self.postgres, self.kafka, self.temporal, self.mail]

    def programs(self, *, infra_only: bool = False) -> list[Program]:
        """Everything the supervisor may have to run, infrastructure first."""
        own = [program for part in self.infrastructure if (program := part.program())]
        return own if infra_only else own + self.services.programs()


def assemble(layout: Layout, *, fresh_instances: bool, split: bool, overrides: Overrides | None = None) -> Parts:
    """`COUNTERSIGN_POSTGRES`, `_KAFKA`, `_TEMPORAL` and `_SMTP` name servers to use instead of starting ours."""
    keys = Keys.of(layout.directory)
    postgres = Postgres(layout, keys, os.environ.get("COUNTERSIGN_POSTGRES"))
    kafka = Kafka(layout, keys, os.environ.get("COUNTERSIGN_KAFKA"))
    temporal = Temporal(layout, os.environ.get("COUNTERSIGN_TEMPORAL"))
    mail = Mail(layout, os.environ.get("COUNTERSIGN_SMTP"), os.environ.get("COUNTERSIGN_MAIL", ""))
    instances = _instances(layout, fresh=fresh_instances)
    services = Services(layout, keys, postgres, kafka, temporal, mail, instances, split, overrides or {})
    return Parts(layout, postgres, kafka, temporal, mail, services)


def _instances(layout: Layout, *, fresh: bool) -> dict[str, str]:
    """New with every start of the supervisor, kept while it runs: a second `up` must not restart anything."""
    file = layout.directory / "instances.json"
    if not fresh and file.exists():
        return dict(json.loads(file.read_text()))
    names = [name for service in SERVICES for name in (service, *(f"{service}-{role}" for role in ROLES))]
    drawn = {name: secrets.token_hex(8) for name in names}
    file.write_text(json.dumps(drawn))
    return drawn
