"""What must be true between settings, beyond the kind of each."""

from collections.abc import Iterator, Mapping
from typing import Final

from .kinds import SLUG
from .reading import Problem
from .shapes import Path
from .tree import ServerSettings, Settings
from .words import is_local_host

CONFIG_VERSION: Final = 1


def broken_rules(settings: Settings) -> Iterator[Problem]:
    """Every rule that the settings break, each with the key to change."""
    yield from _clear_text(("smtp",), settings.smtp)
    for server in settings.smtp.servers:
        yield from _clear_text(("smtp", "servers"), server)
    yield from _servers(settings)
    yield from _schedules(settings)
    if settings.check.size.warn > settings.check.size.error:
        yield _broken(("check", "size", "warn"), "A warning at a larger size than the error would never come.")
    if settings.worker.engine.heartbeat >= settings.worker.engine.lease:
        yield _broken(("worker", "engine", "heartbeat"), "A lease must outlast several heartbeats.")
    scheme, found, _ = settings.storage.database.partition("://")
    if found and scheme not in ("postgresql", "postgres"):
        yield _broken(("storage", "database"), f"“{scheme}://” is no database that is spoken here.")


def _clear_text(path: Path, server: ServerSettings) -> Iterator[Problem]:
    if server.security == "none" and server.host and not is_local_host(server.host):
        yield _broken(
            (*path, "security"),
            f"Without encryption only to this computer or a single-label host name; “{server.host}” is neither.",
        )


def _servers(settings: Settings) -> Iterator[Problem]:
    names = [server.name for server in settings.smtp.servers]
    if "" in names or len(set(names)) < len(names):
        yield _broken(("smtp", "servers"), "Each server needs a name of its own.")


def _schedules(settings: Settings) -> Iterator[Problem]:
    for name, schedule in settings.schedules.items():
        for key in ("cron", "list"):
            if not getattr(schedule, key):
                yield _broken(("schedules", name), f"schedules.{name} needs “{key}”.")
        if schedule.list and schedule.list not in settings.lists:
            yield _broken(("schedules", name, "list"), f"There is no list “{schedule.list}” in newsletter.toml.")


def _broken(path: Path, message: str) -> Problem:
    return Problem(code="CONFIG-VALUE", path=path, message=message)


def wrong_version(raw: Mapping[str, object]) -> Iterator[Problem]:
    """A config format this program does not know."""
    version = raw.get("version", CONFIG_VERSION)
    if version != CONFIG_VERSION or isinstance(version, bool):
        yield Problem(
            code="CONFIG-VALUE",
            path=("version",),
            message="This config format is not known here; a newer `newsletter` may have written it.",
            value=str(version),
            allowed=str(CONFIG_VERSION),
        )


def default_id(folder: str) -> str:
    """The newsroom's id when newsletter.toml gives none: the folder's name where that can be one."""
    return folder if SLUG.fullmatch(folder) else "newsroom"
