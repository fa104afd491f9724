"""Fetches jars with jgo and checks that they are the ones that were listed."""

import hashlib
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
import truststore
from jgo.config import GlobalSettings
from jgo.maven import MavenContext

from local_stack.errors import StackError
from local_stack.jars import Jar

_ATTEMPTS = 3


def fetch_all(jars: Iterable[Jar], target: Path) -> None:
    """Raises `StackError` without network, and when a jar is not the one that was listed."""
    truststore.inject_into_ssl()  # what the system trusts, as pip and uv do; companies put their own authorities there
    cache = target / "download"
    # Mirrors are taken from the user's own configuration of jgo.
    repositories = dict(GlobalSettings.load().repositories) or None
    context = MavenContext(repo_cache=cache, remote_repos=repositories, timeout=60)
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda jar: _fetch(jar, context, target), jars):
            pass
    shutil.rmtree(cache, ignore_errors=True)


def _fetch(jar: Jar, context: MavenContext, target: Path) -> None:
    """Only a jar with the right checksum gets its name."""
    group, name, version = jar.coordinates.split(":")
    artifact = context.project(group, name).at_version(version).artifact()
    trouble: Exception | None = None
    for _ in range(_ATTEMPTS):
        try:
            found = artifact.resolve()
        except (requests.RequestException, RuntimeError) as error:
            trouble = error
            if artifact.cached_path is not None:
                artifact.cached_path.unlink(missing_ok=True)
            continue
        if hashlib.sha256(found.read_bytes()).hexdigest() == jar.sha256:
            found.replace(target / jar.file)
            return
        found.unlink()  # cut short by a kill, or not what was listed
        trouble = StackError("its checksum is not the listed one")
    raise StackError(
        f"Could not fetch {jar.coordinates}, one of Kafka's jars ({trouble}). The network is needed once; what has"
        " arrived is kept, so run the same command again. A broker that runs elsewhere will do too:"
        " COUNTERSIGN_KAFKA=host:port."
    ) from trouble
