"""Runs one command and writes what it used: seconds of processor time, and MiB resident at most.

    python benchmarks/weighed.py FILE COMMAND …

A process of its own, and a small one: Linux hands the largest size of whoever starts a program on to the program.
"""

import json
import os
import subprocess
import sys
from pathlib import Path


def main() -> None:
    file, *command = sys.argv[1:]
    process = subprocess.Popen(command)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    told = {"cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss / 1024}
    Path(file).write_text(json.dumps(told), encoding="utf-8")
    sys.exit(process.returncode)


if __name__ == "__main__":
    main()
