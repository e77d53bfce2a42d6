"""A peer: email-validator called for each address of a file.   python validator_judge.py FILE [VERDICTS]

VERDICTS: a file that gets one line for each, the domain in ASCII or `-`. Says {"seconds": …, "rows": …}.
"""

import json
import sys
import time
from pathlib import Path

from email_validator import EmailNotValidError, validate_email


def domain(address: str) -> str:
    try:
        return validate_email(address, check_deliverability=False, strict=True).ascii_domain
    except EmailNotValidError:
        return "-"


if __name__ == "__main__":
    addresses = Path(sys.argv[1]).read_text(encoding="utf-8").split("\n")[:-1]
    began = time.perf_counter()
    verdicts = [domain(address) for address in addresses]
    seconds = time.perf_counter() - began
    if len(sys.argv) > 2:
        Path(sys.argv[2]).write_text("".join(f"{verdict}\n" for verdict in verdicts), encoding="utf-8")
    print(json.dumps({"seconds": seconds, "rows": len(addresses)}))
