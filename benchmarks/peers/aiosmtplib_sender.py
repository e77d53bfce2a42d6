"""A peer: aiosmtplib on uvloop, some connections, one prepared message to each reader.

python aiosmtplib_sender.py PORT READERS FILE CONNECTIONS
"""

import asyncio
import sys
from pathlib import Path

import aiosmtplib
import uvloop


async def send(port: int, addresses: list[str], data: bytes) -> None:
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False)
    await client.connect()
    for address in addresses:
        await client.sendmail("news@example.org", [address], data)
    await client.quit()


async def main(port: int, readers: int, data: bytes, connections: int) -> None:
    addresses = [f"reader{n}@example.org" for n in range(1, readers + 1)]
    async with asyncio.TaskGroup() as group:
        for number in range(connections):
            group.create_task(send(port, addresses[number::connections], data))


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]).read_bytes(), int(sys.argv[4])))
