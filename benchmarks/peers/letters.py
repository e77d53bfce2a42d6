"""How a Python program usually builds a personal message: jinja2 for the parts, EmailMessage around them."""

import json
from email import policy
from email.message import EmailMessage
from email.utils import localtime
from pathlib import Path

import jinja2


class Builder:
    """Templates read once; each message rendered and serialised by itself."""

    def __init__(self, parts: Path) -> None:
        self._parts = json.loads(parts.read_text(encoding="utf-8"))
        self._html = jinja2.Environment(autoescape=True).from_string(self._parts["html"])
        self._text = jinja2.Environment(autoescape=False).from_string(self._parts["text"])  # no HTML
        self._date = localtime()

    def build(self, number: int) -> bytes:
        """The message of one reader, ready for DATA."""
        url = f"{self._parts['base']}/token{number:021}"
        values = {"name": f"قارئ {number}", "url": url}
        message = EmailMessage(policy=policy.SMTP)
        message["Date"] = self._date
        message["From"] = self._parts["from"]
        message["To"] = f"reader{number}@example.org"
        message["Subject"] = self._parts["subject"]
        message["Message-ID"] = f"<token{number:021}@example.org>"
        message["List-Unsubscribe"] = f"<{url}>"
        for name, value in self._parts["headers"].items():
            message[name] = value
        message.set_content(self._text.render(values), cte="base64")
        message.add_alternative(self._html.render(values), subtype="html", cte="base64")
        return message.as_bytes()
