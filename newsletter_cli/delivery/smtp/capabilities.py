"""What a server offers, from its answer to EHLO (RFC 5321 §4.1.1.1)."""

from dataclasses import dataclass, field

from newsletter_cli.delivery.smtp.reply import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Extensions by name; all False after HELO."""

    extended: bool = False  # EHLO was understood
    pipelining: bool = False
    starttls: bool = False
    eightbitmime: bool = False
    smtputf8: bool = False
    enhanced_codes: bool = False
    chunking: bool = False
    dsn: bool = False
    size: int | None = None  # None: not offered; 0: no fixed limit (RFC 1870 §4); else bytes
    auth: tuple[str, ...] = ()  # mechanisms, upper case, in the server's order
    others: frozenset[str] = field(default_factory=frozenset)


FLAGS = {
    "PIPELINING": "pipelining",
    "STARTTLS": "starttls",
    "8BITMIME": "eightbitmime",
    "SMTPUTF8": "smtputf8",
    "ENHANCEDSTATUSCODES": "enhanced_codes",
    "CHUNKING": "chunking",
    "DSN": "dsn",
}


def read_capabilities(reply: Reply) -> Capabilities:
    """Read an answer such as

        250-mail.example.org at your service
        250-SIZE 35882577
        250-AUTH PLAIN LOGIN
        250 SMTPUTF8

    The first line is the server's name. Unknown keywords are kept in `others`; a SIZE that is no number limits nothing.
    """  # fmt: skip
    flags: dict[str, bool] = {}
    others: set[str] = set()
    auth: list[str] = []
    size: int | None = None
    for line in reply.lines[1:]:
        # "AUTH=LOGIN" is what servers older than RFC 4954 say, often beside the right form.
        keyword, *values = line.upper().replace("AUTH=", "AUTH ", 1).split() or [""]
        if keyword in FLAGS:
            flags[FLAGS[keyword]] = True
        elif keyword == "SIZE":
            size = int(values[0]) if values and values[0].isascii() and values[0].isdigit() else 0
        elif keyword == "AUTH":
            auth += [value for value in values if value not in auth]
        elif keyword:
            others.add(keyword)
    return Capabilities(extended=True, size=size, auth=tuple(auth), others=frozenset(others), **flags)
