"""A peer: personal messages built with jinja2 and EmailMessage.   python jinja2_builder.py PARTS.json MESSAGES

Says {"seconds": …}.
"""

import json
import sys
import time
from pathlib import Path

from letters import Builder

if __name__ == "__main__":
    builder, messages = Builder(Path(sys.argv[1])), int(sys.argv[2])
    builder.build(0)
    began = time.perf_counter()
    for number in range(1, messages + 1):
        builder.build(number)
    print(json.dumps({"seconds": time.perf_counter() - began}))
