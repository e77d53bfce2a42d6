"""Whether a message's first DKIM signature holds, by dkimpy.   python dkimpy_verify.py MESSAGE.eml KEY.pem

The public half of the key stands in for the DNS record.
"""

import base64
import subprocess
import sys
from pathlib import Path

import dkim


def record(key: str) -> bytes:
    """The TXT record that belongs to a private key."""
    public = subprocess.run(
        ["openssl", "pkey", "-in", key, "-pubout"], capture_output=True, text=True, check=True
    ).stdout
    spelled = "".join(line for line in public.splitlines() if not line.startswith("-"))
    if len(spelled) > 100:
        return f"v=DKIM1; k=rsa; p={spelled}".encode()
    return b"v=DKIM1; k=ed25519; p=" + ed25519(spelled)


def ed25519(spelled: str) -> bytes:
    """The bare 32 bytes at the end of its SubjectPublicKeyInfo (RFC 8463 §4)."""
    return base64.b64encode(base64.b64decode(spelled)[-32:])


if __name__ == "__main__":
    data, txt = Path(sys.argv[1]).read_bytes(), record(sys.argv[2])
    if not dkim.verify(data, dnsfunc=lambda name, timeout=5: txt):
        sys.exit("dkimpy: the signature is wrong")
