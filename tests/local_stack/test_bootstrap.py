"""Setting up may be killed anywhere, and costs nothing when it has been done."""

import fcntl
import subprocess
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import IO

import pytest


class Installer:
    """Stands for pip and uv: remembers what it was asked, and may be killed at a step."""

    def __init__(self, bootstrap: ModuleType) -> None:
        self.bootstrap = bootstrap
        self.steps: list[str] = []
        self.killed_at: str | None = None

    def create_venv(self) -> None:
        self._step("create")
        (self.bootstrap.VENV / "bin").mkdir(parents=True, exist_ok=True)
        self.bootstrap.PYTHON.touch()

    def run(self, command: list[str], environment: dict[str, str]) -> None:
        self._step(next(word for word in ("sync", "install", "fetch") if word in command))

    def _step(self, name: str) -> None:
        if name == self.killed_at:
            raise KeyboardInterrupt
        self.steps.append(name)


@pytest.fixture
def installer(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Installer:
    installer = Installer(bootstrap)
    monkeypatch.setattr(bootstrap, "create_venv", installer.create_venv)
    monkeypatch.setattr(bootstrap, "run", installer.run)
    monkeypatch.setattr(bootstrap, "uv_environment", dict)
    monkeypatch.setattr(bootstrap, "fits", lambda: True)
    return installer


def test_a_second_run_does_nothing(bootstrap: ModuleType, installer: Installer) -> None:
    bootstrap.main()
    assert installer.steps == ["create", "sync", "install"]
    bootstrap.main()
    assert installer.steps == ["create", "sync", "install"]


def test_changed_requirements_are_installed_into_the_same_venv(
    bootstrap: ModuleType, installer: Installer, tmp_path: Path
) -> None:
    bootstrap.main()
    (tmp_path / "requirements/development.txt").write_text("another")
    installer.steps.clear()
    bootstrap.main()
    assert installer.steps == ["sync", "install"]


def test_a_package_that_appears_is_installed(bootstrap: ModuleType, installer: Installer, tmp_path: Path) -> None:
    bootstrap.main()
    (tmp_path / "chassis").mkdir()
    (tmp_path / "chassis/pyproject.toml").write_text("new")
    installer.steps.clear()
    bootstrap.main()
    assert installer.steps == ["sync", "install"]


@pytest.mark.parametrize("step", ["create", "sync", "install"])
def test_after_a_kill_the_venv_is_made_anew(bootstrap: ModuleType, installer: Installer, step: str) -> None:
    """Half a venv looks like a whole one to every installer."""
    bootstrap.main()
    bootstrap.STAMP.unlink()
    installer.killed_at = step
    with pytest.raises(KeyboardInterrupt):
        bootstrap.main()
    installer.killed_at = None
    installer.steps.clear()
    bootstrap.main()
    assert installer.steps == ["create", "sync", "install"]


def test_an_upgrade_killed_half_way_is_not_taken_for_done(
    bootstrap: ModuleType, installer: Installer, tmp_path: Path
) -> None:
    bootstrap.main()
    (tmp_path / "requirements/development.txt").write_text("another")
    installer.killed_at = "install"
    with pytest.raises(KeyboardInterrupt):
        bootstrap.main()
    (tmp_path / "requirements/development.txt").write_text("requirements/development.txt")
    assert not bootstrap.is_done()


def test_two_at_once_take_turns(
    bootstrap: ModuleType, installer: Installer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".local").mkdir()
    waits, flock = threading.Event(), fcntl.flock

    def watched(file: IO[str], operation: int) -> None:
        if operation == fcntl.LOCK_EX:
            waits.set()
        flock(file, operation)

    with (tmp_path / ".local/bootstrap.lock").open("w") as other:
        flock(other, fcntl.LOCK_EX)
        monkeypatch.setattr(fcntl, "flock", watched)
        second = threading.Thread(target=bootstrap.main)
        second.start()
        assert waits.wait(60), "the second does not wait"
        installer.steps.append("the other is done")
    second.join(60)
    assert installer.steps == ["the other is done", "create", "sync", "install"]


def test_too_little_disk_is_said_before_anything_is_fetched(
    bootstrap: ModuleType, installer: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    with pytest.raises(bootstrap.Trouble, match="Setting up takes 2500 MB"):
        bootstrap.main()
    assert installer.steps == []


def test_pip_settings_are_handed_to_uv(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    listed = "\n".join(
        [
            "global.index-url='https://mirror.example/file'",
            ":env:.index-url='https://mirror.example/env'",
            "global.cert='/company.pem'",
            f"global.find-links='/not/there {tmp_path}'",
        ]
    )
    answer = subprocess.CompletedProcess([], 0, listed, "")
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda *_, **__: answer)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    environment = bootstrap.uv_environment()
    assert environment["UV_DEFAULT_INDEX"] == "https://mirror.example/env"
    assert environment["SSL_CERT_FILE"] == "/company.pem"
    assert environment["UV_FIND_LINKS"] == str(tmp_path)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("error: failed to write: No space left on device (os error 28)", "is full"),
        ("error: dns error: failed to lookup address information", "needs the network"),
        ("ERROR: No matching distribution found for uv", "needs the network"),
        ("error: Hash mismatch for `orjson`", "not the one that was pinned"),
    ],
)
def test_a_failure_is_told_in_a_sentence(bootstrap: ModuleType, said: str, sentence: str) -> None:
    assert sentence in bootstrap.reason(said)
