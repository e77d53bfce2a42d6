"""newsletter demo: the whole job once, on this computer only. Runs the commands an editor would, in their order."""

import io
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Edge, Reply, Run, command
from newsletter_cli.cli.progress import duration
from newsletter_cli.cli.run import Surroundings
from newsletter_cli.delivery.inbox import Inbox, open_inbox
from newsletter_cli.digest.loading import load_issue
from newsletter_cli.digest.standalone import with_pictures_inside
from newsletter_cli.errors import UsageError
from newsletter_cli.newsroom import Newsroom, templates_folder, write_private
from newsletter_cli.settings import load_settings, set_value

NAME: Final = "أخبار الحقل"
DIGEST: Final = "2026-w42"
ARTICLES: Final = ("wheat", "school-year", "weather", "library", "market")
PAGE: Final = ("page.txt", "weather")  # page text, and the slug it goes in under
READER: Final = "reader1@example.org"
SCHEMA: Final = "newsletter.demo/1"
KEPT: Final = frozenset({"inbox", "digest.html", "digest.txt", "report.json"})
OURS: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME")


@command(
    "demo",
    examples=("newsletter demo", "newsletter demo try --keep"),
    exits=(Exit.OK, Exit.ERROR, Exit.USAGE),
    changes=True,
)
def demo(
    run: Run,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to put what comes out.")] = Path(
        "newsletter-demo"
    ),
    keep: Annotated[bool, typer.Option("--keep", help="Keep the whole newsroom, with sending off.")] = False,
) -> Reply:
    """A sample newsroom, five Arabic articles, ten readers, and real SMTP to an inbox that runs inside this command.
    Needs no network and no mail server."""
    root = (run.around.cwd / folder).resolve()
    _refuse(root)
    if run.globals.dry_run:
        return Reply({"dir": str(root)}, human=lambda: run.out.result(f"Would make {folder}/."))
    _clear(root)
    began = time.monotonic()
    with open_inbox() as inbox:
        sent = _whole_job(run, root, inbox)
    document = _put_out(run, root, inbox, sent)
    if keep:
        set_live_off(root)
    else:
        _leave_only_results(root)
    document["port"] = inbox.port
    return Reply(document, human=lambda: _tell(run, folder, document, time.monotonic() - began))


# --- the folder ----------------------------------------------------------------------------------------------------


def _refuse(root: Path) -> None:
    """Only an empty folder, or what an earlier demo left, is written to."""
    if not root.exists() or not any(root.iterdir()):
        return
    names = {path.name for path in root.iterdir()}
    if names <= KEPT and "report.json" in names and SCHEMA in (root / "report.json").read_text(encoding="utf-8"):
        return
    raise UsageError(
        "FOLDER-NOT-EMPTY", f"{root} holds something that is not an earlier demo.", sent="",
        facts=(("holds", ", ".join(sorted(names)[:5])),), fix="newsletter demo another-folder",
    )  # fmt: skip


def _clear(root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)


def _leave_only_results(root: Path) -> None:
    for path in root.iterdir():
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def set_live_off(root: Path) -> None:
    """A newsroom that stays behind must not be able to send."""
    config = root / "newsletter.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("live = true", "live = false"), encoding="utf-8")


# --- the steps -----------------------------------------------------------------------------------------------------


def _whole_job(run: Run, root: Path, inbox: Inbox) -> dict[str, Any]:
    """Every step as the command it is; the send's document."""
    step = _Steps(run, root, inbox)
    with step("made a sample newsroom"):
        step.call("init", str(root), "--name", NAME, "--sample", "--no-input", cwd=root.parent)
        set_value(root, "safety.require_test", "false")
    with step(f"started an inbox on 127.0.0.1:{inbox.port}"):
        pass
    with step("imported five articles, one of them the text of a page"):
        for path in (root / "articles").rglob(f"{PAGE[1]}.md"):
            path.unlink()
        step.call("articles", "import", str(templates_folder() / "sample" / PAGE[0]), "--slug", PAGE[1])
    with step("imported the readers of subscribers.csv.example"):
        step.call("subscribers", "import", str(root / "subscribers.csv.example"), "--list", "weekly", "--status",
                  "active", "--consent", "demo", "--yes")  # fmt: skip
    with step(f"composed {DIGEST}"):
        _compose(step, root)
    with step("checked it"):
        step.call("check", DIGEST)
    with step("sent it over SMTP, to every reader once"):
        step.call("config", "go-live", "--confirm", load_settings(root, env={}).settings.newsroom.id)
        return step.call("send", DIGEST, "--confirm", "weekly", "--max-recipients", "100", "--undo", "0")


def _compose(step: "_Steps", root: Path) -> None:
    """The sample's own digest file is composed anew from its articles; the editor's intro is put back under it."""
    file = root / "digests" / f"{DIGEST}.md"
    written = file.read_text(encoding="utf-8")
    file.unlink()
    subject = next(line.split(":", 1)[1].strip().strip('"') for line in written.splitlines() if "subject:" in line)
    step.call("compose", DIGEST, "--list", "weekly", "--subject", subject, "--articles", *ARTICLES)
    intro = written.split("\n---\n", 1)[1]
    file.write_text(file.read_text(encoding="utf-8").rstrip("\n") + "\n" + intro, encoding="utf-8")


class _Steps:
    """Runs commands of this program inside it, in the demo's newsroom, and says what was done."""

    def __init__(self, run: Run, root: Path, inbox: Inbox) -> None:
        self._run = run
        self._root = root
        self._env = {
            **{name: value for name, value in run.env.items() if name in OURS},
            "NEWSLETTER_USER": run.user,
            "NEWSLETTER_SMTP__HOST": inbox.host,
            "NEWSLETTER_SMTP__PORT": str(inbox.port),
            "NEWSLETTER_SMTP__SECURITY": "none",
            "NEWSLETTER_SMTP__RATE": "off",
        }

    @contextmanager
    def __call__(self, done: str) -> Iterator[None]:
        yield
        self._run.out.say(f"  ✓ {done}")

    def call(self, *words: str, cwd: Path | None = None) -> dict[str, Any]:
        """One command with --json; its document. What it refuses is our own error."""
        from newsletter_cli.cli import edge  # lazy: the edge imports the tree, which names this command

        stdout, stderr = io.StringIO(), io.StringIO()
        around = Surroundings(
            argv=(*words, "--json"), env=self._env, stdin=None, stdout=stdout, stderr=stderr, cwd=cwd or self._root,
            clock=self._run.clock,
        )  # fmt: skip
        code = edge.call(Edge(around))
        if code != Exit.OK:
            raise RuntimeError(f"newsletter {' '.join(words)}: exit {code}\n{stderr.getvalue()}\n{stdout.getvalue()}")
        document: dict[str, Any] = json.loads(stdout.getvalue())
        return document


# --- what comes out ------------------------------------------------------------------------------------------------


def _put_out(run: Run, root: Path, inbox: Inbox, sent: dict[str, Any]) -> dict[str, Any]:
    """One .eml per received message, the digest as a page that opens by itself, its text, the report."""
    folder = root / "inbox"
    folder.mkdir()
    for place, received in enumerate(sorted(inbox.messages, key=lambda one: one.recipients), 1):
        write_private(folder / f"{place:02}-{received.recipients[0]}.eml", received.data)
    settings = load_settings(root, env={}).settings
    step = _Steps(run, root, inbox)
    for kind, name in (("html", "digest.html"), ("txt", "digest.txt")):
        step.call("digests", "export", DIGEST, "--to", kind, "--as", READER, "-o", str(root / name))
    page = (root / "digest.html").read_text(encoding="utf-8")
    issue = load_issue(DIGEST, settings, Newsroom(root))
    page = with_pictures_inside(page, settings.web.public_url.rstrip("/"), issue.pictures, issue.inline_pictures)
    (root / "digest.html").write_text(page, encoding="utf-8")
    document: dict[str, Any] = {
        "dir": str(root),
        "port": inbox.port,
        "messages": len(inbox.messages),
        "inbox": str(folder),
        "html": str(root / "digest.html"),
        "text": str(root / "digest.txt"),
        "digest": DIGEST,
        "recipients": sent["recipients"],
    }
    kept = {"schema": SCHEMA, **document, "exit": 0}
    write_private(root / "report.json", (json.dumps(kept, ensure_ascii=False, indent=2) + "\n").encode())
    return document


def _tell(run: Run, folder: Path, document: dict[str, Any], seconds: float) -> None:
    tally = document["recipients"]
    run.out.done("Sent. Every reader is accounted for:")
    run.out.result(
        f"    {tally['total']} = {tally['accepted']} accepted + {tally['failed']} failed + "
        f"{tally['uncertain']} uncertain + {tally['skipped']} skipped"
    )
    run.out.result(f"Look at   {folder}/digest.html     {folder}/inbox/ ({document['messages']} .eml)")
    run.out.detail(f"It took {duration(timedelta(seconds=seconds))}.")
