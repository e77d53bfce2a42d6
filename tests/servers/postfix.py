"""Real SMTP servers from Debian's postfix: `smtp-sink`, which takes everything, and a whole private Postfix."""

import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import Missing, answers, find_program, free_port, wait_until
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.processes import give_to, start, stop

PACKAGE = "postfix"
ANYBODY = "nobody"  # whom smtp-sink runs as: it needs no rights at all


@dataclass(frozen=True)
class Delivered:
    """One message as smtp-sink wrote it down."""

    sender: str  # of the envelope, without < >
    recipients: tuple[str, ...]
    message: bytes  # as received, with \n as line ends; what the sink adds is taken off


class Sink:
    """A running smtp-sink on 127.0.0.1."""

    def __init__(self, port: int, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self.process = process
        self._folder = folder

    def delivered(self) -> tuple[Delivered, ...]:
        """Every message taken so far, in no particular order; needs `dump`."""
        return tuple(_read_dump(path.read_bytes()) for path in self._folder.glob("message-*"))

    def begun(self) -> int:
        """How many messages have begun to arrive; quick, for waiting."""
        return sum(1 for _ in self._folder.glob("message-*"))

    def copies(self) -> Counter[str]:
        """How many messages each recipient got."""
        return Counter(recipient for one in self.delivered() for recipient in one.recipients)


def _read_dump(data: bytes) -> Delivered:
    """`X-Mail-Args: <a@b>` and its like, a Received of three lines, the message, an empty line (smtp-sink(1))."""
    sender, recipients = "", []
    own, received, message = data.partition(b"Received: ")
    for line in own.decode().splitlines():
        name, _, value = line.partition(": ")
        address = value.partition(">")[0].removeprefix("<")
        if name == "X-Mail-Args":
            sender = address
        elif name == "X-Rcpt-Args":
            recipients.append(address)
    lines = message.split(b"\n")
    while lines and received and (lines[0].startswith((b"\t", b" ")) or lines[0].startswith(b"from ")):
        lines.pop(0)
    return Delivered(sender, tuple(recipients), b"\n".join(lines).removesuffix(b"\n"))


@contextmanager
def smtp_sink(*flags: str, dump: bool = True, backlog: int = 100) -> Iterator[Sink]:
    """Debian's smtp-sink with these flags ("-e" no ESMTP, "-p" no PIPELINING, "-r RCPT" …; smtp-sink(1)).

    dump: keep each message in a file, to be counted; slow, so not for measuring.
    """
    program = find_program("/usr/sbin/smtp-sink")
    if program is None:
        raise Missing("smtp-sink", PACKAGE)
    folder = Path(tempfile.mkdtemp(prefix="nl-sink-", dir="/tmp"))
    give_to(ANYBODY, folder)
    port = free_port()
    keep = ("-d", "message-") if dump else ()
    command = [str(program), *keep, *flags, f"127.0.0.1:{port}", str(backlog)]
    process = start(command, user=ANYBODY, log=folder / "log", cwd=folder)
    try:
        _wait_for(process, port, folder / "log", "smtp-sink")
        yield Sink(port, folder, process)
    finally:
        stop(process)
        shutil.rmtree(folder, ignore_errors=True)


class Postfix:
    """A running private Postfix on 127.0.0.1; `certificates.authority` is what a client must trust for STARTTLS."""

    def __init__(self, port: int, folder: Path, certificates: Certificates) -> None:
        self.port = port
        self.certificates = certificates
        self.log = folder / "log" / "mail.log"

    def copies(self) -> Counter[str]:
        """How many messages for each recipient have been disposed of so far, by Postfix's own log."""
        return Counter(re.findall(r" to=<([^>]*)>,.* status=sent ", self.log.read_text(encoding="utf-8")))


@contextmanager
def full_postfix(settings: Mapping[str, str] | None = None, *, transport: str = "discard:") -> Iterator[Postfix]:
    """A whole Postfix with queue, configuration and log of its own. Needs root: Postfix starts no other way.

    transport: where accepted mail goes, `discard:` or `smtp:[127.0.0.1]:port`.  settings: more lines of main.cf.
    """
    programs = find_program("/usr/lib/postfix/sbin/master", "/usr/libexec/postfix/master")
    if programs is None:
        raise Missing("Postfix", PACKAGE)
    if os.geteuid() != 0:
        raise Missing("A Postfix that we may start (only root may)", f"{PACKAGE}, and run the tests as root")
    folder = Path(tempfile.mkdtemp(prefix="nl-postfix-", dir="/tmp"))
    port = free_port()
    try:
        certificates = _prepare(folder, port, {"default_transport": transport, **(settings or {})})
        process = start([str(programs), "-c", str(folder / "etc")], log=folder / "output", cwd=folder)
        try:
            _wait_for(process, port, folder / "log" / "mail.log", "Postfix")
            yield Postfix(port, folder, certificates)
        finally:
            stop(process)  # the master passes it on to all of its children
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(folder: Path, port: int, settings: Mapping[str, str]) -> Certificates:
    folder.chmod(0o755)  # the queue's owner has to reach the queue
    for name in ("etc", "queue", "data", "log"):
        (folder / name).mkdir()
    give_to("postfix", folder / "data")
    certificates = make_certificates(folder / "etc")
    own = {
        "queue_directory": folder / "queue",
        "data_directory": folder / "data",
        "maillog_file": folder / "log" / "mail.log",
        "maillog_file_prefixes": folder / "log",
        "smtpd_tls_chain_files": f"{certificates.key} {certificates.chain}",
    }
    lines = {**MAIN_CF, **{key: str(value) for key, value in own.items()}, **settings}
    (folder / "etc" / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in lines.items()))
    (folder / "etc" / "master.cf").write_text(MASTER_CF.format(port=port))
    checked = subprocess.run(["postfix", "-c", folder / "etc", "check"], capture_output=True, text=True, check=False)
    if checked.returncode != 0:  # "check" is what makes the folders of the queue
        raise RuntimeError(f"Postfix does not like its configuration:\n{checked.stderr}")
    return certificates


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path, name: str) -> None:
    def up() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended:\n{log.read_text() if log.exists() else 'without a word'}")
        return answers(port)

    wait_until(up, seconds=20, what=f"{name}'s start")


MAIN_CF: Mapping[str, str] = {
    "compatibility_level": "3.6",
    "mail_owner": "postfix",
    "setgid_group": "postdrop",
    "myhostname": "mail.test",
    "mydestination": "",
    "local_recipient_maps": "",
    "alias_maps": "",
    "alias_database": "",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "mynetworks": "127.0.0.0/8",
    "smtpd_relay_restrictions": "permit_mynetworks, reject",
    "smtpd_peername_lookup": "no",  # no test waits for a name server
    "disable_dns_lookups": "yes",
    "smtpd_tls_security_level": "may",
    "smtpd_client_connection_count_limit": "0",
    "notify_classes": "",
}

MASTER_CF = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       smtp
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
"""
