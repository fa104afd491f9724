"""Kafka's jars are the listed ones, whatever became of them on the disk."""

import hashlib
from pathlib import Path

import pytest

from local_stack import fetching, jars

CONTENT = {"a:kafka:1": b"broker", "a:logging:2": b"binding"}


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What was asked of the network, which has it all."""
    asked: list[str] = []

    def fetch_all(wanted: list[jars.Jar], target: Path) -> None:
        for jar in wanted:
            asked.append(jar.coordinates)
            (target / jar.file).write_bytes(CONTENT[jar.coordinates])

    monkeypatch.setattr(fetching, "fetch_all", fetch_all)
    monkeypatch.setattr(jars, "LIST", tmp_path / "list.txt")
    lines = [f"{name} {hashlib.sha256(content).hexdigest()}\n" for name, content in CONTENT.items()]
    jars.LIST.write_text("".join(lines))
    return asked


def test_they_are_fetched_once(fetched: list[str], tmp_path: Path) -> None:
    assert jars.ensure(tmp_path) == jars.ensure(tmp_path)
    assert fetched == list(CONTENT)


@pytest.mark.parametrize("damage", [b"", b"brokem", None])
def test_one_that_is_damaged_or_gone_is_fetched_again(fetched: list[str], tmp_path: Path, damage: bytes | None) -> None:
    jar = jars.ensure(tmp_path) / "kafka-1.jar"
    fetched.clear()
    jar.unlink()
    if damage is not None:
        jar.write_bytes(damage)
    jars.ensure(tmp_path)
    assert fetched == ["a:kafka:1"]
    assert jar.read_bytes() == CONTENT["a:kafka:1"]


def test_a_download_that_was_cut_short_goes_on_where_it_was(fetched: list[str], tmp_path: Path) -> None:
    partial = jars.folder(tmp_path).with_suffix(".partial")
    partial.mkdir(parents=True)
    (partial / "kafka-1.jar").write_bytes(CONTENT["a:kafka:1"])
    jars.ensure(tmp_path)
    assert fetched == ["a:logging:2"]
    assert not partial.exists()
