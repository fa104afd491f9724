"""Alarms as an operator's Prometheus would see them: the rules of `deploy/alarms.yaml` against the processes' `/metrics`."""

import asyncio
import math
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import yaml
from prometheus_client.parser import text_string_to_metric_families

from local_stack.layout import ROOT

RULES = ROOT / "deploy" / "alarms.yaml"
_EXPRESSION = re.compile(r"(\w+) > (\d+(?:\.\d+)?)")
_DURATION = re.compile(r"(\d+)([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}

Series = tuple[str, ...]
"""The process, and the labels of one series of a metric."""


@dataclass(frozen=True)
class Rule:
    """Fires when a series of the metric was above the threshold for so many seconds."""

    name: str
    metric: str
    threshold: float
    lasts: float


def rules(file: Path = RULES) -> dict[str, Rule]:
    """By name.

    Raises:
        ValueError: an expression is more than `metric > number`.
    """
    described = [one for group in yaml.safe_load(file.read_text())["groups"] for one in group["rules"]]
    return {one["alert"]: _rule(one["alert"], one["expr"], one.get("for", "0s")) for one in described}


def _rule(name: str, expression: str, lasts: str) -> Rule:
    compared, duration = _EXPRESSION.fullmatch(expression), _DURATION.fullmatch(lasts)
    if compared is None or duration is None:
        raise ValueError(f"{name}: {expression!r} for {lasts!r} is more than fault runs can evaluate")
    return Rule(name, compared[1], float(compared[2]), int(duration[1]) * _SECONDS[duration[2]])


@dataclass
class Watch:
    """One rule over time."""

    rule: Rule
    _above: dict[Series, float] = field(default_factory=dict)
    """Since when."""

    def see(self, values: dict[Series, float], at: float) -> list[Series]:
        """Those that the rule fires for."""
        above = {series for series, value in values.items() if value > self.rule.threshold}
        self._above = {series: self._above.get(series, at) for series in above}
        return sorted(series for series, since in self._above.items() if at - since >= self.rule.lasts)


async def fires(rule: Rule, processes: dict[str, str], within: float) -> tuple[list[Series], float]:
    """For which series, none if it does not fire in time; and the highest value that was seen."""
    watch, deadline, highest = Watch(rule), time.monotonic() + within, -math.inf
    async with httpx2.AsyncClient(timeout=5) as http:
        while True:
            seen = await asyncio.gather(*(_scrape(http, name, url, rule.metric) for name, url in processes.items()))
            values = {series: value for one in seen for series, value in one.items()}
            highest = max((highest, *values.values()))
            if (firing := watch.see(values, time.monotonic())) or time.monotonic() > deadline:
                return firing, highest
            await asyncio.sleep(1)


async def _scrape(http: httpx2.AsyncClient, process: str, url: str, metric: str) -> dict[Series, float]:
    """Nothing of a process that does not answer, as Prometheus."""
    try:
        answer = await http.get(f"{url}/metrics")
        return dict(_series(process, metric, answer.text.splitlines()))
    except httpx2.HTTPError:
        return {}


def _series(process: str, metric: str, lines: Iterable[str]) -> Iterable[tuple[Series, float]]:
    text = "\n".join(line for line in lines if line.startswith((f"{metric}{{", f"{metric} ")))
    for family in text_string_to_metric_families(text + "\n"):
        for sample in family.samples:
            yield (process, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))), sample.value
