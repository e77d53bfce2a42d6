"""A peer: dkimpy, signing one message again and again with RSA.   python dkimpy_signer.py MESSAGE.eml KEY.pem MESSAGES

relaxed/simple, over the fields that the message has. Says {"seconds": …}.
"""

import json
import sys
import time
from pathlib import Path

import dkim

FIELDS = (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type", b"list-unsubscribe",
          b"list-unsubscribe-post", b"list-id", b"feedback-id")  # fmt: skip

if __name__ == "__main__":
    data, key, messages = Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]).read_bytes(), int(sys.argv[3])
    began = time.perf_counter()
    for _ in range(messages):
        dkim.sign(data, b"s1", b"example.org", key, canonicalize=(b"relaxed", b"simple"), include_headers=FIELDS)
    print(json.dumps({"seconds": time.perf_counter() - began}))
