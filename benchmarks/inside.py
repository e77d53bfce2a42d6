"""The program's own inner parts by themselves, as peers/ holds those of others. Each says one JSON object.

    python inside.py fill ROOM MESSAGES            building personal messages
    python inside.py sign ROOM KEY.pem MESSAGES    building and signing them
    python inside.py judge FILE [VERDICTS]         judging addresses

ROOM: a newsroom whose digest has been sent once, so that its frozen version lies in the database.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from newsletter_cli.mail.address import AddressReader
from newsletter_cli.mail.content import Content
from newsletter_cli.mail.message import Compiled, compile_content
from newsletter_cli.mail.problems import AddressProblem
from newsletter_cli.mail.reader import Reader
from newsletter_cli.mail.stamp import Stamp
from newsletter_cli.mail.tokens import KEY_BYTES, Keyring

NOT_YET = 75  # exit code: this tree has no such part


def compiled(room: Path) -> Compiled:
    """The frozen version of the room's digest, ready to be filled."""
    with closing(sqlite3.connect(room / "data" / "newsletter.db")) as database:
        (content,) = database.execute("SELECT content FROM version").fetchone()
    stamp = Stamp(
        date=datetime.now(UTC), timezone=ZoneInfo("Asia/Damascus"), public_url="https://news.example.org",
        keyring=Keyring({0: bytes(range(KEY_BYTES))}, 0),
    )  # fmt: skip
    return compile_content(Content.from_json(content), stamp)


def readers(count: int) -> Iterator[Reader]:
    for n in range(1, count + 1):
        yield Reader(email=f"reader{n}@d{n % 40:02}.example.org", name=f"قارئ {n}", fields={"city": "دمشق"},
                     delivery=n, subscription=n, digest=1)  # fmt: skip


def seconds_of(act: Callable[[Reader], object], count: int) -> dict[str, float]:
    """How long `act` takes over so many readers, who are made before."""
    everybody = tuple(readers(count))
    act(everybody[0])
    began = time.perf_counter()
    for reader in everybody:
        act(reader)
    return {"seconds": time.perf_counter() - began}


def fill(room: str, count: str) -> dict[str, float]:
    ready = compiled(Path(room))
    return seconds_of(ready.fill, int(count))


def sign(room: str, key: str, count: str) -> dict[str, float]:
    try:
        from newsletter_cli.mail import dkim
    except ImportError:
        raise SystemExit(NOT_YET) from None
    ready = compiled(Path(room))
    sealer = dkim.prepare(ready, (dkim.Signer("example.org", "s1", dkim.load_key(Path(key))),))
    return seconds_of(lambda reader: sealer.sign(ready.fill(reader)), int(count))


def judge(file: str, verdicts: str = "") -> dict[str, float]:
    addresses = Path(file).read_text(encoding="utf-8").split("\n")[:-1]
    reader = AddressReader()

    def domain(address: str) -> str:
        try:
            return reader.read(address).domain
        except AddressProblem:
            return "-"

    began = time.perf_counter()
    found = [domain(address) for address in addresses]
    seconds = time.perf_counter() - began
    if verdicts:
        Path(verdicts).write_text("".join(f"{one}\n" for one in found), encoding="utf-8")
    return {"seconds": seconds, "rows": len(addresses)}


if __name__ == "__main__":
    parts: dict[str, Callable[..., dict[str, float]]] = {"fill": fill, "sign": sign, "judge": judge}
    print(json.dumps(parts[sys.argv[1]](*sys.argv[2:])))
