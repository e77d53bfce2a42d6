"""newsletter serve: the readers' pages and one-click unsubscribe, until SIGTERM or Ctrl-C."""

import ipaddress
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

import typer

from newsletter_cli.cli import garbage
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from newsletter_cli.settings import Settings
    from newsletter_cli.web.access import Seen
    from newsletter_cli.web.site import Theme

_PLACE: Final = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:\[\]/]+)):(?P<port>\d{1,5})")


@command(
    "serve",
    examples=("newsletter serve", "newsletter serve --listen 127.0.0.1:0 --json"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG, Exit.BUSY),
    changes=True,
)
def serve(
    run: Run,
    listen: Annotated[
        str | None, typer.Option("--listen", metavar="HOST:PORT", help="Where to listen; port 0: any free one.")
    ] = None,
    public_url: Annotated[
        str | None, typer.Option("--public-url", metavar="URL", help="The address readers reach the pages at.")
    ] = None,
) -> Reply:
    """Put a proxy with https in front of it: readers' links need one. Writes one log line per request to stderr."""
    host, port = place_of(listen or run.settings.web.listen)
    settings = _settings(run, public_url)
    _refuse_half_public(host, settings.web.public_url)
    if run.globals.dry_run:
        where = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        return Reply({"url": where}, human=lambda: run.out.result(f"Would serve {where}"))
    _serve(run, settings, host, port)
    if run.globals.json:
        # The document was the first thing said, when the port was open: the frame must not print a second one.
        raise SystemExit(Exit.OK)
    return Reply()


def _serve(run: Run, settings: "Settings", host: str, port: int) -> None:
    from newsletter_cli.web.app import create_app  # lazy: starlette and uvicorn, which help does not need
    from newsletter_cli.web.server import PageServer, bind, url_of

    storage = run.storage  # before the port: a newsroom without a database takes none
    listener = bind(host, port)
    url = url_of(listener)
    app = create_app(
        storage,
        settings,
        run.clock,
        load_theme=lambda: _theme(run),
        warn=run.out.warn,
        note=lambda seen: _note(run, seen),
    )
    server = PageServer(app, listener, trusted=settings.web.trust_proxy, ready=lambda: _announce(run, url))
    garbage.for_hours()
    server.serve_until_stopped()


def _announce(run: Run, url: str) -> None:
    if run.globals.json:
        run.out.document({"schema": "newsletter.serve/1", "url": url, "exit": int(Exit.OK)})
    else:
        run.out.result(f"Serving {url}")
    run.around.stdout.flush()


def _note(run: Run, seen: "Seen") -> None:
    if run.globals.quiet:
        return
    at = run.out.when(run.clock())
    line = f"{at} {seen.client or '-'} {seen.method} {seen.path} {seen.status} {seen.seconds * 1000:.0f} ms"
    run.out.event(
        "web.request", line, method=seen.method, path=seen.path, status=seen.status, client=seen.client,
        seconds=round(seen.seconds, 4),
    )  # fmt: skip


def _theme(run: Run) -> "Theme":
    from newsletter_cli.newsroom import templates_folder  # lazy: as below
    from newsletter_cli.web.theme import load_theme  # lazy: jinja2, which one-click unsubscribe must not need

    return load_theme(run.newsroom.templates, templates_folder())


def _settings(run: Run, public_url: str | None) -> "Settings":
    from newsletter_cli.mail.links import ascii_url  # lazy: help needs no room

    settings = run.settings
    given = settings.web.public_url if public_url is None else public_url
    ascii_url(given)  # said now, not to the first reader
    return replace(settings, web=replace(settings.web, public_url=given.rstrip("/")))


def place_of(text: str) -> tuple[str, int]:
    """Host and port of HOST:PORT or [IPV6]:PORT; UsageError for anything else."""
    match = _PLACE.fullmatch(text.strip())
    if match is None or int(match["port"]) > 65535:
        raise UsageError(
            "USAGE", f"{text!r} is no place to listen.", sent="", fix="newsletter serve --listen 127.0.0.1:8400"
        )
    return match["six"] or match["host"], int(match["port"])


def _refuse_half_public(host: str, public_url: str) -> None:
    """Pages that others can reach, with links that lead them to their own computers, are a mistake."""
    if is_loopback(host) or not is_loopback(urlsplit(public_url).hostname or ""):
        return
    raise ConfigError(
        "CONFIG-VALUE",
        f"{host} can be reached from elsewhere, but web.public_url leads readers to their own computer.",
        facts=[("web.public_url", public_url)],
        sent="",
        fix="newsletter config set web.public_url https://news.example.org",
    )


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine only."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
