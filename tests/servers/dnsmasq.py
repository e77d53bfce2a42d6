"""A real name server from Debian's dnsmasq-base: the TXT records it is told, and nothing else of the world."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from newsletter_cli.delivery.dns import Lookup, text_lookup
from tests.servers import Missing, find_program, free_port, wait_until
from tests.servers.processes import start, stop

PACKAGE = "dnsmasq-base"


@contextmanager
def name_server(records: Mapping[str, Sequence[str]]) -> Iterator[Lookup]:
    """Asks a running name server.  records: name → its TXT records; every other name does not exist."""
    program = find_program("/usr/sbin/dnsmasq")
    if program is None:
        raise Missing("dnsmasq", PACKAGE)
    folder, port = Path(tempfile.mkdtemp(prefix="nl-dns-")), free_port()
    told = [f"--txt-record={name},{_strings(text)}" for name, texts in records.items() for text in texts]
    command = [
        str(program), "--keep-in-foreground", f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces",
        "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--no-poll", "--address=/#/", f"--pid-file={folder}/pid",
        "--user=root", "--txt-record=ready.test,yes", *told,
    ]  # fmt: skip
    process = start(command, log=folder / "log", cwd=folder)
    lookup = text_lookup([("127.0.0.1", port)])
    try:
        soon = timedelta(seconds=0.2)  # a name server that is not there yet does not say so
        ask = partial(text_lookup, [("127.0.0.1", port)], patience=soon)
        wait_until(lambda: ask()("ready.test") == ("yes",), seconds=20, what="dnsmasq")
        yield lookup
    finally:
        stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _strings(text: str) -> str:
    """A record in strings of at most 255 letters (RFC 1035 §3.3); none of ours has a comma."""
    return ",".join(text[at : at + 200] for at in range(0, len(text), 200))
