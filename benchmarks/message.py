"""The message of the room as it was on the wire, and as parts that peers build theirs from."""

import email
import email.policy
import json
import re
from dataclasses import dataclass
from pathlib import Path

from room import Room, name
from servers import lean_sink


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a room, for the peers that send the same."""

    wire: Path  # as it arrived, without the final dot
    parts: Path  # JSON: from, subject, html and text with {{ name }} and {{ url }}, headers
    size: int  # bytes of `wire`
    html: int  # bytes of its HTML
    text: int  # bytes of its text


def take_message(room: Room, folder: Path) -> Message:
    """What the room's first message is like, seen at the far end of a real send."""
    wire, parts = folder / "message.eml", folder / "message.json"
    with lean_sink(chunking=True, first_message=wire) as sink:
        room.send(sink.port, connections=1)
    data = wire.read_bytes()
    found = _parts(data)
    parts.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
    return Message(wire, parts, len(data), *(len(str(found[part]).encode()) for part in ("html", "text")))


def _parts(data: bytes) -> dict[str, object]:
    read = email.message_from_bytes(data, policy=email.policy.default)
    html, text = (read.get_body((kind,)) for kind in ("html", "plain"))
    assert html is not None
    assert text is not None
    url = str(read["List-Unsubscribe"]).strip("<>")
    number = re.match(r"reader(\d+)@", str(read["To"]))
    assert number is not None

    def personal(part: str) -> str:
        for own, slot in ((name(int(number[1])), "{{ name }}"), (url, "{{ url }}")):
            assert own in part, f"{own} is not in the message"
            part = part.replace(own, slot)
        return part

    kept = ("List-Unsubscribe-Post", "List-Id", "Feedback-ID", "Precedence", "X-Auto-Response-Suppress")
    return {
        "from": str(read["From"]), "subject": str(read["Subject"]), "base": url.rpartition("/")[0],
        "html": personal(html.get_content()), "text": personal(text.get_content()),
        "headers": {field: str(read[field]) for field in kept if read[field]},
    }  # fmt: skip
