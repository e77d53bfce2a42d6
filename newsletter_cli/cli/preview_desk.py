"""The newsroom behind the preview: a digest rendered anew when a file has changed, one reader's message, the test."""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypedDict, TypeVar, cast

from newsletter_cli.articles.reading import article_files, read_article
from newsletter_cli.cli.editor import editor_command, open_in_editor
from newsletter_cli.cli.frame import Run
from newsletter_cli.cli.issue import findings_of
from newsletter_cli.cli.options import Lang
from newsletter_cli.cli.trial import send_test
from newsletter_cli.delivery.keys import load_keyring
from newsletter_cli.delivery.outlets import press_for
from newsletter_cli.delivery.sends import find_send, recent_audiences
from newsletter_cli.digest.check.clients import support_of
from newsletter_cli.digest.check.finding import Finding
from newsletter_cli.digest.check.message import page_size
from newsletter_cli.digest.check.tree import read_document
from newsletter_cli.digest.file import digest_ids, find_digest
from newsletter_cli.digest.freeze import freeze
from newsletter_cli.digest.loading import issue_of
from newsletter_cli.digest.model import Choice, DigestFile, Issue, Size
from newsletter_cli.digest.style import part
from newsletter_cli.digest.theme import Theme
from newsletter_cli.digest.versions import StoredVersion, last_trial, version_of
from newsletter_cli.errors import NewsletterError, RefusedError, UsageError
from newsletter_cli.language import direction_of, message
from newsletter_cli.mail.address import parse_address
from newsletter_cli.mail.content import Content
from newsletter_cli.mail.document import BlockPiece, Document, Slot
from newsletter_cli.mail.leaving import one_click_is_signed
from newsletter_cli.mail.links import ascii_url
from newsletter_cli.mail.pages import Page
from newsletter_cli.mail.problems import AddressProblem, MailProblem
from newsletter_cli.mail.reader import Reader
from newsletter_cli.mail.rendering import render_public, render_sample
from newsletter_cli.newsroom import Newsroom, templates_folder
from newsletter_cli.settings import Settings
from newsletter_cli.subscribers.audience import count, samples
from newsletter_cli.subscribers.domains import readers_by_domain
from newsletter_cli.subscribers.lists import list_id
from newsletter_cli.subscribers.reading import find
from newsletter_cli.subscribers.where import parse_where
from newsletter_cli.web.preview_model import CAST, Fault, Look, Picture, Problem, Sheet, Told
from newsletter_cli.web.repository import picture_of

T = TypeVar("T")
PEOPLE: Final = 20  # readers to choose from
AROUND: Final = 2  # lines before and after the one that is wrong
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_PLACE: Final = re.compile(r"(.+):(\d+)")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at: a digest, or an article as if it were one."""

    id: str
    article: bool = False


@dataclass(slots=True)
class NewsroomDesk:
    """See web.preview_model.Desk. Each change is read by a run of its own, settings included."""

    run: Run
    subject: Subject
    language: str  # of sentences: ar | en
    in_network: bool = False  # other devices look too: nobody there opens programs on this one
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seen: str = ""
    _look: Look | Fault | None = None

    def state(self) -> str:
        """Times and sizes of every file that the digest may be made of."""
        return "\n".join(sorted(_states(self.run.newsroom, self.run.settings)))

    def look(self) -> Look | Fault:
        """One rendering at a time, and none while nothing has changed."""
        with self._lock:
            state = self.state() + self._acts()
            if self._look is None or state != self._seen:
                look = self._with_run(lambda run: look_at(run, self.subject))
                self._look = replace(look, can_open=False) if self.in_network and isinstance(look, Look) else look
                self._seen = state
            return self._look

    def sheet(self, look: Look, who: str) -> Sheet | Fault:
        """The message as a send would make it; its links are those of nobody."""
        return self._with_run(lambda run: sheet_of(run, look, who))

    def web(self, look: Look) -> str:
        """As /archive/ID shows it."""
        base = ascii_url(self.run.settings.web.public_url)
        return render_public(look.content, f"{base}/archive/{look.content.digest}")

    def picture(self, hash_: str) -> Picture | None:
        """Of the version that is shown; one that was sent lies in the database."""
        look = self.look()
        if isinstance(look, Fault) or hash_ not in look.content.online_pictures:
            return None
        if hash_ in look.pictures:
            return look.pictures[hash_]
        with self.run.storage.read() as connection:
            found = picture_of(connection, hash_)
        return None if found is None else Picture(found.media_type, found.data)

    def open(self, file: str, line: int) -> bool:
        """Only a file of the newsroom, and only one that the page itself names."""
        look = self.look()
        named = {look.place.rpartition(":")[0]} if isinstance(look, Fault) else {one.file for one in look.problems}
        path, root = self.run.newsroom.root / file, self.run.newsroom.root.resolve()
        if self.in_network or file not in named or not path.is_file() or not path.resolve().is_relative_to(root):
            return False
        return open_in_editor(self.run.env, path.resolve(), line)

    def test(self, who: str) -> Told:
        """`newsletter test ID`, to team.test_to: the only way out of here."""
        if self.subject.article:
            return Told(ok=False, live=False, problem="An article alone cannot be tested.")
        known = who if "@" in who else None
        told = self._with_run(lambda run: _tested(run, self.subject.id, known))
        if isinstance(told, Fault):
            return Told(ok=False, live=self.run.settings.safety.live, problem=told.message)
        with self._lock:
            self._look = None  # it has been tested now
        return told

    def _acts(self) -> str:
        """What else changes the panel: a test from another terminal."""
        with self.run.storage.read() as connection:
            trial = last_trial(connection, self.subject.id)
            send = find_send(connection, self.subject.id)
        return f"{trial} {send.state if send else ''}"

    def _with_run(self, work: Callable[[Run], T]) -> "T | Fault":
        """The work of a run of its own, which reads newsletter.toml anew; its errors are what is shown."""
        options = replace(self.run.globals, lang=Lang(self.language), quiet=True, dry_run=False)
        fresh = Run(self.run.words, options, self.run.around, sends=True)
        try:
            return work(fresh)
        except NewsletterError as error:
            return fault_of(self.run.newsroom, error)
        finally:
            fresh.close()


# --- what to look at -------------------------------------------------------------------------------------------


def subject_of(run: Run, given: str | None) -> Subject:
    """A digest, an article's slug, or the newest digest that is not sent yet.  UsageError NOT-FOUND."""
    ids = digest_ids(run.newsroom)
    if given is None:
        with run.storage.read() as connection:
            waiting = [id_ for id_ in ids if find_send(connection, id_) is None]
        if not waiting:
            raise UsageError("NOT-FOUND", "There is no digest that is still to be sent.", sent="",
                             fix="newsletter compose")  # fmt: skip
        return Subject(waiting[-1])
    if given not in ids and any(path.stem == given for path in _articles(run.newsroom, run.settings)):
        return Subject(given, article=True)
    find_digest(run.newsroom, given)  # says so, with the likeliest id
    return Subject(given)


def look_at(run: Run, subject: Subject) -> Look:
    """The digest as its files say, or as it was frozen for its send.  Raises NewsletterError."""
    if not subject.article:
        with run.storage.read() as connection:
            send = find_send(connection, subject.id)
            stored = version_of(connection, send.version) if send is not None else None
        if stored is not None:
            return _frozen_look(run, stored)
    file = _alone(run, subject.id) if subject.article else find_digest(run.newsroom, subject.id)
    issue = issue_of(file, run.settings, run.newsroom, run.inlined)
    return _fresh_look(run, issue, can_test=not subject.article)


def _alone(run: Run, slug: str) -> DigestFile:
    path = next(path for path in _articles(run.newsroom, run.settings) if path.stem == slug)
    lists = run.settings.lists
    if not lists:
        raise UsageError(
            "NOT-FOUND", "There is no list to show the article for.", sent="", fix="newsletter lists create"
        )
    from_title = issue_title(run, path)
    shown = path.relative_to(run.newsroom.root).as_posix()
    return DigestFile(id=slug, path=path, shown=shown, list=next(iter(lists)), subject=from_title,
                      articles=(Choice(slug, Size.FULL, 1),))  # fmt: skip


def issue_title(run: Run, path: Path) -> str:
    """The title of an article, as the subject of a digest of it alone."""
    settings = run.settings.newsroom
    return read_article(path, root=run.newsroom.root, language=settings.language, newsroom=settings.name).title


def _fresh_look(run: Run, issue: Issue, *, can_test: bool) -> Look:
    content = freeze(issue)
    theme = Theme(issue.file.template, (run.newsroom.templates, templates_folder()))
    css = theme.find(f"{theme.name}.css", "style.css")
    return _look(
        run, content, issue.preheader,
        problems=tuple(_problem(run.newsroom, one) for one in findings_of(run, issue)),
        pictures={one.hash: Picture(one.media_type, one.data) for one in issue.pictures},
        stylesheet=part(css.text, css.shown).inlined,
        can_test=can_test,
    )  # fmt: skip


def _frozen_look(run: Run, stored: StoredVersion) -> Look:
    return _look(run, stored.content, Document(()), problems=(), pictures={}, stylesheet="", can_test=True, sent=True)


def _look(
    run: Run, content: Content, preheader: Document, *, problems: tuple[Problem, ...], pictures: dict[str, Picture],
    stylesheet: str, can_test: bool, sent: bool = False,
) -> Look:  # fmt: skip
    settings, now, version = run.settings, run.clock(), content.digest_hex()
    where = parse_where(content.where)
    with run.storage.read() as connection:
        number = list_id(connection, content.list)
        trial = last_trial(connection, content.digest)
        readers = None if number is None else count(connection, now, list_id=number, where=where)
        people = () if number is None else samples(connection, now, list_id=number, where=where, n=PEOPLE)
        before = () if number is None else recent_audiences(connection, number, 1)
        domains = {} if number is None else readers_by_domain(connection, now, list_id=number, where=where)
    support = support_of(read_document(content.html), domains)
    return Look(
        content=content,
        version=version,
        preheader=preheader,
        direction=direction_of(content.language),
        problems=problems,
        pictures=pictures,
        stylesheet=stylesheet,
        size=page_size(content.html, settings.web.public_url),
        size_warning=settings.check.size.warn,
        size_error=settings.check.size.error,
        signed=one_click_is_signed(settings.smtp),
        live=settings.safety.live,
        test_to=settings.team.test_to,
        can_test=can_test,
        sent=sent,
        readers=readers,
        before=before[0] if before else None,
        tested=run.out.when(trial.at) if trial else "",
        tested_this=trial is not None and trial.version == version,
        people=people,
        can_open=editor_command(run.env, run.newsroom.config, 0) is not None,
        score=support.score,
        worst=support.worst,
    )


def _problem(newsroom: Newsroom, finding: Finding) -> Problem:
    lines = _lines(newsroom, finding.file) if finding.line else []
    quote = lines[finding.line - 1] if finding.line and finding.line <= len(lines) else ""
    return Problem(code=finding.code, level=finding.level.value, text=finding.text, file=finding.file,
                   line=finding.line, quote=quote[:400], fix=finding.fix)  # fmt: skip


# --- one reader's message --------------------------------------------------------------------------------------


def sheet_of(run: Run, look: Look, who: str) -> Sheet:
    """The bytes of one message, and their parts.  RefusedError CHECKS for a reader whose message cannot be built."""
    reader = _reader(run, look.content, who)
    with run.storage.read() as connection:
        keyring = load_keyring(connection)
    press = press_for(look.content, run.settings, run.newsroom.root, keyring, run.clock())
    try:
        data = press.message(reader).joined()
        sample = render_sample(look.content, reader, press.compiled.links)
    except MailProblem as problem:
        raise RefusedError("CHECKS", problem.sentence, facts=[("reader", reader.email)],
                           fix="give the field a default: [[ name | default(\"…\") ]]") from problem  # fmt: skip
    values = {**reader.fields, "email": reader.email, "name": reader.name}
    preheader = Page.of(look.preheader, look.content.language, look.content.manner, lenient=True).render(values)
    head = data.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    return Sheet(message=data, html=sample.html, text=sample.text, subject=sample.subject, preheader=preheader.strip(),
                 fields=tuple(_fields(head)))  # fmt: skip


def _fields(head: str) -> Iterator[tuple[str, str]]:
    for line in re.sub(r"\r\n(?=[ \t])", "", head).split("\r\n"):
        name, _, value = line.partition(":")
        yield name, value.strip()


def _reader(run: Run, content: Content, who: str) -> Reader:
    """Numbers of nobody: no link of a preview changes anything."""
    sample = message("mail.sample_reader", content.language)
    if who in CAST:
        names = {} if who == "empty" else dict.fromkeys(_names(content), CAST[who])
        return Reader(email="reader@example.org", name=CAST[who], fields=names)
    if not who:
        return Reader(email="reader@example.org", name=sample, fields={})
    try:
        parsed = parse_address(who)
    except AddressProblem as problem:
        raise UsageError("USAGE", f"“{who}” is not an address: {problem.sentence}", sent="") from problem
    with run.storage.read() as connection:
        known = find(connection, parsed.key, run.clock(), slug=content.list)
    if known is None:
        return Reader(email=parsed.spelling, name=sample, fields={})
    return Reader(email=known.address, name=known.name, fields=known.fields)


def _names(content: Content) -> set[str]:
    """Every word in the slots: the fields are among them."""
    pieces = (*content.subject.pieces, *content.html.pieces, *content.text.pieces)
    sources = [one.expression if isinstance(one, Slot) else one.source for one in pieces
               if isinstance(one, Slot | BlockPiece)]  # fmt: skip
    return {name for source in sources for name in _NAME.findall(source)} - {"email", "name", "unsubscribe", "view"}


def _tested(run: Run, id_: str, who: str | None) -> Told:
    sent = cast(_Sent, send_test.function(run, digest=id_, to=None, as_=who).document)
    lines = tuple((one["email"], one["answer"]) for one in sent["sent"])
    taken = all(one["accepted"] for one in sent["sent"])
    return Told(ok=taken or not sent["live"], live=sent["live"], lines=lines, version=sent["version"])


class _Line(TypedDict):
    email: str
    accepted: bool
    answer: str


class _Sent(TypedDict):
    """newsletter.test/1."""

    version: str
    live: bool
    sent: list[_Line]


# --- files -----------------------------------------------------------------------------------------------------


def fault_of(newsroom: Newsroom, error: NewsletterError) -> Fault:
    """An error with the lines it speaks of."""
    place = dict(error.facts).get("file", "")
    found = _PLACE.fullmatch(place)
    lines = _lines(newsroom, found[1]) if found else []
    number = int(found[2]) if found else 0
    first = max(1, number - AROUND)
    around = tuple(enumerate(lines[first - 1 : number + AROUND], first)) if number else ()
    return Fault(code=error.code, message=error.message, place=place, around=around, line=number, fix=error.fix)


def _lines(newsroom: Newsroom, shown: str) -> list[str]:
    """The lines of a file as errors and findings name it; none when it is no file of ours."""
    places = (newsroom.root / shown, templates_folder() / shown.removeprefix("templates/"))
    for folder, path in zip((newsroom.root, templates_folder()), places, strict=True):
        try:
            if path.resolve().is_relative_to(folder.resolve()) and path.is_file():
                return path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
    return []


def _articles(newsroom: Newsroom, settings: Settings) -> Iterator[Path]:
    return article_files(newsroom.root, settings.compose.articles)


def _states(newsroom: Newsroom, settings: Settings) -> Iterator[str]:
    """One line a file: a save changes its time, also where an editor puts a new file in the old one's place."""
    beside = {path.parent for path in _articles(newsroom, settings)}
    found = [newsroom.config, *newsroom.digests.glob("*.md")]
    for folder in (newsroom.templates, templates_folder()):
        found += [path for path in folder.rglob("*") if path.is_file()]
    for folder in beside:
        found += [path for path in folder.iterdir() if path.is_file()]
    for path in found:
        try:
            known = path.stat()
        except OSError:  # taken away while we look: the next look says so
            continue
        yield f"{path} {known.st_mtime_ns} {known.st_size} {known.st_ino}"
