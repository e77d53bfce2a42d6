"""What a send adds to a version: its moment, its keys, where links lead, and which optional fields it carries."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from newsletter_cli.mail.links import Links
from newsletter_cli.mail.tokens import Keyring


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Frozen with a send: two messages of one version and one stamp differ only in their reader."""

    date: datetime  # aware; the moment the send started, the same for every attempt
    timezone: tzinfo  # the newsroom's: decides the offset in Date
    public_url: str  # settings.web.public_url; https unless every server is local
    keyring: Keyring
    key_number: int | None = None  # the key frozen with the send; None = the keyring's current one
    verp: str = ""  # envelope sender such as b-{token}@bounce.example.org; "" = the address in From
    post_header: bool = True  # List-Unsubscribe-Post: only when we or the relay sign
    unsubscribe_mailto: str = ""  # u-{token}@bounce.example.org; "" = no mailto in List-Unsubscribe
    auto_submitted: bool = False  # a schedule sends, no person
    subject_prefix: str = ""  # of a test: "[تجربة] "
    help_url: str = ""  # List-Help; only a route that exists
    archive_url: str = ""  # List-Archive; only a route that exists

    def links(self) -> Links:
        """The links of this send's readers; raises ConfigError for a public_url nothing can be built from."""
        return Links(self.public_url, self.keyring, self.key_number)
