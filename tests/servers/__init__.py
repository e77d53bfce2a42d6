"""The counterparts of the tests: real servers and browsers, found or started here, stopped by whoever started them."""

import glob
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path


class Missing(Exception):
    """A counterpart is not on this machine; says how to get it."""

    def __init__(self, what: str, package: str) -> None:
        super().__init__(f"{what} is not installed: apt-get install {package}")


def find_program(*patterns: str) -> Path | None:
    """The newest program that fits one of the patterns (whole paths, `*` allowed), the first pattern first."""
    for pattern in patterns:
        if found := glob.glob(pattern):
            return Path(max(found, key=lambda path: [int(number) for number in re.findall(r"\d+", path)]))
    return None


def free_port() -> int:
    """A TCP port of the loopback that nobody uses right now; for servers that cannot be told port 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Returns once `condition` holds; TimeoutError naming `what` when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.01)


def answers(port: int) -> bool:
    """Whether somebody listens on this port of the loopback."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
