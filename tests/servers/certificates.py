"""A certificate authority of one test's own, and a certificate for 127.0.0.1 and localhost signed by it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.servers import Missing, find_program

NAMES = "subjectAltName=DNS:localhost,DNS:mail.test,IP:127.0.0.1"


@dataclass(frozen=True)
class Certificates:
    """PEM files. A client trusts `authority`; a server shows `chain` and keeps `key`."""

    authority: Path
    chain: Path
    key: Path


def make_certificates(folder: Path) -> Certificates:
    """Writes fresh ones into `folder`, which must exist. Valid from now for a day."""
    if find_program("/usr/bin/openssl") is None:
        raise Missing("OpenSSL", "openssl")
    ca, ca_key, chain, key = (folder / name for name in ("ca.pem", "ca.key", "server.pem", "server.key"))
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1")
    _openssl(*new, "-subj", "/CN=Test authority", "-keyout", ca_key, "-out", ca,
             "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip
    _openssl(*new, "-subj", "/CN=mail.test", "-keyout", key, "-out", chain, "-CA", ca, "-CAkey", ca_key,
             "-addext", NAMES, "-addext", "basicConstraints=critical,CA:FALSE")  # fmt: skip
    return Certificates(ca, chain, key)


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]} failed:\n{done.stderr}")
