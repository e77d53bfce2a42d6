"""DKIM for a send: the settings that turn it on, and the proof that messages on the wire are signed."""

import subprocess

from installing import key_file, peers_python
from places import PEERS
from servers import lean_sink
from stage import Stage


def signing(kind: str) -> dict[str, str]:
    """The settings that sign with the key of one kind, `rsa` or `ed25519`."""
    names = {"DOMAIN": "example.org", "SELECTOR": "s1", "KEY_FILE": str(key_file(kind))}
    return {f"NEWSLETTER_SMTP__DKIM__{name}": value for name, value in names.items()}


def signature_of(on: Stage, kind: str) -> bool:
    """Whether a real send signs with such a key; says so where it does not. A wrong signature ends it all."""
    wire = on.folder / f"signed-{kind}.eml"
    with lean_sink(chunking=True, first_message=wire) as sink:
        on.room.send(sink.port, connections=1, env=signing(kind))
    if b"\r\nDKIM-Signature:" not in b"\r\n" + wire.read_bytes().partition(b"\r\n\r\n")[0]:
        print(f"  Not there yet: a send with smtp.dkim and a key of the kind {kind} leaves unsigned.")
        return False
    words = [peers_python(), str(PEERS / "dkimpy_verify.py"), str(wire), str(key_file(kind))]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"The signature does not hold:\n{done.stdout}{done.stderr}")
    return True
