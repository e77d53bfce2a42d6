"""newsletter preview: a digest in the browser as each reader gets it, until Ctrl-C; or its text, or its files."""

import secrets
import socket
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import quote

import typer

from newsletter_cli.cli import completion, garbage
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.errors import BusyError, UsageError

if TYPE_CHECKING:
    from newsletter_cli.cli.preview_desk import NewsroomDesk
    from newsletter_cli.web.preview_model import Look, Sheet

PORT: Final = 8450
PORTS: Final = 50  # tried one after another
LOCAL: Final = "127.0.0.1"


@command(
    "preview",
    examples=("newsletter preview", "newsletter preview 2026-w42 --as reader1@example.org --no-open"),
    exits=(Exit.OK, Exit.USAGE, Exit.NOT_CONFIRMED, Exit.CONFIG, Exit.CHECKS, Exit.BUSY),
)
def preview(
    run: Run,
    id_: Annotated[
        str | None,
        typer.Argument(
            metavar="ID|SLUG",
            help="Digest, or one article; none: the newest digest that is not sent.",
            autocompletion=completion.digests,
        ),
    ] = None,
    as_: Annotated[str | None, typer.Option("--as", metavar="EMAIL", help="As it would reach this reader.")] = None,
    port: Annotated[int, typer.Option("--port", metavar="PORT", help="Where; taken: the next free one.")] = PORT,
    no_open: Annotated[bool, typer.Option("--no-open", help="Start no browser.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Print the text part, and end.")] = False,
    lan: Annotated[bool, typer.Option("--lan", help="Also for other devices of this network; asks first.")] = False,
    export: Annotated[
        str | None, typer.Option("--export", metavar="DIR|FILE.eml", help="Write files instead of serving.")
    ] = None,
) -> Reply:
    """The exact bytes that a send would deliver. The page reloads when an article, the digest, a template or
    newsletter.toml is saved. The one thing that can leave is a test to team.test_to; no list can be reached."""
    from newsletter_cli.cli.preview_desk import NewsroomDesk, subject_of  # lazy: help needs no template engine

    if not 0 <= port <= 65535:
        raise UsageError("USAGE", f"{port} is no port.", sent="", fix="--port 8450")
    subject = subject_of(run, id_)
    desk = NewsroomDesk(run, subject, _language(run), in_network=lan)
    if text or export is not None:
        look, sheet = _whole(run, desk, as_)
        return _text(run, look, sheet) if export is None else _export(run, desk, look, sheet, Path(export))
    if as_ is not None:
        _whole(run, desk, as_)  # an address that cannot be written to is said now
    _serve(run, desk, as_ or "", port, lan=lan, browser=not no_open)
    if run.globals.json:
        # The document was the first thing said, when the port was open: the frame must not print a second one.
        raise SystemExit(Exit.OK)
    return Reply()


def _language(run: Run) -> str:
    """Of the page: the newsroom's where we speak it."""
    from newsletter_cli.language import base_language  # lazy: help needs no room

    if run.globals.lang is not None:
        return run.globals.lang.value
    return "ar" if base_language(run.settings.newsroom.language) == "ar" else "en"


# --- without a browser -----------------------------------------------------------------------------------------


def _whole(run: Run, desk: "NewsroomDesk", who: str | None) -> "tuple[Look, Sheet]":
    """Look and message, or the error that keeps them away."""
    from newsletter_cli.cli.preview_desk import look_at, sheet_of  # lazy: as above

    look = look_at(run, desk.subject)
    return look, sheet_of(run, look, who or "")


def _text(run: Run, look: "Look", sheet: "Sheet") -> Reply:
    words = sheet.text.replace("\r\n", "\n")
    document = {"digest": look.content.digest, "version": look.version[:8], "text": words}
    return Reply(document, human=lambda: run.out.payload(words))


def _export(run: Run, desk: "NewsroomDesk", look: "Look", sheet: "Sheet", path: Path) -> Reply:
    """message.html and the others hold what is delivered; web.html opens by itself."""
    if path.suffix.lower() == ".eml":
        files = {path: sheet.message}
    else:
        files = {path / name: data for name, data in _files(run, desk, look, sheet).items()}
    if not run.globals.dry_run:
        for file, data in files.items():
            _save(run, file, data)
    names = [file.as_posix() for file in files]
    document = {"digest": look.content.digest, "version": look.version[:8], "path": path.as_posix(), "files": names}

    def tell() -> None:
        for name in names:
            run.out.result(run._("Wrote {path}").format(path=run.out.cell(name)))
        run.out.result(f"  version {look.version[:8]}")

    return Reply(document, human=tell)


def _files(run: Run, desk: "NewsroomDesk", look: "Look", sheet: "Sheet") -> dict[str, bytes]:
    from newsletter_cli.digest.model import StoredPicture  # lazy: as above
    from newsletter_cli.digest.standalone import with_pictures_inside
    from newsletter_cli.mail.links import ascii_url

    pictures = {hash_: found for hash_ in look.content.online_pictures if (found := desk.picture(hash_)) is not None}
    stored = [StoredPicture(hash_, one.media_type, one.data) for hash_, one in pictures.items()]
    web = with_pictures_inside(
        desk.web(look), ascii_url(run.settings.web.public_url), stored, carried=look.content.pictures
    )
    head = sheet.message.partition(b"\r\n\r\n")[0] + b"\r\n"
    return {
        "message.html": sheet.html.encode(),
        "message.txt": sheet.text.encode(),
        "headers.txt": head,
        "message.eml": sheet.message,
        "web.html": web.encode(),
        **{f"pictures/{one.hash[:16]}.{one.media_type.partition('/')[2]}": one.data for one in stored},
    }


def _save(run: Run, path: Path, data: bytes) -> None:
    from newsletter_cli.newsroom import write_private  # lazy: help needs no room

    whole = run.around.cwd / path
    try:
        whole.parent.mkdir(parents=True, exist_ok=True)
        write_private(whole, data)
    except OSError as error:
        raise UsageError("USAGE", f"{path} cannot be written: {error.strerror}.", sent="") from error


# --- in the browser --------------------------------------------------------------------------------------------


def _serve(run: Run, desk: "NewsroomDesk", who: str, port: int, *, lan: bool, browser: bool) -> None:
    from newsletter_cli.newsroom import templates_folder  # lazy: as below
    from newsletter_cli.web.preview import create_preview  # lazy: starlette and uvicorn, which help does not need
    from newsletter_cli.web.preview_model import Door
    from newsletter_cli.web.server import PageServer

    if lan:
        run.confirm(run._("Show this digest to every device in this network that has the address?"))
    look = desk.look()
    listener = _listener("0.0.0.0" if lan else LOCAL, port)
    host, number = (own_address() if lan else LOCAL), listener.getsockname()[1]
    key = secrets.token_hex(16)
    door = Door(
        key, frozenset(f"{name}:{number}" for name in {host, LOCAL, "localhost"}), desk.language, desk.subject.id
    )
    url = f"http://{host}:{number}/{desk.subject.id}?k={key}" + (f"&as={quote(who)}" if who else "")
    server: PageServer
    app = create_preview(desk, door, public_url=run.settings.web.public_url, templates=templates_folder(),
                         stopped=lambda: server.should_exit)  # fmt: skip
    version = getattr(look, "version", "")[:8] or None
    server = PageServer(app, listener, trusted=(), ready=lambda: _announce(run, desk, url, version, lan, browser))
    garbage.for_hours()
    server.serve_until_stopped()


def _announce(run: Run, desk: "NewsroomDesk", url: str, version: str | None, lan: bool, browser: bool) -> None:
    if run.globals.json:
        run.out.document({"schema": "newsletter.preview/1", "url": url, "digest": desk.subject.id, "version": version,
                          "exit": int(Exit.OK)})  # fmt: skip
    elif lan:
        run.out.result(f"{run._('Preview')}\n\n    {url}\n")
        for line in scannable(url):
            run.out.result(f"    {line}")
        run.out.result("\n" + run._("Scan it with the phone, or type the address. Ctrl-C closes it."))
    else:
        note = run._("only this computer; reloads when you save")
        run.out.result(f"{run._('Preview')}  {url}  ({note})")
    if version is None:
        run.out.warn(run._("The digest cannot be rendered now; the page shows why."))
    run.around.stdout.flush()
    if browser and has_display(run):
        webbrowser.open(url)


def scannable(text: str) -> tuple[str, ...]:
    """A QR code (ISO/IEC 18004) in half blocks, two rows a line: light squares are drawn, dark ones left out, as most
    terminals are dark; phones read it either way round."""
    import segno  # lazy: for a phone in the same network only

    rows = [[not dark for dark in row] for row in segno.make(text, micro=False, error="m").matrix_iter(border=3)]
    rows += [[False] * len(rows[0])] * (len(rows) % 2)
    blocks = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
    return tuple(
        "".join(blocks[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )


def has_display(run: Run) -> bool:
    """Whether a person with a screen has called: no browser for scripts, and none on the other end of ssh."""
    if not run.around.stdout.isatty() or run.env.get("SSH_CONNECTION"):
        return False
    return sys.platform in ("darwin", "win32") or bool(run.env.get("DISPLAY") or run.env.get("WAYLAND_DISPLAY"))


def _listener(host: str, port: int) -> socket.socket:
    """The first free port from this one on; 0 = any."""
    from newsletter_cli.web.server import bind  # lazy: uvicorn

    last: BusyError | None = None
    for number in range(port, min(port + PORTS, 65536)) if port else (0,):
        try:
            listener = bind(host, number)
        except BusyError as error:
            last = error
            continue
        try:
            listener.listen(64)  # from now on nobody else can have it
        except OSError:
            listener.close()
            continue
        return listener
    raise last or BusyError("BUSY", f"No port from {port} on is free.", sent="", fix="newsletter preview --port 0")


def own_address() -> str:
    """This computer's address in its network: the one it would write from. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return LOCAL
        return str(probe.getsockname()[0])
