"""All benchmarks, one after the other, then the table against the targets.

    python benchmarks [--runs N] [--readers N] [--quick] [--only p1_send p7_fill …] [--table]

--readers is passed on to every command. --table measures nothing: it shows what was kept last. Unless it was a quick
run, docs/benchmarks.md and its picture are written anew, each row from the newest full run of its command.
"""

import argparse
import subprocess
import sys
import time

from page import write_page
from places import HERE
from standing import newest, table
from targets import COMMANDS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs")
    parser.add_argument("--readers")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=COMMANDS, metavar="COMMAND")
    parser.add_argument("--table", action="store_true")
    words = parser.parse_args()
    passed = ["--quick"] if words.quick else []
    passed += ["--runs", words.runs] if words.runs else []
    passed += ["--readers", words.readers] if words.readers else []
    failed = [] if words.table else [name for name in words.only if not measured(name, passed)]
    print(table(newest(quick_too=words.quick)))
    if not words.quick:
        write_page(newest(quick_too=False))
    for name in failed:
        print(f"{name} ended without a result: see above")
    return 1 if failed else 0


def measured(name: str, words: list[str]) -> bool:
    """Runs one command; whether it ended well."""
    began = time.monotonic()
    print(f"── {name}", flush=True)
    ended = subprocess.run([sys.executable, str(HERE / f"{name}.py"), *words], check=False).returncode
    print(f"   {time.monotonic() - began:.0f} s", flush=True)
    return ended == 0


if __name__ == "__main__":
    sys.exit(main())
