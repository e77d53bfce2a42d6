"""What must be known besides the issue: readers, servers, earlier issues, limits. The caller fills it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from newsletter_cli.digest.check.finding import Level
from newsletter_cli.digest.check.sources import Sources
from newsletter_cli.mail.leaving import one_click_is_signed
from newsletter_cli.settings import Settings, is_local_host


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """The readers a digest would go to, and what was sent to their list before."""

    readers: int
    change: float | None = None  # against the mean of the last four issues: +0.3 = 30 % more; None without any
    today: tuple[str, ...] = ()  # other digests the same list was sent on this day
    without_consent: int = 0  # readers of whom nobody noted that they agreed
    unreachable: int = 0  # readers whom the server could not carry the last time: their addresses need SMTPUTF8


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Frozen facts about the world around one issue."""

    levels: Mapping[str, str] = field(default_factory=dict)  # check.levels
    size_warning: int = 85 * 1024  # bytes of HTML
    size_error: int = 100 * 1024
    public_url: str = ""  # its length counts in every link
    local_servers: bool = False  # every SMTP server is this computer, or a host of its own network
    signed: bool = True  # every server's mail gets a DKIM signature, ours or the relay's
    empty_fields: Mapping[str, int] = field(default_factory=dict)  # field → readers who have nothing there
    recent: tuple[tuple[str, frozenset[str]], ...] = ()  # the last issues of the list: (digest, articles)
    audience: Audience | None = None  # None: nobody has counted
    max_change: float = 0.25  # safety.max_change
    serverless: bool = False  # no SMTP server is named yet, and the newsroom is not live: nothing can leave
    own_domains: frozenset[str] = frozenset()  # besides that of From: the website's, the reader pages'
    domains: Mapping[str, int] = field(default_factory=dict)  # readers per domain of their addresses
    sources: Sources = field(default_factory=Sources)  # what people wrote, for lines and repairs

    @property
    def own_levels(self) -> dict[str, Level]:
        """Levels that the newsroom set."""
        return {code: Level(level) for code, level in self.levels.items()}


def circumstances_of(
    settings: Settings,
    *,
    empty_fields: Mapping[str, int] | None = None,
    recent: tuple[tuple[str, frozenset[str]], ...] = (),
    audience: Audience | None = None,
    sources: Sources | None = None,
    domains: Mapping[str, int] | None = None,
) -> Circumstances:
    """What the settings say, with what only the database knows.

    empty_fields: for each field that `mail.rendering.required_fields` names, how many readers lack it.
    recent: from `digest.versions.recent_articles`, the last four.  sources: from `read_sources`.
    """
    servers = settings.smtp.servers or (settings.smtp,)
    public = settings.web.public_url
    known = Circumstances(
        levels=settings.check.levels,
        size_warning=settings.check.size.warn,
        size_error=settings.check.size.error,
        public_url=public,
        local_servers=all(bool(server.host) and is_local_host(server.host) for server in servers),
        signed=one_click_is_signed(settings.smtp),
        recent=recent,
        audience=audience,
        max_change=settings.safety.max_change,
        serverless=not settings.safety.live and not any(server.host for server in servers),
        own_domains=frozenset(filter(None, (urlsplit(settings.newsroom.website).hostname, urlsplit(public).hostname))),
        sources=sources or Sources(),
        domains=domains or {},
    )
    return replace(known, empty_fields=empty_fields) if empty_fields else known
