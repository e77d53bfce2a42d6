"""A peer: aiosmtplib on uvloop, some connections, one message to each reader.

    python aiosmtplib_sender.py PORT READERS CONNECTIONS FILE

FILE.eml: one message, made before, to all.  FILE.json: parts that each message is built from, with jinja2 and
EmailMessage. Says {"seconds": …}.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import aiosmtplib
import uvloop
from letters import Builder


async def send(port: int, numbers: range, letter: Callable[[int], bytes]) -> None:
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False)
    await client.connect()
    for number in numbers:
        await client.sendmail("news@example.org", [f"reader{number}@example.org"], letter(number))
    await client.quit()


async def main(port: int, readers: int, connections: int, letter: Callable[[int], bytes]) -> None:
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for first in range(1, connections + 1):
            group.create_task(send(port, range(first, readers + 1, connections), letter))
    print(json.dumps({"seconds": time.perf_counter() - began}))


def letter_from(file: Path) -> Callable[[int], bytes]:
    if file.suffix == ".json":
        return Builder(file).build
    data = file.read_bytes()
    return lambda number: data


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), letter_from(Path(sys.argv[4]))))
