"""How a figure is measured on a machine that is not quiet.

Everything is a ratio inside one run: reference and subject alternate in short blocks, which of them begins is drawn from
the seed. A spin loop before and after each block tells how fast the machine was; a pair of blocks in which it was more
than `TOLERANCE` off is dropped. What counts is the median of the paired ratios, with a bootstrap interval.
"""

import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.performance.figures import Interval, Result

TOLERANCE = 0.15
FEWEST = 3
"""Pairs that must remain for a number to count."""
RESAMPLES = 2_000


@dataclass(frozen=True)
class Sample:
    """One block.

    Attributes:
        value: what is compared: a rate in units per second, or a latency in seconds.
        cpu: CPU seconds per unit, by part of the system.
        facts: what else it saw, to be shown with the result.
    """

    value: float
    cpu: dict[str, float] = field(default_factory=dict)
    facts: dict[str, float] = field(default_factory=dict)


Block = Callable[[], Awaitable[Sample]]


def interval(
    values: Sequence[float], seed: int = 1, of: Callable[[Sequence[float]], float] = statistics.median
) -> Interval:
    """Of a statistic (the median), by resampling."""
    chance = random.Random(seed)
    resampled = sorted(of(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return Interval(of(values), resampled[RESAMPLES // 40], resampled[-RESAMPLES // 40 - 1])


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, int(len(ordered) * share)))]


def spin() -> float:
    """Seconds of a fixed piece of work: the best of twenty, so that only a machine that stays slow counts as slow.

    What our own system does for a moment after a block is not the machine's doing.
    """

    def once() -> float:
        begun, total = time.perf_counter(), 0
        for number in range(120_000):
            total += number & 7
        return time.perf_counter() - begun

    return min(once() for _ in range(20))


@dataclass(frozen=True)
class Pair:
    reference: Sample
    subject: Sample
    spins: tuple[float, ...]


@dataclass(frozen=True)
class Paired:
    """All pairs that count, and how many were dropped."""

    pairs: Sequence[Pair]
    dropped: int
    seed: int
    unsteady: bool = False

    @property
    def ratio(self) -> Interval:
        """Subject over reference."""
        return interval([one.subject.value / one.reference.value for one in self.pairs], self.seed)

    @property
    def enough(self) -> bool:
        """Whether so many are left that the number counts; where not, `pairs` are all of them."""
        return not self.unsteady

    def medians(self) -> dict[str, Any]:
        """Both sides, for the settings of a result."""
        return {
            "pairs": len(self.pairs),
            "dropped": self.dropped,
            "reference": _summary([one.reference for one in self.pairs]),
            "subject": _summary([one.subject for one in self.pairs]),
        }

    def result(self, figure: str, settings: dict[str, Any]) -> Result:
        """Of the ratio; void when too few pairs were measured on a steady machine."""
        void = "" if self.enough else f"{self.dropped} of {len(self.pairs)} pairs were measured on an unsteady machine"
        return Result(figure, self.ratio, settings, void)

    def cpu(self, part: str) -> Interval:
        """CPU seconds per unit of the subject's part over the reference's part of the same name."""
        return interval([one.subject.cpu[part] / one.reference.cpu[part] for one in self.pairs], self.seed)


def _summary(samples: Sequence[Sample]) -> dict[str, Any]:
    def middle(rows: Sequence[dict[str, float]]) -> dict[str, float]:
        return {name: round(statistics.median(row[name] for row in rows), 6) for name in rows[0]}

    return {
        "value": round(statistics.median(one.value for one in samples), 6),
        "cpu_seconds_per_unit": middle([one.cpu for one in samples]),
        **middle([one.facts for one in samples]),
    }


async def paired(reference: Block, subject: Block, *, pairs: int, seed: int) -> Paired:
    """So many pairs, and up to as many again in place of those that were dropped."""
    chance = random.Random(seed)
    made: list[Pair] = []
    while len(made) < 2 * pairs:
        made.append(await _pair(reference, subject, subject_first=chance.random() < 0.5))
        if len(made) >= pairs and len(_steady(made)) >= pairs:
            break
    steady = _steady(made)
    if len(steady) < FEWEST:
        return Paired(made, len(made) - len(steady), seed, unsteady=True)
    return Paired(steady, len(made) - len(steady), seed)


async def _pair(reference: Block, subject: Block, *, subject_first: bool) -> Pair:
    spins, samples = [spin()], {}
    for name in ("subject", "reference") if subject_first else ("reference", "subject"):
        samples[name] = await (subject if name == "subject" else reference)()
        spins.append(spin())
    return Pair(samples["reference"], samples["subject"], tuple(spins))


def _steady(pairs: Sequence[Pair]) -> list[Pair]:
    usual = statistics.median(spin for one in pairs for spin in one.spins)
    return [one for one in pairs if all(abs(spin / usual - 1) <= TOLERANCE for spin in one.spins)]
