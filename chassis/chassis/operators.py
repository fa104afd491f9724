"""What operators run by hand: `migrate`, `reconcile`, `republish`, `parked …`. Not imported by the roles."""

import asyncio
import json
import logging
import sys
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from chassis.database import Database
from chassis.housekeeping import keep_house
from chassis.migrations import draft, migrate
from chassis.namespace import prepare_namespace
from chassis.parked import drop_parked, retry_parked
from chassis.parking import ParkedEvent, ParkedStatus
from chassis.processes import Processes, Temporal, reconcile
from chassis.republishing import republish
from chassis.restored import Lost, lost_events, pass_by, read_again
from chassis.service import Service
from chassis.settings import Settings
from chassis.telemetry import flush_telemetry, set_up_telemetry
from chassis.topics import apply_topics
from chassis.transient import is_transient

log = logging.getLogger(__name__)
console = Console()


def operate(service: Service) -> int:
    """Runs the command of this process's arguments; answers its exit status."""
    status = 0
    try:
        status = operator_commands(service)(standalone_mode=False) or 0
    except typer.Exit as ended:
        status = ended.exit_code
    except Exception as error:
        if hasattr(error, "show"):
            error.show()
        elif is_transient(error):
            away = f"Something that this command needs can not be reached now: {type(error).__name__}: {error}"
            console.print(away, style="red", markup=False, soft_wrap=True)
        else:
            log.exception("failed")
            console.print(f"[red]{type(error).__name__}: {error}")
        status = 1
    finally:
        flush_telemetry()
        sys.stdout.flush()
        sys.stderr.flush()
    return int(status)


def with_database(service: Service, act: Callable[[Database, Settings], Coroutine[Any, Any, Any]]) -> Any:
    """For a service's own commands: runs `act` with its database."""
    settings = service.settings()
    set_up_telemetry(service.name, settings)

    async def run() -> Any:
        database = Database(settings.database_url.get_secret_value(), name=f"{service.name}-command", pool=2)
        try:
            return await act(database, settings)
        finally:
            await database.close()

    return asyncio.run(run())


def operator_commands(service: Service) -> typer.Typer:
    """`migrate`, `reconcile`, `republish`, `parked …`, and the service's own."""
    commands = typer.Typer(
        name=service.name,
        help=f"{service.description}. Roles: api, consumer, relay, worker, all (may be combined).",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    commands.add_typer(service.commands)
    commands.add_typer(_parked_commands(service), name="parked", help="Events that could not be handled.")

    @commands.command("migrate")
    def run_migrations() -> None:
        """Applies schema changes, topics, and the namespace's search attributes."""

        async def act(database: Database, settings: Settings) -> None:
            await migrate(database.engine, service.migrations)
            await keep_house(database, service.duties(service.resources(settings, database)))
            await apply_topics(settings.kafka, list(service.topics), settings.kafka_replication)
            await prepare_namespace(settings.temporal, settings.temporal_namespace)

        with_database(service, act)

    @commands.command("draft-migration", hidden=True)
    def draft_migration(message: str) -> None:
        """For developers: writes the next revision from the tables."""
        with_database(service, lambda database, _: draft(database.engine, service.migrations, message))

    @commands.command("openapi", hidden=True)
    def openapi() -> None:
        """Prints the OpenAPI document."""
        console.print_json(data=service.api().openapi())

    @commands.command("reconcile")
    def run_reconcile() -> None:
        """Compares open rows with running processes and starts what is missing."""

        async def act(database: Database, settings: Settings) -> list[str]:
            processes = Processes(Temporal(settings.temporal, settings.temporal_namespace).client)
            return await reconcile(database, processes, list(service.reconcilers))

        started = with_database(service, act)
        for workflow_id in started:
            console.print(f"started {workflow_id}")
        console.print(f"{len(started)} started")

    @commands.command("republish")
    def run_republish() -> None:
        """Publishes everything once more that the outbox still has: for a broker that has lost its log. No relay may run."""
        console.print(f"{with_database(service, lambda database, _: republish(database))} to be published")

    @commands.command("restored")
    def run_restored(
        report: Annotated[typer.FileTextWrite, typer.Option(help="Where to list the lost events, as JSON lines")],
    ) -> None:
        """After a restored backup, with all its processes stopped: says what is lost, and makes the rest fit."""

        async def act(database: Database, settings: Settings) -> list[Lost]:
            topics = [topic for topic in service.topics if not topic.compacted]
            lost = await lost_events(database, settings.kafka, topics, settings.epoch)
            await pass_by(database, lost)
            groups = {service.group(reader.topic.name): reader.topic for reader in service.readers}
            await read_again(database, settings.kafka, groups)
            return lost

        lost = with_database(service, act)
        for one in lost:
            about = {"id": str(one.id), "type": one.type, "key": one.key, "time": one.time.isoformat()}
            body = json.loads(one.body) if one.body else None
            report.write(json.dumps(about | {"topic": one.topic, "body": body}) + "\n")
        table = Table("event", "lost")
        for kind, many in sorted(Counter(one.type for one in lost).items()):
            table.add_row(kind, str(many))
        console.print(table)

    return commands


def _parked_commands(service: Service) -> typer.Typer:
    commands = typer.Typer()

    @commands.command("list")
    def list_parked() -> None:
        """What waits for somebody, oldest first."""

        async def act(database: Database, _: Settings) -> list[ParkedEvent]:
            async with database.transaction() as session:
                waiting = select(ParkedEvent).where(ParkedEvent.status == ParkedStatus.PARKED).order_by(ParkedEvent.id)
                return list((await session.scalars(waiting.limit(500))).all())

        table = Table("id", "topic", "partition", "offset", "type", "reason", "detail", "parked at")
        for one in with_database(service, act):
            table.add_row(
                str(one.id), one.topic, str(one.partition), str(one.offset), one.type or "", one.reason, one.detail,
                f"{one.parked_at:%Y-%m-%d %H:%M:%S}",
            )  # fmt: skip
        console.print(table)

    @commands.command("retry")
    def retry(event: Annotated[int, typer.Argument(help="The id that `parked list` shows")]) -> None:
        """Handles it again, and after it every later event of its key, in order."""

        async def act(database: Database, settings: Settings) -> int:
            processes = Processes(Temporal(settings.temporal, settings.temporal_namespace).client)
            return await retry_parked(service, database, processes, settings.kafka, event)

        console.print(f"{with_database(service, act)} handled")

    @commands.command("drop")
    def drop(event: Annotated[int, typer.Argument(help="The id that `parked list` shows")]) -> None:
        """Gives this one event up; the later ones of its key stay parked until they are retried."""

        async def act(database: Database, _: Settings) -> None:
            await drop_parked(database, event)

        with_database(service, act)

    return commands
