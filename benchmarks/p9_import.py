"""P9: `newsletter subscribers import` of 1,000,000 rows, against email-validator called for each address.

    python benchmarks/p9_import.py [--readers 1000000] [--runs 3] [--quick]

Ours is the whole command: rows read, validated, deduplicated, in the roster, undoable. The peer only judges addresses
(a tenth as many; the ratio is of rows per second). 5,000 domains; every 50th row is there twice, every 100th is no
address. Then 300,000 addresses, most of them strange, are judged by both: the verdicts have to be the same.
"""

import csv
import random
from itertools import zip_longest
from pathlib import Path

from inside_out import inside
from installing import peers_python
from measuring import Bench, read_words, run, seconds_of, take_turns
from places import PEERS
from room import empty_room, newsletter, workplace
from senders import peer

DOMAINS = 5_000
JUDGED = 300_000


def main() -> None:
    given = read_words(__doc__, runs=3, readers=1_000_000, quick_readers=50_000)
    bench = Bench("p9_import", given)
    with workplace() as folder:
        rows, addresses = folder / "rows.csv", folder / "addresses.txt"
        write_rows(rows, addresses, given.readers)
        found = take_turns(given.runs, {
            "newsletter": lambda: given.readers / seconds_of_import(folder, rows),
            "email-validator": lambda: judged_by_peer(addresses),
        })  # fmt: skip
        differing = differences(folder, given.some(JUDGED))
    cell = given.fewer(1_000_000)
    bench.compare_numbers("p9", found["newsletter"], found["email-validator"], cell)
    bench.add("p9-seconds", [1_000_000 / rate for rate in found["newsletter"]], cell and f"from {cell}")
    bench.add("p9-verdicts", [float(differing)])
    for name, rates in found.items():
        bench.tell(name, rates, "rows/s")
    bench.close()


def seconds_of_import(folder: Path, rows: Path) -> float:
    """The whole command into an empty newsroom."""
    room = empty_room(folder)
    words = (
        "subscribers",
        "import",
        str(rows),
        "--list",
        "weekly",
        "--status",
        "active",
        "--consent",
        "bench",
        "--yes",
    )
    took = seconds_of(lambda: newsletter(*words, room=room))
    room.rename(folder / f"done-{len(list(folder.iterdir()))}")
    return took


def write_rows(rows: Path, addresses: Path, count: int) -> None:
    """The file to import, and a tenth of its addresses for the peer."""
    with rows.open("w", encoding="utf-8", newline="") as file, addresses.open("w", encoding="utf-8") as some:
        table = csv.writer(file)
        table.writerow(("email", "name", "city"))
        for n in range(count):
            person = n - 1 if n % 50 == 1 else n
            address = (
                f"reader{person}.example.org" if n % 100 == 7 else f"reader{person}@d{person % DOMAINS}.example.org"
            )
            table.writerow((address, f"قارئ {person}", "دمشق"))
            if n % 10 == 3:
                some.write(f"{address}\n")


def judged_by_peer(addresses: Path) -> float:
    """Rows per second."""
    told = peer([peers_python(), str(PEERS / "validator_judge.py"), str(addresses)])
    return told["rows"] / told["seconds"]


def differences(folder: Path, count: int) -> int:
    """How many addresses the two judge differently: usable or not, and the domain they read."""
    file, ours, theirs = folder / "strange.txt", folder / "ours.txt", folder / "theirs.txt"
    file.write_text("".join(f"{address}\n" for address in strange(count)), encoding="utf-8")
    inside("judge", str(file), str(ours))
    peer([peers_python(), str(PEERS / "validator_judge.py"), str(file), str(theirs)])
    given = file.read_text(encoding="utf-8").split("\n")
    verdicts = (path.read_text(encoding="utf-8").split("\n") for path in (ours, theirs))
    apart = [line for line in zip_longest(given, *verdicts) if line[1] != line[2]]
    for address, mine, other in apart[:5]:
        print(f"       {address!r}: {mine} here, {other} there")
    return len(apart)


# Pieces of addresses: usual ones, and such as are refused, or nearly. None begins or ends with an invisible character
# and none holds a tatweel: there the program knowingly differs, and its documentation says how.
LOCALS = ("reader", "Reader.Name", "a+tag", "o'neil", "x_y-z", "info", "a..b", ".a", "a.", "قارئ", "用户", "josé",
          "a" * 64, "a" * 65, '"quoted"', '"a b"', "a b", "a,b", "a@b", "(comment)a", "!#$%&'*+/=?^`{|}~", "", "é.ü",
          "a\\b", "a:b", "[a]", "a;b", "١٢٣")  # fmt: skip
LABELS = ("example", "mail", "d7", "a-b", "-a", "a-", "a--b", "xn--mgbh0fb", "xn--", "xn--a", "مثال", "münchen",
          "ex_ample", "a" * 63, "a" * 64, "", "123", "EXAMPLE", "straße", "faß", "１２３",
          "a b", "☕", "日本")  # fmt: skip
ENDS = ("org", "com", "sy", "co.uk", "ORG", "test", "local", "localhost", "invalid", "onion", "arpa", "123", "c",
        "org.", "xn--mgberp4a5d4ar", "سوريا", "museum", "o-g", "", "example")  # fmt: skip


def strange(count: int) -> list[str]:
    """Addresses put together from the pieces, the same in every run."""
    chance = random.Random(300_000)
    made = []
    for n in range(count):
        local = chance.choice(LOCALS) + (str(n) if chance.random() < 0.5 else "")
        labels = [chance.choice(LABELS) for _ in range(chance.randint(1, 3))]
        at = "@" if chance.random() < 0.98 else chance.choice(("", "@@", " @", "@ ", "＠"))
        made.append(f"{local}{at}{'.'.join([*labels, chance.choice(ENDS)])}")
    return made


if __name__ == "__main__":
    run(main)
