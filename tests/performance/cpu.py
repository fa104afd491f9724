"""CPU seconds and memory of processes and their children, read from /proc."""

import os
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
TICK = 1 / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _children() -> dict[int, list[int]]:
    children: dict[int, list[int]] = defaultdict(list)
    for entry in os.listdir(PROC):
        if entry.isdigit():
            try:
                children[int(_stat(int(entry))[1])].append(int(entry))
            except OSError:
                continue
    return children


def tree(pid: int, children: Mapping[int, Sequence[int]]) -> Iterator[int]:
    yield pid
    for child in children.get(pid, ()):
        yield from tree(child, children)


def cpu_seconds(pids: Mapping[str, int]) -> dict[str, float]:
    """By name: of the process, of the children that it has now, and of those it has waited for."""
    children = _children()
    found = {}
    for name, root in pids.items():
        ticks = 0
        for pid in tree(root, children):
            try:
                ticks += sum(map(int, _stat(pid)[11:15]))
            except OSError:
                continue
        found[name] = ticks * TICK
    return found


def proportional_bytes(pid: int) -> int:
    """What the process holds in memory; of pages that it shares with others, its share."""
    lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


@dataclass
class Spent:
    """What was spent inside `metered`, once that has ended."""

    seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)

    def per(self, units: int) -> dict[str, float]:
        return {name: spent / units for name, spent in self.cpu.items()}


@contextmanager
def metered(pids: Mapping[str, int]) -> Iterator[Spent]:
    """CPU by part, our own without children as `driver`, and the time on the wall."""
    spent, before, begun, own = Spent(), cpu_seconds(pids), time.perf_counter(), time.process_time()
    yield spent
    spent.seconds = time.perf_counter() - begun
    driver, after = time.process_time() - own, cpu_seconds(pids)
    spent.cpu = {"driver": driver, **{name: after[name] - before[name] for name in pids}}
