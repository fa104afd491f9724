"""The code that a fault run starts: a copy, so that nobody's edits disturb it, with the failpoints of its rows."""

import compileall
import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from faults import failpoints

PACKAGES = (
    "contracts",
    "chassis",
    "services/identity",
    "services/pricing",
    "services/orders",
    "services/notifications",
)


class DoesNotFit(Exception):
    """A patch is for other code than this."""


class Change(Protocol):
    """One difference between the copy and the code. Its `repr` tells it from every other change."""

    def apply(self, root: Path) -> None: ...


@dataclass(frozen=True)
class Patch:
    """Replaces `old`, which must be in the file exactly once."""

    path: str
    """From the checkout."""
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """
        Raises:
            DoesNotFit: `old` is not there, or more than once.
        """
        file = root / self.path
        text = file.read_text()
        if text.count(self.old) != 1:
            raise DoesNotFit(f"{self.path} has {text.count(self.old)} of {self.old!r}")
        file.write_text(text.replace(self.old, self.new))


@dataclass(frozen=True)
class NewFile:
    """Beside `Patch`, which changes one that is there."""

    path: str
    """From the checkout."""
    text: str

    def apply(self, root: Path) -> None:
        """
        Raises:
            DoesNotFit: it is there already.
        """
        file = root / self.path
        if file.exists():
            raise DoesNotFit(f"{self.path} is there already")
        file.write_text(self.text)


@dataclass(frozen=True)
class Failpoint:
    """Makes a process die, stop or sleep on cue (`System.arm`) right before or after one line of the code."""

    name: str
    path: str
    line: str
    """The whole line without its indentation; the only one in its file."""
    before: bool = False

    def apply(self, root: Path) -> None:
        """
        Raises:
            DoesNotFit: the line is not there, or more than once.
        """
        file = root / self.path
        lines = file.read_text().splitlines()
        found = [number for number, line in enumerate(lines) if line.strip() == self.line]
        if len(found) != 1:
            raise DoesNotFit(f"{self.path} has {len(found)} of {self.line!r}")
        [at] = found
        indentation = lines[at][: -len(self.line)]
        lines.insert(at if self.before else at + 1, indentation + call(self.name))
        file.write_text("\n".join(lines) + "\n")


def call(failpoint: str) -> str:
    """The statement that makes a failpoint, for a `Patch`."""
    return f'__import__("chassis.failpoints").failpoints.failpoint("{failpoint}")'


def slow(failpoint: str) -> str:
    """The statement that makes a coroutine take its time (`System.slowed`), for a `Patch`."""
    return f'await __import__("chassis.failpoints").failpoints.slow("{failpoint}")'


def copy(checkout: Path, folder: Path, changes: Sequence[Change]) -> Path:
    """A copy of what the services run, changed; the same code with the same changes is copied once.

    Raises:
        DoesNotFit: a change is for other code.
    """
    into = folder / _digest(checkout, changes)
    if into.exists():
        return into
    partial = into.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    for package in PACKAGES:
        name = package.rpartition("/")[2]
        shutil.copytree(
            checkout / package / name, partial / package / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(checkout / "contracts" / "asyncapi.json", partial / "contracts")
    shutil.copytree(checkout / "contracts" / "schemas", partial / "contracts" / "schemas")
    shutil.copy(failpoints.__file__, partial / "chassis" / "chassis" / "failpoints.py")
    for change in changes:
        change.apply(partial)
    partial.rename(into)
    compileall.compile_dir(into, quiet=2)  # else every process of the stack would do it for itself
    return into


def _digest(checkout: Path, changes: Sequence[Change]) -> str:
    digest = hashlib.sha256(repr(changes).encode())
    for package in PACKAGES:
        for file in sorted((checkout / package).rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def python_path(code: Path) -> str:
    """Under which a process finds the copy before the checkout."""
    return os.pathsep.join(str(code / package) for package in PACKAGES)
