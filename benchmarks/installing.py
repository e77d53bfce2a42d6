"""Peers and counterparts, got on first use and kept in .bench/: nobody has to prepare anything by hand."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from places import HERE, ROOT, python, store

# What the published numbers were taken with. A newer one may be faster: then the claim has to be earned again.
FROM_PYPI: Final = ("aiosmtplib==5.1.3", "uvloop==0.23.0", "mailmerge==2.3.0", "dkimpy[ed25519]==1.1.8",
                    "email-validator==2.4.0", "jinja2==3.1.6")  # fmt: skip
FROM_NPM: Final = ("nodemailer@10.6.1",)
FROM_DEBIAN: Final = {"gcc": ("gcc", "libc6-dev"), "node": ("nodejs", "npm"), "/usr/sbin/smtp-source": ("postfix",)}


class NotHere(Exception):
    """Something that a measurement needs is not on this machine and could not be installed."""


def debian(program: str) -> None:
    """Makes sure that a program of Debian is there."""
    if shutil.which(program) is None:
        subprocess.run([ROOT / ".ci" / "debian-packages", *FROM_DEBIAN[program]], check=False)
    if shutil.which(program) is None:
        raise NotHere(f"{program} is missing: apt-get install {' '.join(FROM_DEBIAN[program])}")


def peers_python() -> str:
    """A Python of their own for the peers, so that none of them changes what the program under test imports."""
    folder = store() / "venv"
    mark, wanted = folder / "installed", "\n".join(FROM_PYPI)
    if not mark.exists() or mark.read_text(encoding="utf-8") != wanted:
        print("installing the Python peers into .bench/venv …")
        _run([python(), "-m", "venv", "--clear", str(folder)])
        _run([str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", *FROM_PYPI])
        mark.write_text(wanted, encoding="utf-8")
    return str(folder / "bin" / "python")


def node_folder() -> Path:
    """A folder whose node_modules hold nodemailer."""
    debian("node")
    folder = store() / "node"
    mark, wanted = folder / "installed", "\n".join(FROM_NPM)
    if not mark.exists() or mark.read_text(encoding="utf-8") != wanted:
        print("installing nodemailer into .bench/node …")
        folder.mkdir(exist_ok=True)
        _run(["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--silent", *FROM_NPM])
        mark.write_text(wanted, encoding="utf-8")
    return folder


def compiled(name: str) -> Path:
    """counterparts/NAME.c as a program."""
    source, made = HERE / "counterparts" / f"{name}.c", store() / name
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        debian("gcc")
        _run(["gcc", "-O2", "-Wall", "-Wextra", "-o", str(made), str(source)])
    return made


def key_file(kind: str) -> Path:
    """A private key for DKIM, `rsa` (2048 bits) or `ed25519`; the same from run to run."""
    made = store() / f"{kind}.pem"
    if not made.exists():
        how = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"] if kind == "rsa" else ["-algorithm", "ED25519"]
        made.touch(0o600)
        _run(["openssl", "genpkey", *how, "-out", str(made)])
        made.chmod(0o600)
    return made


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotHere(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
