"""The other senders. Each sends as many messages to one port and says how long it took, by its own clock."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from installing import debian, key_file, node_folder, peers_python
from measuring import seconds_of
from message import Message
from places import PEERS, environment
from room import CONNECTIONS
from sent import Sent


def smtp_source(port: int, messages: int, size: int, connections: int = CONNECTIONS) -> Sent:
    """Debian's load generator: one canned message of that size, no ledger; connections stay open."""
    debian("/usr/sbin/smtp-source")
    command = ["/usr/sbin/smtp-source", "-d", "-s", str(min(connections, messages)), "-m", str(messages), "-l",
               str(size), "-f", "news@example.org", "-t", "reader1@example.org", f"127.0.0.1:{port}"]  # fmt: skip
    return Sent(messages=messages, seconds=seconds_of(lambda: subprocess.run(command, check=True)))


def nodemailer(
    port: int, messages: int, message: Message, connections: int = CONNECTIONS, *, signed: bool = False
) -> Sent:  # fmt: skip
    """Its pool, building each message from parts."""
    folder = node_folder()
    words = [str(port), str(messages), str(connections), str(message.parts), str(key_file("rsa")) if signed else ""]
    return _sent(
        ["node", str(PEERS / "nodemailer_sender.cjs"), *words], messages, {"NODE_PATH": f"{folder}/node_modules"}
    )


def aiosmtplib(port: int, messages: int, message: Message, *, built: bool, connections: int = CONNECTIONS) -> Sent:
    """On uvloop.  built: each message is made with jinja2 and EmailMessage; else one, made before, goes to all."""
    words = [str(port), str(messages), str(connections), str(message.parts if built else message.wire)]
    return _sent([peers_python(), str(PEERS / "aiosmtplib_sender.py"), *words], messages)


def mailmerge(port: int, messages: int, message: Message, folder: Path) -> Sent:
    """Its command line, with a template and a table of readers."""
    return _sent([peers_python(), str(PEERS / "mailmerge_sender.py"), str(port), str(messages), str(message.parts),
                  str(folder)], messages)  # fmt: skip


def _sent(command: Sequence[str], messages: int, env: dict[str, str] | None = None) -> Sent:
    return Sent(messages=messages, seconds=peer(command, env)["seconds"])


def peer(command: Sequence[str], env: dict[str, str] | None = None) -> dict[str, float]:
    """Runs a script of peers/ and reads the JSON object it ends with."""
    done = subprocess.run(command, env=environment(env), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}\n{done.stdout}")
    read: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return read
