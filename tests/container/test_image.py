"""deploy/container/Dockerfile and .dockerignore as they are read, without a container engine."""

import re
import tomllib
from pathlib import Path

import pytest

from local_stack.layout import SERVICES

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "deploy/container/Dockerfile").read_text()
INSTRUCTIONS = [
    line for line in re.sub(r"\\\n", " ", DOCKERFILE).splitlines() if line.strip() and not line.lstrip().startswith("#")
]


def of(word: str) -> list[str]:
    return [line.partition(" ")[2].strip() for line in INSTRUCTIONS if line.startswith(f"{word} ")]


def pinned() -> set[str]:
    lines = (ROOT / "requirements/services.txt").read_text().splitlines()
    return {found[1].lower().replace("_", "-") for line in lines if (found := re.match(r"([\w.-]+)==", line))}


def test_the_base_image_is_pinned_by_exact_version() -> None:
    assert re.search(r"^ARG PYTHON=python:3\.\d+\.\d+-slim-[a-z]+$", DOCKERFILE, re.MULTILINE)
    bases = {base.partition(" ")[0] for base in of("FROM")}
    assert bases == {"${PYTHON}", "runtime", "${SERVICE}"}


def test_it_copies_contracts_chassis_and_one_service() -> None:
    from_here = {copied for copied in of("COPY") if not copied.startswith("--from")}
    assert from_here == {
        "requirements/services.txt /tmp/services.txt",
        "contracts/contracts /srv/contracts",
        "chassis/chassis /srv/chassis",
        "services/${SERVICE}/${SERVICE} /srv/${SERVICE}",
    }


def test_requirements_are_installed_before_any_source_is_copied() -> None:
    assert DOCKERFILE.index("--require-hashes") < DOCKERFILE.index("COPY contracts")


def test_it_names_no_package_index() -> None:
    assert not re.search(r"https?://(?!127\.0\.0\.1)|--index-url|--extra-index-url|--trusted-host", DOCKERFILE)


def test_it_runs_as_a_numbered_user_who_is_not_root() -> None:
    assert of("USER") == ["10001:10001"]


def test_no_shell_stands_between_the_engine_and_the_service() -> None:
    for word in ("RUN", "CMD", "ENTRYPOINT"):
        assert all("[" in arguments for arguments in of(word))
    assert of("ENTRYPOINT") == [f'["python", "-m", "{service}"]' for service in SERVICES]
    assert of("CMD") == ['["all"]']
    assert of("STOPSIGNAL") == ["SIGTERM"]


def test_health_is_readiness() -> None:
    (check,) = of("HEALTHCHECK")
    assert "/health/ready" in check


def test_all_bytecode_is_made_while_building() -> None:
    assert sum("compileall" in step for step in of("RUN")) == 2
    assert "PYTHONDONTWRITEBYTECODE=1" in DOCKERFILE


def test_the_build_sees_nothing_but_what_it_copies() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    assert {line for line in lines if line.startswith("!")} == {
        "!requirements/services.txt",
        "!contracts/contracts",
        "!chassis/chassis",
        "!services",
    }


@pytest.mark.parametrize("distribution", ["contracts", "chassis", *(f"services/{service}" for service in SERVICES)])
def test_what_a_distribution_depends_on_is_installed(distribution: str) -> None:
    project = tomllib.loads((ROOT / distribution / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[^\w.-]", wanted)[0].lower() for wanted in project["dependencies"]}
    assert {name for name in names if not name.startswith("countersign-")} <= pinned()
