"""PostgreSQL refuses to run as root: `python privileges.py command…` runs it as nobody then.

The checkout may lie where nobody may not look (/root). The process therefore keeps one capability of root's, to pass
over file permissions, as an ambient one. No account is created and nothing changes on the machine.
"""

import ctypes
import os
import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

_CAP_DAC_OVERRIDE = 1
_PR_SET_SECUREBITS = 28
_SECBIT_NO_SETUID_FIXUP = 4
"""Changing the user leaves the capabilities alone, and access(2), by which PostgreSQL looks for its files, counts them."""
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_LINUX_CAPABILITY_VERSION_3 = 0x20080522


def is_root() -> bool:
    return os.geteuid() == 0


def prefix() -> list[str]:
    """Put it before a command of PostgreSQL. By path: importing the package would cost half a second."""
    return [sys.executable, "-I", __file__] if is_root() else []


def give(directory: Path) -> None:
    """Hand a directory of ours to the user PostgreSQL will run as."""
    if is_root():
        nobody = pwd.getpwnam("nobody")
        for path in (directory, *directory.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)


def become_nobody() -> None:
    """Irrevocable for this process. Without the capability (a container without it) plain permissions decide."""
    nobody = pwd.getpwnam("nobody")
    libc = ctypes.CDLL(None, use_errno=True)
    linux = sys.platform == "linux"
    if linux:
        libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setresgid(nobody.pw_gid, nobody.pw_gid, nobody.pw_gid)
    os.setresuid(nobody.pw_uid, nobody.pw_uid, nobody.pw_uid)
    if linux:
        header = (ctypes.c_uint32 * 2)(_LINUX_CAPABILITY_VERSION_3, 0)
        mask = 1 << _CAP_DAC_OVERRIDE
        sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
        if libc.capset(header, sets) == 0:
            libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)


def main(command: Sequence[str]) -> None:
    become_nobody()
    os.environ["HOME"] = "/"
    os.execv(command[0], list(command))


if __name__ == "__main__":
    main(sys.argv[1:])
