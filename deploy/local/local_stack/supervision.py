"""supervisor (PyPI) keeps the programs running and starts again what dies; this is how we talk to it."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, cast
from xmlrpc.client import Fault, ServerProxy, Transport

from local_stack import processes
from local_stack.errors import StackError
from local_stack.keys import write_private
from local_stack.layout import Layout
from local_stack.programs import Program

_HEAD = """\
[supervisord]
nodaemon=false
directory={directory}
logfile=logs/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile=supervisord.pid
childlogdir=logs
identifier=countersign-{name}
minfds=4096

[unix_http_server]
file={socket}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{socket}
"""

_PROGRAM = """
[program:{name}]
command={command}
directory={directory}
environment={environment}
autostart=false
autorestart=true
startsecs=1
startretries=30
stopsignal={stop_signal}
stopwaitsecs={stop_patience}
stopasgroup=false
killasgroup=true
redirect_stderr=true
stdout_logfile=logs/{name}.log
stdout_logfile_maxbytes=50MB
stdout_logfile_backups=1
"""

UP = {"STARTING", "RUNNING", "BACKOFF"}
"""States in which the supervisor sees to it that the process runs."""

_ALREADY_STARTED = 60
_NOT_RUNNING = 70


@dataclass(frozen=True)
class ProcessInfo:
    name: str
    state: str
    pid: int


def render(layout: Layout, programs: Iterable[Program]) -> str:
    """The supervisor's configuration. It expands % itself and reads words like a shell.

    Files are named from the stack's directory, because it expands % in the names of logs twice.
    """
    text = _HEAD.format(
        directory=_plain(layout.directory), name=_plain(layout.name), socket=_plain(layout.supervisor_socket)
    )
    for program in programs:
        environment = {"COUNTERSIGN_STACK": str(layout.directory), **program.environment}
        text += _PROGRAM.format(
            name=program.name,
            command=" ".join(_quoted(word) for word in program.command),
            directory=_plain(program.directory),
            environment=",".join(f"{name}={_quoted(value)}" for name, value in environment.items()),
            stop_signal=program.stop_signal,
            stop_patience=program.stop_patience,
        )
    return text


def _plain(value: object) -> str:
    return str(value).replace("%", "%%")


def _quoted(value: str) -> str:
    if any(character in value for character in '"\\\n'):
        raise StackError(f"The local stack can not pass on a value with quotes, backslashes or line breaks: {value!r}")
    return f'"{_plain(value)}"'


class _UnixTransport(Transport):
    """XML-RPC over a Unix socket, with a deadline: a supervisor that is stopped accepts and never answers."""

    def __init__(self, path: str, patience: float) -> None:
        super().__init__()
        self._path = path
        self._patience = patience

    def make_connection(self, host: tuple[str, dict[str, str]] | str) -> HTTPConnection:
        connection = HTTPConnection("127.0.0.1", timeout=self._patience)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(self._patience)
        connection.sock.connect(self._path)
        return connection


class Supervisor:
    """The supervisor of one stack, running or not."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def _call(self, method: str, *arguments: object, patience: float = 60) -> Any:
        transport = _UnixTransport(str(self._layout.supervisor_socket), patience)
        with contextlib.closing(transport):
            return getattr(ServerProxy("http://127.0.0.1", transport=transport), f"supervisor.{method}")(*arguments)

    def alive(self) -> bool:
        """True when the supervisor of *this* stack answers."""
        try:
            identifier = self._call("getIdentification", patience=5)
        except (OSError, HTTPException):
            return False
        return cast(str, identifier) == f"countersign-{self._layout.name}"

    def launch(self, conf: str) -> None:
        """Start it with nothing running yet. It leaves the terminal, so that Ctrl-C does not reach it."""
        self._layout.logs.mkdir(parents=True, exist_ok=True)
        self._layout.traces.mkdir(parents=True, exist_ok=True)
        write_private(self._layout.supervisor_conf, conf)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._layout.supervisor_conf)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS", "PYTEST_"))}
        environment["COUNTERSIGN_STACK"] = str(self._layout.directory)
        try:
            done = subprocess.run(
                command,
                cwd=self._layout.directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise StackError("The supervisor did not start in 30 s.") from error
        if done.returncode:
            raise StackError(f"The supervisor did not start: {(done.stdout + done.stderr).strip()[-1500:]}")
        deadline = time.monotonic() + 15
        while not self.alive():
            if time.monotonic() > deadline:
                raise StackError(f"The supervisor does not answer; its log is {self._layout.logs}/supervisord.log.")
            time.sleep(0.05)

    def update(self, conf: str) -> None:
        """Take over a changed configuration: what changed or went is stopped, what is new is known."""
        if self._layout.supervisor_conf.read_text() == conf:
            return
        write_private(self._layout.supervisor_conf, conf)
        [(added, changed, removed)] = self._call("reloadConfig")
        with ThreadPoolExecutor() as pool:
            for _ in pool.map(self._forget, (*removed, *changed)):
                pass
        for name in (*changed, *added):
            self._call("addProcessGroup", name)

    def _forget(self, name: str) -> None:
        with contextlib.suppress(Fault):
            self._call("stopProcessGroup", name)
        self._call("removeProcessGroup", name)

    def processes(self) -> dict[str, ProcessInfo]:
        infos = self._call("getAllProcessInfo")
        return {info["name"]: ProcessInfo(info["name"], info["statename"], info["pid"]) for info in infos}

    def info(self, name: str) -> ProcessInfo:
        try:
            info = self._call("getProcessInfo", name)
        except Fault as fault:
            raise StackError(f"The {self._layout.name} stack has no process {name}.") from fault
        except OSError as error:
            raise StackError(f"The {self._layout.name} stack is not running: make up starts it.") from error
        return ProcessInfo(info["name"], info["statename"], info["pid"])

    def start(self, name: str) -> None:
        """Returns before it is up; one that runs already is left alone."""
        try:
            self._call("startProcess", name, False)
        except Fault as fault:
            if fault.faultCode != _ALREADY_STARTED:
                raise StackError(f"{name} does not start: {fault.faultString}") from fault

    def stop(self, name: str) -> None:
        """Returns once it has ended."""
        try:
            self._call("stopProcess", name, True)
        except Fault as fault:
            if fault.faultCode != _NOT_RUNNING:
                raise StackError(f"{name} does not stop: {fault.faultString}") from fault

    def shutdown(self) -> None:
        """End the supervisor itself; it ends what still runs."""
        pid = cast(int, self._call("getPID"))
        self._call("shutdown")
        deadline = time.monotonic() + 60
        while processes.running(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
