"""The newsroom: one folder on disk. Where it is, what lies where in it, and how a new one is made.

akhbar/
├─ newsletter.toml   settings; in git
├─ articles/ digests/ templates/   what people write
├─ outbox/ archive/   what the program writes for people, never read back
└─ data/ imports/    database, backups, secrets, crash files; rejected rows: personal data, not in git
"""

import errno
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .errors import ConfigError, TryAgainError, UsageError

CONFIG_NAME: Final = "newsletter.toml"
SAMPLE_LIST: Final = "weekly"  # as the packaged sample digest names it
EXAMPLE_NAME: Final = "subscribers.csv.example"
SLUG: Final = re.compile(r"(?=[^a-z]*[a-z])[a-z0-9][a-z0-9._-]{0,63}")
PRIVATE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700

GITIGNORE: Final = """\
# Readers' data and secrets: never in git.
/data/
/imports/
/.env
# Copies that name readers.
/outbox/*/test/
/outbox/*/rehearsal/
/outbox/*/sample-*.eml
"""
ENV_EXAMPLE: Final = """\
# Any setting can come from the environment: NEWSLETTER_<SECTION>__<KEY>. Copy what you need into your own .env or
# service file; this example holds no secret and may stay in git. More: newsletter help environment
#
# NEWSLETTER_PROJECT=/srv/newsroom
# NEWSLETTER_PROFILE=staging
# NEWSLETTER_SMTP__HOST=smtp.example.org
# NEWSLETTER_SMTP__USERNAME=news@example.org
# NEWSLETTER_SMTP__PASSWORD_FILE=/run/secrets/smtp
# NEWSLETTER_WEB__PUBLIC_URL=https://news.example.org
# No mail leaves any process that has this set:
# NEWSLETTER_NO_SEND=1
"""


def is_slug(text: str) -> bool:
    """Whether a text can name a digest, a list, an article or a newsroom."""
    return SLUG.fullmatch(text) is not None


def slug_of(text: str, otherwise: str = "newsroom") -> str:
    """A slug made of the Latin letters and digits of a text; `otherwise` when none are left (an Arabic folder name)."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    slug = re.sub(r"[^a-z0-9._]+", "-", plain).strip("-._")[:64].rstrip("-._")
    return slug if is_slug(slug) else otherwise


@dataclass(frozen=True, slots=True)
class Newsroom:
    """A folder that holds a newsroom, and the paths in it."""

    root: Path  # absolute
    config_file: Path | None = None  # NEWSLETTER_CONFIG; None = newsletter.toml in the folder

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.config_file or self.root / CONFIG_NAME

    @property
    def articles(self) -> Path:
        """Articles, by year and month."""
        return self.root / "articles"

    @property
    def digests(self) -> Path:
        """Digest files, one per issue."""
        return self.root / "digests"

    @property
    def templates(self) -> Path:
        """Only the templates that this newsroom changed."""
        return self.root / "templates"

    @property
    def outbox(self) -> Path:
        """Copies for people, a folder per issue; never read back."""
        return self.root / "outbox"

    @property
    def archive(self) -> Path:
        """Public web versions."""
        return self.root / "archive"

    @property
    def imports(self) -> Path:
        """Rejected rows, a file per import."""
        return self.root / "imports"

    @property
    def data(self) -> Path:
        """What is not in git."""
        return self.root / "data"

    @property
    def database_path(self) -> Path:
        """Where the SQLite database lies unless settings say otherwise."""
        return self.data / "newsletter.db"

    @property
    def backups(self) -> Path:
        """Where backups go unless settings say otherwise."""
        return self.data / "backups"

    @property
    def holders(self) -> Path:
        """Lock files of processes that deliver."""
        return self.data / "holders"

    @property
    def secrets(self) -> Path:
        """Secrets kept as files, one each, 0600."""
        return self.data / "secrets"

    @property
    def cache(self) -> Path:
        """What can be thrown away without loss."""
        return self.data / "cache"

    @property
    def crash(self) -> Path:
        """Crash files."""
        return self.data / "crash"


def find_newsroom(start: Path, env: Mapping[str, str], explicit: Path | None = None) -> Newsroom:
    """The newsroom to work on: `-C`, else NEWSLETTER_PROJECT, else NEWSLETTER_CONFIG, else the nearest parent.

    start: the current folder; relative paths begin there.  Raises ConfigError NO-PROJECT.
    With NEWSLETTER_PROJECT, NEWSLETTER_CONFIG may name another settings file; `-C` is stronger than both.
    """
    project, config = env.get("NEWSLETTER_PROJECT", ""), env.get("NEWSLETTER_CONFIG", "")
    file = _straight(start / config) if config and explicit is None else None
    if explicit is not None or project:
        return _there(Newsroom(_straight(start / (project if explicit is None else explicit)), file))
    if file:
        return _there(Newsroom(file.parent, file))
    here = start.absolute()
    for folder in (here, *here.parents):
        if (folder / CONFIG_NAME).is_file():
            return Newsroom(folder)
    raise ConfigError(
        "NO-PROJECT",
        f"There is no newsroom here: neither {here} nor a folder above it has a {CONFIG_NAME}.",
        fix="newsletter init NAME, or name the folder with -C",
    )


def _straight(path: Path) -> Path:
    """Absolute, without `..` and `.`, links kept: what a person reads in messages."""
    return Path(os.path.abspath(path))


def _there(newsroom: Newsroom) -> Newsroom:
    if not newsroom.config.is_file():
        raise ConfigError(
            "NO-PROJECT",
            f"There is no {newsroom.config.name} in {newsroom.config.parent}.",
            fix="newsletter init NAME, or name the folder with -C",
        )
    return newsroom


def templates_folder() -> Path:
    """The built-in templates: inside the installed package, or beside it in a source tree."""
    package = Path(__file__).resolve().parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def example_file() -> Path:
    """The example of a subscribers file: beside the templates, or above them in a source tree."""
    folder = templates_folder()
    inside = folder / EXAMPLE_NAME
    return inside if inside.is_file() else folder.parent / EXAMPLE_NAME


@dataclass(frozen=True, slots=True)
class Made:
    """What `create_newsroom` has made."""

    newsroom: Newsroom
    articles: int  # article files of the sample, now in the folder
    digest: str | None  # id of the sample digest
    written: tuple[str, ...]  # files, relative; those that were there already are not among them


def create_newsroom(
    root: Path, config_text: str, *, sample: bool, list_slug: str = SAMPLE_LIST, force: bool = False
) -> Made:
    """A new newsroom folder, without its database.

    config_text: the content of newsletter.toml.  list_slug: the list of the sample digest.
    force: the folder may hold something; only what is missing is made.
    Raises UsageError FOLDER-NOT-EMPTY, naming the files that would have been touched; nothing is written then.
    UsageError USAGE or TryAgainError DISK-FULL when the folder cannot be written.
    """
    newsroom = Newsroom(root.absolute())
    files = _files_of(config_text, sample=sample, list_slug=list_slug)
    refuse_folder_in_use(root, files, force=force)
    try:
        written = _make(newsroom, files)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise TryAgainError("DISK-FULL", f"There is no room for a newsroom in {root}.", sent="") from error
        raise UsageError("USAGE", f"{error.filename or root} cannot be made: {error.strerror}.", sent="") from error
    articles = [name for name in files if name.startswith("articles/") and name.endswith((".md", ".txt", ".html"))]
    digest = next((Path(name).stem for name in files if name.startswith("digests/")), None)
    return Made(newsroom, len(articles), digest, written)


def _make(newsroom: Newsroom, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """The folders, and those files that are missing; their names."""
    for folder in (newsroom.articles, newsroom.digests, newsroom.templates, newsroom.outbox, newsroom.archive):
        folder.mkdir(parents=True, exist_ok=True)
    for folder in (newsroom.data, newsroom.imports):
        folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    # newsletter.toml comes last: a folder whose making was cut short is no newsroom yet
    return tuple(name for name, data in files.items() if _write_missing(newsroom.root / name, data))


def planned_files(*, sample: bool) -> tuple[str, ...]:
    """The files that `create_newsroom` would write, relative to the folder."""
    return tuple(_files_of("", sample=sample))


def _files_of(config_text: str, *, sample: bool, list_slug: str = SAMPLE_LIST) -> dict[str, bytes]:
    """Every file of a new newsroom by its name in the folder, newsletter.toml last."""
    source = templates_folder() / "sample"
    paths = sorted(path for path in source.rglob("*") if path.is_file()) if sample else []
    copied = {path.relative_to(source).as_posix(): path.read_bytes() for path in paths}
    for name in [name for name in copied if name.startswith("digests/")]:
        copied[name] = copied[name].replace(f"\nlist: {SAMPLE_LIST}\n".encode(), f"\nlist: {list_slug}\n".encode(), 1)
    return {
        ".gitignore": GITIGNORE.encode(),
        ".env.example": ENV_EXAMPLE.encode(),
        EXAMPLE_NAME: example_file().read_bytes(),
        **copied,
        CONFIG_NAME: config_text.encode("utf-8"),
    }


def refuse_folder_in_use(root: Path, files: Iterable[str], *, force: bool = False) -> None:
    """UsageError FOLDER-NOT-EMPTY when a folder holds anything but git's own; a file in its place: USAGE."""
    if root.exists() and not root.is_dir():
        raise UsageError("USAGE", f"{root} is a file, not a folder.", sent="")
    if force or not root.is_dir():
        return
    present = sorted(entry.name for entry in root.iterdir() if entry.name != ".git")
    if not present:
        return
    touched = [name for name in files if (root / name).exists()]
    raise UsageError(
        "FOLDER-NOT-EMPTY",
        f"{root} is not empty. Nothing was written.",
        facts=[("touched", ", ".join(touched) or "none of the files in it"), ("holds", _some(present))],
        sent="",
        fix="another folder, or --force to add only what is missing",
        details={"files": touched},
    )


def _some(names: list[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _write_missing(path: Path, data: bytes) -> bool:
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, data)
    return True


def atomic_write(path: Path, data: bytes, *, private: bool = False) -> None:
    """Put data in a file's place in one step: whoever reads sees the old content or the new one, also after a crash.

    The file keeps its mode; a new one gets the usual one, or 0600 when private. Folders are made where missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER if private else 0o777)
    mode = PRIVATE if private else _mode_of(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as output:
            output.write(data)
            output.flush()
            os.fsync(output.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        # Also on Ctrl-C: nobody comes back for a file with a made-up name
        Path(name).unlink(missing_ok=True)
        raise


def write_private(path: Path, data: bytes) -> None:
    """As atomic_write, for personal data and secrets: mode 0600 from the first byte on."""
    atomic_write(path, data, private=True)


def _mode_of(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o7777
    except FileNotFoundError:
        return 0o666 & ~_umask()


def _umask() -> int:
    """The process's mask; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
