"""The alarm rules: an operator's Prometheus and the fault runs read the same file."""

from pathlib import Path

import pytest
import yaml
from faults.alarms import RULES, Rule, Watch, rules
from prometheus_client import REGISTRY

import chassis.roles  # noqa: F401 - registers the metrics of every process

OPERATORS = Path(__file__).parents[2] / "docs" / "operators.md"


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.name)
def test_every_alarm_is_about_a_metric_that_processes_have(rule: Rule):
    assert rule.metric in {family.name for family in REGISTRY.collect()}


@pytest.mark.parametrize("name", rules())
def test_the_runbook_says_what_to_do_about_every_alarm(name: str):
    assert f"| `{name}` |" in OPERATORS.read_text()


def test_the_file_has_the_form_of_prometheus_rules():
    [group] = yaml.safe_load(RULES.read_text())["groups"]
    assert all(one.keys() <= {"alert", "expr", "for", "annotations"} for one in group["rules"])
    assert len({one["alert"] for one in group["rules"]}) == len(group["rules"])


def test_a_rule_fires_once_its_series_was_above_for_long_enough():
    watch = Watch(Rule("Behind", "behind_seconds", threshold=10, lasts=15))
    ours, other = ("orders", "topic=a"), ("orders", "topic=b")
    assert watch.see({ours: 11, other: 3}, at=0) == []
    assert watch.see({ours: 10, other: 3}, at=10) == [], "not above any more"
    assert watch.see({ours: 12, other: 12}, at=20) == []
    assert watch.see({ours: 12, other: 3}, at=35) == [ours]


def test_what_is_more_than_a_comparison_is_refused(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text("groups: [{name: one, rules: [{alert: Much, expr: 'rate(a[5m]) > 1'}]}]")
    with pytest.raises(ValueError, match="Much"):
        rules(file)
