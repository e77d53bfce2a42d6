"""P1, P3: `newsletter send` to smtp-sink, everything on, against smtp-source (C) and aiosmtplib with uvloop.

    python benchmarks/p1_send.py [--readers 10000] [--runs 5]

Interleaved runs on one message of the same wire size; medians. Appends one JSON line to benchmarks/results/.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.servers.postfix import smtp_sink  # noqa: E402  # the sink of the tests, without its dump

CONNECTIONS = 10
PARAGRAPH = (
    "قالت مصادر محلية إن أسعار القمح ارتفعت خلال الأسبوع الماضي في معظم أسواق المنطقة، وعزت ذلك إلى تراجع المخزون "
    "وارتفاع أجور النقل، فيما يتوقع تجار أن تستقر الأسعار مع بدء موسم الزراعة الجديد في تشرين الأول المقبل. "
)


def newsletter(*words: str, room: Path, env: dict[str, str]) -> str:
    """One command of the program under test; its stdout."""
    command = [sys.executable, "-m", "newsletter_cli", "-C", str(room), *words]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)}: exit {done.returncode}\n{done.stderr}\n{done.stdout}")
    return done.stdout


def make_room(folder: Path, readers: int, env: dict[str, str]) -> tuple[Path, int]:
    """A newsroom whose digest is about 40 KB of HTML; (folder, bytes of one message)."""
    room = folder / "room"
    newsletter("init", str(room), "--no-sample", "--no-input", room=folder, env=env)
    config = room / "newsletter.toml"
    config.write_text(config.read_text(encoding="utf-8") + "\n[safety]\nrequire_test = false\n", encoding="utf-8")
    for number in range(1, 4):
        text = f"---\ntitle: ما الذي تغيّر في أسعار القمح هذا الأسبوع؟ الجزء {number}\ndate: 2026-10-1{number}\n---\n\n"
        body = "\n\n".join(PARAGRAPH for _ in range(9))
        path = room / "articles" / "2026" / "10" / f"wheat-{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + body + "\n", encoding="utf-8")
    rows = "".join(f"reader{n}@example.org,قارئ {n},دمشق\n" for n in range(1, readers + 1))
    (folder / "readers.csv").write_text("email,name,city\n" + rows, encoding="utf-8")
    newsletter("subscribers", "import", str(folder / "readers.csv"), "--list", "weekly", "--status", "active",
               "--consent", "bench", "--yes", room=room, env=env)  # fmt: skip
    newsletter("compose", "i1", "--list", "weekly", "--articles", "wheat-1", "wheat-2", "wheat-3", room=room, env=env)
    digest = room / "digests" / "i1.md"
    greeting = 'أهلًا [[ name | default("قارئنا") ]].\n'
    digest.write_text(digest.read_text(encoding="utf-8") + greeting, encoding="utf-8")
    newsletter("digests", "export", "i1", "--to", "eml", "--as", "reader1@example.org", "-o", str(folder / "i1.eml"),
               room=room, env=env)  # fmt: skip
    newsletter("config", "go-live", "--confirm", "room", room=room, env=env)
    return room, (folder / "i1.eml").stat().st_size


def run_newsletter(room: Path, readers: int, port: int, env: dict[str, str]) -> tuple[float, float]:
    """(seconds of the run, seconds of the whole process) of one send in a copy of the newsroom."""
    copy = room.parent / "copy"
    shutil.copytree(room, copy)
    env = {**env, "NEWSLETTER_SMTP__PORT": str(port), "NEWSLETTER_SMTP__CONNECTIONS": str(CONNECTIONS)}
    began = time.perf_counter()
    told = newsletter("send", "i1", "--confirm", "weekly", "--max-recipients", str(readers), "--undo", "0", "--rate",
                      "off", "--json", room=copy, env=env)  # fmt: skip
    whole = time.perf_counter() - began
    document = json.loads(told)
    assert document["recipients"]["accepted"] == readers, document
    shutil.rmtree(copy)
    return document["seconds"], whole


def run_smtp_source(readers: int, size: int, port: int) -> float:
    """Seconds of Debian's load generator for as many messages of that size over ten sessions."""
    command = ["/usr/sbin/smtp-source", "-d", "-s", str(CONNECTIONS), "-m", str(readers), "-l", str(size),
               "-f", "news@example.org", "-t", "reader1@example.org", f"127.0.0.1:{port}"]  # fmt: skip
    began = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - began


def run_aiosmtplib(readers: int, eml: Path, port: int) -> float:
    """Seconds of ten aiosmtplib connections on uvloop that send one prepared message to each reader."""
    command = [sys.executable, str(ROOT / "benchmarks" / "peers" / "aiosmtplib_sender.py"), str(port), str(readers),
               str(eml), str(CONNECTIONS)]  # fmt: skip
    began = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "aiosmtplib", "uvloop"], check=True)
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")},
        "NEWSLETTER_SMTP__HOST": "127.0.0.1", "NEWSLETTER_SMTP__SECURITY": "none",
    }  # fmt: skip
    seconds: dict[str, list[float]] = {"run": [], "whole": [], "smtp-source": [], "aiosmtplib": []}
    with tempfile.TemporaryDirectory(dir=ROOT.parent) as name, smtp_sink(dump=False, backlog=200) as sink:
        folder = Path(name)
        room, size = make_room(folder, given.readers, env)
        for _ in range(given.runs):
            seconds["smtp-source"].append(run_smtp_source(given.readers, size, sink.port))
            run, whole = run_newsletter(room, given.readers, sink.port, env)
            seconds["run"].append(run)
            seconds["whole"].append(whole)
            seconds["aiosmtplib"].append(run_aiosmtplib(given.readers, folder / "i1.eml", sink.port))
    report(seconds, given.readers, size)


def report(seconds: dict[str, list[float]], readers: int, size: int) -> None:
    """Print medians and ratios, and keep them."""
    print(f"{readers} readers, {size} bytes a message, {CONNECTIONS} connections, load {os.getloadavg()[0]:.1f}")
    for name, runs in seconds.items():
        middle = statistics.median(runs)
        print(f"  {name:<12} median {middle:6.2f} s  ({min(runs):.2f} to {max(runs):.2f})  {readers / middle:8,.0f}/s")
    line = {"bench": "p1", "readers": readers, "size": size, "load": os.getloadavg()[0], "seconds": seconds}
    for peer in ("smtp-source", "aiosmtplib"):
        for ours in ("run", "whole"):
            ratios = [theirs / mine for theirs, mine in zip(seconds[peer], seconds[ours], strict=True)]
            line[f"{ours} vs {peer}"] = statistics.median(ratios)
            print(f"  newsletter {ours:<5} is {statistics.median(ratios):.2f} × as fast as {peer}"
                  f"  ({min(ratios):.2f} to {max(ratios):.2f})")  # fmt: skip
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    with (results / "p1.jsonl").open("a", encoding="utf-8") as kept:
        kept.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
