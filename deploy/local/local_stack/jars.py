"""The jars of Apache Kafka: named with their checksums in `kafka-jars.txt`, fetched by jgo, kept under `.local/kafka`.

The list is complete, so nothing is resolved here and every machine runs the same bytes.
"""

import hashlib
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from local_stack.layout import ROOT

LIST = Path(__file__).with_name("kafka-jars.txt")


@dataclass(frozen=True)
class Jar:
    coordinates: str
    """group:artifact:version"""
    sha256: str

    @property
    def file(self) -> str:
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"

    def is_in(self, target: Path) -> bool:
        """Whether it is there as it was listed: a disk that was full or lost its power may have left another."""
        try:
            return hashlib.sha256((target / self.file).read_bytes()).hexdigest() == self.sha256
        except FileNotFoundError:
            return False


def listed(text: str) -> list[Jar]:
    """Lines of `group:artifact:version sha256`; what follows a # is for people."""
    lines = (line.partition("#")[0].split() for line in text.splitlines())
    return [Jar(*words) for words in lines if words]


def folder(root: Path = ROOT) -> Path:
    """Named by the list, so that another list is another folder."""
    return root / ".local" / "kafka" / hashlib.sha256(LIST.read_bytes()).hexdigest()[:16]


def ensure(root: Path = ROOT) -> Path:
    """The folder with all jars. What is missing or damaged is fetched; a download cut short goes on where it was.

    Looking through all 46 MB takes a tenth of a second.

    Raises `StackError` without network, and when a jar is not the one that was listed.
    """
    complete = folder(root)
    partial = complete.with_name(f"{complete.name}.partial")
    target = complete if complete.exists() else partial
    missing = [jar for jar in listed(LIST.read_text()) if not jar.is_in(target)]
    if missing:
        print(f"Apache Kafka: fetching {len(missing)} jars (all are 46 MB, once)", file=sys.stderr, flush=True)
        target.mkdir(parents=True, exist_ok=True)
        from local_stack.fetching import fetch_all  # jgo takes a third of a second to import, and is needed once

        fetch_all(missing, target)
    if target == partial:
        partial.rename(complete)
        for other in complete.parent.iterdir():
            if other != complete:
                shutil.rmtree(other, ignore_errors=True)
    return complete
