"""python -m local_stack [--name demo|test] up | down | status | logs | restart | stop | start | kill | env"""

import argparse
import errno
import os
import shlex
import signal
import sys
import time

from local_stack import jars
from local_stack.errors import StackError, no_space
from local_stack.layout import ROOT, SERVICES, STACK_OFFSETS, Layout, known_stacks
from local_stack.lifecycle import down, up
from local_stack.readiness import start_one
from local_stack.stack import Stack, load
from local_stack.supervision import Supervisor


def main(words: list[str] | None = None) -> None:
    arguments = _parser().parse_args(words)
    try:
        _run(arguments)
    except StackError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Interrupted. The same command goes on where this one stopped; make down ends everything.")
    except BrokenPipeError:
        os._exit(0)  # whoever read our output has seen enough
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            sys.exit(str(no_space(error.filename or ROOT)))
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local_stack", description="The local stack, without containers.")
    parser.add_argument("--name", default="demo", help="which stack of this checkout (default: demo)")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("up", help="start what does not run and wait until it answers")
    start.add_argument("--infra-only", action="store_true", help="PostgreSQL, Kafka, Temporal and mail only")
    start.add_argument("--split", action="store_true", help="a process for each role of a service")
    start.add_argument("--fresh", action="store_true", help="forget the data of this stack first")
    end = commands.add_parser("down", help="stop everything and verify it")
    end.add_argument("--all", action="store_true", help="every stack of this checkout")
    commands.add_parser("fetch", help="get what up needs from the network")
    commands.add_parser("status", help="what runs and where")
    logs = commands.add_parser("logs", help="the end of the logs, and what is added")
    logs.add_argument("part", nargs="*")
    logs.add_argument("--no-follow", action="store_true", help="only what is there now")
    for verb, help_text in (
        ("restart", "stop it and start it again"),
        ("stop", "end it and leave it down"),
        ("start", "start it and wait until it is ready"),
    ):
        commands.add_parser(verb, help=help_text).add_argument("part", nargs="+")
    kill = commands.add_parser("kill", help="send a signal; the supervisor starts again what dies")
    kill.add_argument("part")
    kill.add_argument("--signal", default="KILL", help="KILL, STOP, CONT, TERM … (default: KILL)")
    env = commands.add_parser("env", help="the environment of a service, for a shell")
    env.add_argument("service", choices=SERVICES)
    return parser


def _run(arguments: argparse.Namespace) -> None:
    name: str = arguments.name
    match arguments.command:
        case "fetch":
            jars.ensure()
        case "up":
            started = time.monotonic()
            stack = up(name, infra_only=arguments.infra_only, split=arguments.split, fresh=arguments.fresh)
            print(f"The {name} stack is up ({time.monotonic() - started:.1f} s).")
            _show(stack)
        case "down":
            names = {layout.name for layout in known_stacks()} | set(STACK_OFFSETS) if arguments.all else {name}
            for each in sorted(names):
                down(each)
            print("Nothing is running any more.")
        case "status":
            _show(load(name))
        case "logs":
            _logs(Layout(name), arguments.part, follow=not arguments.no_follow)
        case "restart":
            for part in arguments.part:
                load(name).restart(part)
        case "stop":
            for part in arguments.part:
                load(name).stop(part)
        case "start":
            for part in arguments.part:
                start_one(name, part)
        case "kill":
            pid = load(name).kill(arguments.part, signal.Signals[f"SIG{arguments.signal.removeprefix('SIG')}"])
            print(f"{arguments.part} was process {pid}.")
        case "env":
            for variable, value in load(name).environment[arguments.service].items():
                print(f"export {variable}={shlex.quote(value)}")


def _show(stack: Stack) -> None:
    addresses = {"postgres": stack.postgres.rpartition("@")[2], "kafka": stack.kafka, "temporal": stack.temporal_ui}
    addresses |= {"mail": stack.mail} | stack.processes
    for info in Supervisor(Layout(stack.name)).processes().values():
        # For a second after its start the supervisor calls a process starting, whether it answers or not.
        state = info.state.lower().replace("starting", "running")
        print(f"  {info.name:<24} {state:<9} {info.pid or '':<8} {addresses.get(info.name, '')}")


def _logs(layout: Layout, parts: list[str], *, follow: bool) -> None:
    files = [layout.logs / f"{part}.log" for part in parts] or sorted(layout.logs.glob("*.log"))
    if missing := [file.stem for file in files if not file.exists()]:
        there = ", ".join(sorted(file.stem for file in layout.logs.glob("*.log")))
        raise StackError(f"No log of {', '.join(missing)}. There are: {there}.")
    if not files:
        raise StackError(f"The {layout.name} stack has no logs yet: make up starts it.")
    os.execvp("tail", ["tail", "-n", "40", *(["-F"] if follow else []), *map(str, files)])


if __name__ == "__main__":
    main()
