"""A disk of a few megabytes, to be filled to its last byte: a tmpfs of the kernel's."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import Missing


@dataclass(frozen=True)
class Disk:
    """A mounted file system."""

    folder: Path

    @property
    def free(self) -> int:
        """Bytes that can still be written."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def fill(self, *, leave: int = 0) -> Path:
        """Takes all room but `leave` bytes, in one file; remove that to have it back."""
        ballast = self.folder / "ballast"
        with ballast.open("ab") as file:
            while (more := min(self.free - leave, 2**20)) > 0:
                file.write(b"x" * more)
                file.flush()
        return ballast


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[Disk]:
    """Mounts one on `folder`, which is made, and takes it away again. Only root may mount."""
    folder.mkdir(parents=True, exist_ok=True)
    size = f"size={megabytes}m,mode=0700"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        raise Missing(f"the right to mount a small disk ({mounted.stderr.strip()})", "mount, and run as root")
    try:
        yield Disk(folder)
    finally:
        # Lazily: a process that a test has killed may still be about to close its files.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
