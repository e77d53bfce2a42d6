"""A peer: mailmerge, by its command line.   python mailmerge_sender.py PORT READERS PARTS.json FOLDER

Says {"seconds": …}: its whole process, less that of one that stops before the first message.
"""

import csv
import json
import subprocess
import sys
import time
from pathlib import Path

TEMPLATE = """\
TO: {{email}}
SUBJECT: %s
FROM: %s
LIST-UNSUBSCRIBE: <{{url}}>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="boundary"

--boundary
Content-Type: text/plain; charset=utf-8

%s

--boundary
Content-Type: text/html; charset=utf-8

%s

--boundary--
"""


def prepare(folder: Path, port: int, readers: int, parts: dict[str, str]) -> None:
    """Its three files."""
    filled = TEMPLATE % tuple(parts[part] for part in ("subject", "from", "text", "html"))
    (folder / "mailmerge_template.txt").write_text(filled, encoding="utf-8")
    (folder / "mailmerge_server.conf").write_text(f"[smtp_server]\nhost = 127.0.0.1\nport = {port}\nratelimit = 0\n")
    with (folder / "mailmerge_database.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("email", "name", "url"))
        rows.writerows(
            (f"reader{n}@example.org", f"قارئ {n}", f"{parts['base']}/token{n:021}") for n in range(1, readers + 1)
        )


def mailmerge(folder: Path, *words: str) -> float:
    """Seconds of one process."""
    command = [str(Path(sys.executable).with_name("mailmerge")), "--no-dry-run", "--output-format", "raw", *words]
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    port, readers, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[4])
    prepare(folder, port, readers, json.loads(Path(sys.argv[3]).read_text(encoding="utf-8")))
    start = mailmerge(folder, "--limit", "0")
    print(json.dumps({"seconds": mailmerge(folder, "--no-limit") - start}))
