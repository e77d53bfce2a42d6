"""Child processes that end with their parent, whatever ends it, and run under another user where they must."""

import ctypes
import os
import pwd
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2)


def start(
    command: Sequence[str],
    *,
    log: Path,
    user: str | None = None,
    cwd: Path | None = None,
    inherit: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Starts a server that gets SIGTERM when this process dies; its output goes to `log`.

    user: whom to run as, when we are root; else it runs as ourselves.
    inherit: descriptors that it has besides the three, under the same numbers.
    """
    account = pwd.getpwnam(user) if user is not None and os.geteuid() == 0 else None
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=cwd,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            pass_fds=inherit,
            preexec_fn=_in_child(),
        )


def _in_child() -> Callable[[], None]:
    prctl = ctypes.CDLL(None).prctl  # looked up here: after the fork nothing should be loaded

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    return ask


def stop(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM, seconds: float = 10) -> None:
    """Ends a child: politely, then not."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def give_to(user: str, folder: Path) -> None:
    """Hands a folder to the user a server will run as, when we are root."""
    if os.geteuid() == 0:
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)
