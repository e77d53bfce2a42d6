"""The whole tree of newsletter.toml, each key with its kind and its default: the one place that names a setting.

Keys are the field names; only a word that Python keeps for itself differs (`from` is `from_`). Durations are timedelta,
sizes bytes, rates tuples of Rate (none: no limit), an optional table is None when it is absent or empty.
"""
# ruff: noqa: RUF009 - these functions make fields; each is called once, as `field` would be

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from . import words as w
from .kinds import DURATION, FLAG, HOURS, RATES, SIZE, SOME_TIME, Hours, Kind, Rate, choice, many, share, whole
from .secrets import SECRET, SecretSource
from .shapes import Named, Perhaps, Section, Several, Shape

T = TypeVar("T")


def of(kind: Kind[T], default: T, key: str = "") -> T:
    """A key with one value. key: its name in the file where that is no name in Python."""
    return field(default=default, metadata={"shape": kind, "key": key})


def table(record: type[T]) -> T:
    """A table with fixed keys."""
    return field(default_factory=record, metadata={"shape": Section(record)})


def perhaps(record: type[T]) -> T | None:
    """A table with fixed keys that may be absent."""
    return field(default=None, metadata={"shape": Perhaps(record)})


def named(item: Kind[T], name: Kind[str]) -> Mapping[str, T]:
    """A table whose keys are free."""
    return field(default_factory=dict, metadata={"shape": Named(item, name)})


def tables(record: type[T], name: Kind[str]) -> Mapping[str, T]:
    """A table of tables whose names are free."""
    return field(default_factory=dict, metadata={"shape": Named(Section(record), name)})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsroomSettings:
    """Who publishes, in which language, script and zone."""

    name: str = of(w.ANY, "")
    id: str = of(w.SLUG_TEXT, "newsroom")  # absent: the folder's name, where that can be a slug
    language: str = of(choice("ar", "en", "fa", "he", "ur", "fr"), "ar")
    direction: str = of(choice("auto", "rtl", "ltr"), "auto")
    locale: str = of(w.LOCALE, "ar-SY")
    months: str = of(choice("single", "dual"), "single")
    timezone: str = of(w.ZONE, "Asia/Damascus")
    digits: str = of(choice("auto", "latn", "arab", "arabext"), "auto")
    calendar: str = of(choice("gregory", "islamic", "persian", "both"), "gregory")
    website: str = of(w.LINK, "")
    logo: str = of(w.ANY, "")  # path in the newsroom folder

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which every date is typed and read."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderSettings:
    """Whose name and address stand on the message."""

    from_: str = of(w.MAILBOX, "", "from")
    reply_to: str = of(w.MAILBOX, "")
    postal: str = of(w.ANY, "")
    list_id: str = of(w.ANY, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetySettings:
    """What must be so before mail leaves. `safety.py` says which value of each key is the stricter."""

    live: bool = of(FLAG, False)
    require_check: str = of(choice("off", "error", "warning"), "error")
    require_test: bool = of(FLAG, True)
    approvals: int = of(whole(0, 100), 0)
    undo_seconds: int = of(whole(0, 86_400), 30)
    canary: int = of(whole(0), 25)
    canary_wait: timedelta = of(DURATION, timedelta())
    max_change: float = of(share(0, 100), 0.25)
    max_recipients: int = of(whole(0), 0)  # 0: no ceiling
    stop_on_failure: float = of(share(), 0.05)
    quiet_hours: Hours | None = of(HOURS, None)
    only_to: tuple[str, ...] = of(w.PATTERNS, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamSettings:
    """The people of the newsroom."""

    test_to: tuple[str, ...] = of(
        many(w.ADDRESS, 'a list of at most 10 addresses such as ["editor@example.org"]', most=10), ()
    )
    notify: tuple[str, ...] = of(w.ADDRESSES, ())
    approvers: tuple[str, ...] = of(w.TEXTS, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondKey:
    """An Ed25519 key that signs beside the RSA key, for the same domain."""

    selector: str = of(w.FILLED, "")
    key_file: str = of(w.FILLED, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dkim:
    """Our own signature, where the relay adds none."""

    domain: str = of(w.DOMAIN, "")
    selector: str = of(w.FILLED, "")
    key_file: str = of(w.FILLED, "")
    ed25519: SecondKey | None = perhaps(SecondKey)


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmup:
    """A ceiling a day over all sends, growing."""

    first_day: int = of(whole(1), 500)
    grow: float = of(share(1, 10), 1.4)
    until: int = of(whole(1), 100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """One SMTP server and how to treat it."""

    host: str = of(w.HOST, "")
    port: int = of(whole(1, 65_535), 587)
    security: str = of(choice("starttls", "tls", "none"), "starttls")
    username: str = of(w.ANY, "")  # "": no login, the password is not read
    password: SecretSource | None = of(SECRET, None)
    oauth2: SecretSource | None = of(SECRET, None)
    rate: tuple[Rate, ...] = of(RATES, (Rate(10, 1),))
    per_domain: Mapping[str, tuple[Rate, ...]] = named(RATES, w.DOMAIN)
    connections: int = of(whole(1, 1000), 4)
    pipelining: str = of(choice("auto", "off"), "auto")
    depth: int = of(whole(1, 100), 8)
    messages_per_connection: int = of(whole(1), 100)
    source_address: str = of(w.LOCAL_IP, "")
    timeout: timedelta = of(SOME_TIME, timedelta(seconds=30))
    data_timeout: timedelta = of(SOME_TIME, timedelta(minutes=10))
    retry: tuple[timedelta, ...] = of(
        many(SOME_TIME, 'a list of times such as ["1m", "5m"]', least=1),
        (
            timedelta(minutes=1),
            timedelta(minutes=5),
            timedelta(minutes=15),
            timedelta(hours=1),
            timedelta(hours=3),
        ),
    )
    give_up: timedelta = of(DURATION, timedelta(hours=24))
    wait: timedelta = of(DURATION, timedelta(minutes=10))
    warmup: Warmup | None = perhaps(Warmup)
    verp: str = of(w.TOKEN_ADDRESS, "")
    relay_signs: bool = of(FLAG, True)
    dkim: Dkim | None = perhaps(Dkim)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedServer(ServerSettings):
    """One of several servers; what it does not say it has from [smtp]."""

    name: str = of(w.FILLED, "")
    weight: int = of(whole(0), 1)  # share of the mail; 0: only when the others fail


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings(ServerSettings):
    """The way out: one server, or several."""

    servers: tuple[NamedServer, ...] = field(default=(), metadata={"shape": Several(NamedServer)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Where reports and answers arrive."""

    url: str = of(w.FILLED, "")
    password: SecretSource | None = of(SECRET, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftAfter:
    """Soft bounces before suspension: in so many issues, over at least so many days."""

    issues: int = of(whole(1), 5)
    days: int = of(whole(0), 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundSettings:
    """What comes back."""

    mailbox: Mailbox | None = perhaps(Mailbox)
    unsubscribe: str = of(w.TOKEN_ADDRESS, "")
    forward_to: str = of(w.MAILBOX, "")
    hard_after: int = of(whole(1), 1)
    soft_after: SoftAfter = table(SoftAfter)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSettings:
    """The sign-up form and what keeps machines out of it."""

    rate_per_ip: tuple[Rate, ...] = of(RATES, (Rate(5, 3600),))
    rate_per_address: tuple[Rate, ...] = of(RATES, (Rate(1, 86_400),))
    rate_global: tuple[Rate, ...] = of(RATES, (Rate(500, 3600),))
    min_seconds: int = of(whole(0), 3)
    honeypot: bool = of(FLAG, True)
    proof_of_work: bool = of(FLAG, False)
    remind_after: timedelta = of(DURATION, timedelta(days=3))
    origins: tuple[str, ...] = of(w.TEXTS, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """The reader pages."""

    public_url: str = of(w.BASE_LINK, "http://127.0.0.1:8400")  # without a slash at its end
    listen: str = of(w.LISTEN, "127.0.0.1:8400")
    trust_proxy: tuple[str, ...] = of(w.NETWORKS, ("127.0.0.1",))
    archive: bool = of(FLAG, True)
    confirm: str = of(choice("smart", "button"), "smart")
    forms: FormSettings = table(FormSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """Which articles `compose` takes by itself."""

    since: str = of(w.FILLED, "last")
    limit: int = of(whole(1), 12)
    order: tuple[str, ...] = of(w.TEXTS, ("weight", "-date"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeSettings:
    """How a digest is made."""

    articles: str = of(w.FILLED, "articles/**/*.md")
    id: str = of(w.FILLED, "{iso_year}-w{iso_week:02}")
    template: str = of(w.SLUG_TEXT, "digest")
    pick: Pick = table(Pick)
    cards: int = of(whole(0), 4)
    subject: str = of(w.ANY, "{lead.title}")
    images: str = of(choice("link", "cid"), "link")
    inliner: str = of(choice("premailer", "css-inline"), "premailer")
    quotes: str = of(choice("keep", "guillemets"), "keep")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChecks:
    """How links are tried."""

    timeout: timedelta = of(SOME_TIME, timedelta(seconds=8))
    ignore: tuple[str, ...] = of(w.TEXTS, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeChecks:
    """How large the HTML may be, in bytes."""

    warn: int = of(SIZE, 85 * 1024)
    error: int = of(SIZE, 100 * 1024)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSettings:
    """What `check` looks at, and how much it minds."""

    levels: Mapping[str, str] = named(choice("error", "warning", "note", "off"), w.CODE)
    links: LinkChecks = table(LinkChecks)
    size: SizeChecks = table(SizeChecks)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSettings:
    """One list; who is on it stands in the database. An empty text means: as the newsroom's."""

    title: str = of(w.ANY, "")
    opt_in: str = of(choice("double", "single"), "double")
    public: bool = of(FLAG, True)
    description: str = of(w.ANY, "")
    language: str = of(choice("", "ar", "en", "fa", "he", "ur", "fr"), "")
    from_: str = of(w.MAILBOX, "", "from")
    reply_to: str = of(w.MAILBOX, "")
    list_id: str = of(w.ANY, "")
    safety: SafetySettings = table(SafetySettings)  # whole: [safety], and where the list is stricter, that


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotCompose:
    """What a schedule composes from."""

    since: str = of(w.FILLED, "last")
    min_articles: int = of(whole(0), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSettings:
    """A digest that makes itself at its time."""

    cron: str = of(w.CRON, "")
    list: str = of(w.SLUG_TEXT, "")
    compose: SlotCompose = table(SlotCompose)
    on_empty: str = of(choice("skip", "notify", "fail"), "skip")
    approval: str = of(choice("required", "auto"), "required")
    missed: timedelta = of(DURATION, timedelta(hours=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSettings:
    """Where backups go, and how many stay."""

    dir: str = of(w.FILLED, "data/backups")
    keep: int = of(whole(1), 14)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetainSettings:
    """How long details of readers are kept."""

    send_details: timedelta = of(SOME_TIME, timedelta(days=400))
    unconfirmed: timedelta = of(SOME_TIME, timedelta(days=14))


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """The database: a SQLite file relative to the newsroom, or postgresql://…"""

    database: str = of(w.FILLED, "data/newsletter.db")
    backups: BackupSettings = table(BackupSettings)
    retain: RetainSettings = table(RetainSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """Chunks and leases."""

    processes: int = of(whole(1, 1000), 1)
    chunk: int = of(whole(1, 100_000), 300)
    lease: timedelta = of(SOME_TIME, timedelta(seconds=60))
    heartbeat: timedelta = of(SOME_TIME, timedelta(seconds=5))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """The worker."""

    concurrency: int = of(whole(1, 1000), 1)
    health: str = of(w.LISTEN_OR_NONE, "")
    engine: EngineSettings = table(EngineSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What the log looks like."""

    format: str = of(choice("text", "json"), "text")
    addresses: str = of(choice("short", "full"), "short")


@dataclass(frozen=True, slots=True, kw_only=True)
class UiSettings:
    """The terminal; a person's own file may set these two."""

    language: str = of(choice("auto", "en", "ar"), "auto")
    bidi: str = of(choice("auto", "none", "isolate", "visual"), "auto")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything newsletter.toml, a profile and the environment say, read once and passed down."""

    newsroom: NewsroomSettings = table(NewsroomSettings)
    sender: SenderSettings = table(SenderSettings)
    safety: SafetySettings = table(SafetySettings)
    team: TeamSettings = table(TeamSettings)
    smtp: SmtpSettings = table(SmtpSettings)
    inbound: InboundSettings = table(InboundSettings)
    web: WebSettings = table(WebSettings)
    compose: ComposeSettings = table(ComposeSettings)
    check: CheckSettings = table(CheckSettings)
    lists: Mapping[str, ListSettings] = tables(ListSettings, w.SLUG_TEXT)
    segments: Mapping[str, str] = named(w.FILLED, w.SLUG_TEXT)
    schedules: Mapping[str, ScheduleSettings] = tables(ScheduleSettings, w.SLUG_TEXT)
    storage: StorageSettings = table(StorageSettings)
    worker: WorkerSettings = table(WorkerSettings)
    log: LogSettings = table(LogSettings)
    ui: UiSettings = table(UiSettings)
    profile: str = ""  # name of the overlay in use; "" = none

    def safety_of(self, slug: str) -> SafetySettings:
        """What holds for a list: the newsroom's safety, and where the list's own is stricter, that."""
        known = self.lists.get(slug)
        return self.safety if known is None else known.safety


ROOT: Shape = Section(Settings)
