"""What settings, list and newsroom say about one digest: read once, before anything is rendered."""

import difflib
from dataclasses import dataclass
from pathlib import Path

from newsletter_cli.digest.model import DigestFile
from newsletter_cli.errors import ConfigError, UsageError
from newsletter_cli.language import base_language, digit_system, direction_of
from newsletter_cli.mail.address import parse_mailbox
from newsletter_cli.mail.content import Mailbox, Manner
from newsletter_cli.mail.links import ascii_url
from newsletter_cli.mail.problems import AddressProblem
from newsletter_cli.newsroom import Newsroom
from newsletter_cli.settings import ListSettings, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The list's own word where it has one, else the newsroom's."""

    root: Path
    name: str
    newsroom_id: str
    website: str
    logo: str
    postal: str
    language: str
    direction: str
    digits: str  # latn | arab | arabext
    manner: Manner
    list_title: str
    list_id: str
    sender: Mailbox
    reply_to: Mailbox | None  # None: answers go to the sender
    domain: str  # of the sender, A-labels
    public_url: str  # ASCII, without a slash at its end
    pictures_inside: bool
    inliner: str
    size_warning: int  # bytes

    def is_own(self, language: str) -> bool:
        """Whether a text is in the language of the digest."""
        return base_language(language) == base_language(self.language)

    def digits_of(self, language: str) -> str:
        """Digits of the numbers we print in a text: a Hebrew article in an Arabic digest keeps Latin ones."""
        return self.digits if self.is_own(language) else digit_system(language, language)


def facts_of(file: DigestFile, settings: Settings, newsroom: Newsroom) -> Facts:
    """Facts of one digest.  Raises UsageError NOT-FOUND for an unknown list, ConfigError for an unusable sender."""
    list_ = list_settings(file.list, settings, where=f"{file.shown}:{file.line('list')}")
    own = settings.newsroom
    language = list_.language or own.language
    sender = mailbox_of(list_.from_ or settings.sender.from_, "sender.from")
    reply_to = list_.reply_to or settings.sender.reply_to
    domain = sender.address.rpartition("@")[2]
    return Facts(
        root=newsroom.root,
        name=own.name,
        newsroom_id=own.id or newsroom.root.name,
        website=own.website,
        logo=own.logo,
        postal=settings.sender.postal,
        language=language,
        # A direction set by hand is the newsroom's; a list in another language runs as its language does.
        direction=own.direction if own.direction != "auto" and language == own.language else direction_of(language),
        digits=digit_system(language, own.locale, own.digits),
        manner=Manner(locale=own.locale, digits=own.digits, months=own.months, calendar=own.calendar),
        list_title=list_.title,
        list_id=list_.list_id or settings.sender.list_id or f"{file.list}.{domain}",
        sender=sender,
        reply_to=mailbox_of(reply_to, "sender.reply_to") if reply_to else None,
        domain=domain,
        public_url=ascii_url(settings.web.public_url),
        pictures_inside=settings.compose.images == "cid",
        inliner=settings.compose.inliner,
        size_warning=settings.check.size.warn,
    )


def list_settings(slug: str, settings: Settings, *, where: str = "") -> ListSettings:
    """The list's settings.  Raises UsageError NOT-FOUND with the likeliest name.  where: file and line that name it."""
    if slug in settings.lists:
        return settings.lists[slug]
    guess = difflib.get_close_matches(slug, list(settings.lists), n=1)
    raise UsageError(
        "NOT-FOUND",
        f"There is no list “{slug}”." + (f" Did you mean “{guess[0]}”?" if guess else ""),
        facts=[("file", where)] if where else (),
        fix="newsletter lists list",
    )


def mailbox_of(text: str, key: str) -> Mailbox:
    """A mailbox of the settings, parsed.  Raises ConfigError CONFIG-VALUE naming the key."""
    try:
        return parse_mailbox(text)
    except AddressProblem as error:
        raise ConfigError(
            "CONFIG-VALUE", f"{key}: {error.sentence}", facts=[("value", text)], fix=f"newsletter config set {key} …"
        ) from error
