"""Who holds what: a file lock for each delivering process, so that a dead one is known at once.

A process that leases chunks keeps `flock` on its own file under data/holders/ and puts the file's name and the
machine's boot id into its leases. The kernel drops the lock with the process, whatever killed it, and keeps it for a
stopped one: free on this machine means dead, held means that the lease must end.
"""

import errno
import fcntl
import json
import os
import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PID_NAMESPACE = Path("/proc/self/ns/pid")


class Life(StrEnum):
    """What can be said of a holder from here."""

    DEAD = "dead"  # its lock is free on this machine
    ALIVE = "alive"  # its lock is held, also by a stopped process
    ELSEWHERE = "elsewhere"  # no such file here: another machine, or another data folder


@dataclass(frozen=True, slots=True)
class Holder:
    """One delivering process, as its leases name it."""

    name: str  # of its lock file: host-pid-chance
    boot: str  # boot id of its machine, "" where the system has none


def boot_id() -> str:
    """The machine's boot id, "" where the system does not tell one."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""


@contextmanager
def hold(folder: Path) -> Iterator[Holder]:
    """Be a holder: keeps the lock until the block ends.

    The file stays: if the leases could not be given back (a full disk), its free lock tells everybody that they are
    nobody's. `sweep` removes it once no lease names it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    host = "".join(c if c.isalnum() else "-" for c in socket.gethostname().split(".")[0])[:40] or "host"
    holder = Holder(f"{host}-{os.getpid()}-{secrets.token_hex(3)}", boot_id())
    path = folder / holder.name
    descriptor = _locked(path)
    try:
        os.write(descriptor, json.dumps({"pid": os.getpid(), "namespace": _pid_namespace()}).encode())
        yield holder
    finally:
        os.close(descriptor)


def _locked(path: Path) -> int:
    """A descriptor of a new file, with its lock. Before it has that, a `sweep` may take it for a dead one."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)


def life_of(folder: Path, name: str) -> Life:
    """Whether the process that holds this name is alive. Never blocks. The name "" is nobody: dead."""
    if not name:
        return Life.DEAD
    try:
        with _free(folder / name) as free:
            return Life.DEAD if free else Life.ALIVE
    except FileNotFoundError:
        return Life.ELSEWHERE


@contextmanager
def _free(path: Path) -> Iterator[bool]:
    """Whether nobody holds this file; if so, nobody can begin to before the block ends. FileNotFoundError.

    The lock to look with is a shared one: whoever looks at the same moment must not be taken for the holder.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def sweep(folder: Path, still_named: frozenset[str]) -> None:
    """Remove the files of dead processes that no lease names any more."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if path.is_file() and path.name not in still_named:
            with suppress(FileNotFoundError), _free(path) as free:
                if free:
                    path.unlink()


def signal_holders(folder: Path, names: frozenset[str]) -> int:
    """Tell the living holders of this machine to look at the send again now; returns how many were told.

    Only processes of our own pid namespace: the same number names another process in another container.
    """
    told = 0
    for name in names:
        if life_of(folder, name) is not Life.ALIVE:
            continue
        try:
            noted = json.loads((folder / name).read_text())
            if noted["namespace"] == _pid_namespace():
                os.kill(int(noted["pid"]), signal.SIGUSR1)
                told += 1
        except (OSError, ValueError, KeyError):
            continue  # it ended meanwhile, or has not written its file yet and will read the send first
    return told


def _pid_namespace() -> str:
    try:
        return os.readlink(PID_NAMESPACE)
    except OSError:
        return ""
