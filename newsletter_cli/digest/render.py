"""A digest file and its articles → the issue: HTML, text part, subject, with holes for what differs per reader.

    placed     articles in their order and sizes
    stage 1    theme + views → page with markers        once, sandboxed
    inline     CSS into attributes                      once, premailer
    cut        markers → slots and blocks               once
What is rendered here is what test, send, export and the web copy show: there is no second way to render.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from markupsafe import Markup

from newsletter_cli.articles.model import Article, Block
from newsletter_cli.articles.readers.markdown import markdown_blocks
from newsletter_cli.digest import style as stylesheet
from newsletter_cli.digest.choose import placed
from newsletter_cli.digest.facts import Facts, facts_of
from newsletter_cli.digest.inline import inline
from newsletter_cli.digest.inlined import InlinedPages
from newsletter_cli.digest.intro import SLOT_BASE, slot_links
from newsletter_cli.digest.markup import Writer, between_marks
from newsletter_cli.digest.model import DigestFile, Entry, Issue, Size
from newsletter_cli.digest.page import Scene, article_view, intro_view, original_date, way, way_fields
from newsletter_cli.digest.shelf import LOGO, shelf_for
from newsletter_cli.digest.slots import Marks, NonceTakenError, cut_html, cut_text, nonce_for
from newsletter_cli.digest.text import RULE, article_text, finished, intro_text, marked
from newsletter_cli.digest.theme import TIME_LIMIT, Stage, Theme, theme_texts
from newsletter_cli.digest.views import IssueView, LogoView, NewsroomView
from newsletter_cli.digest.words import Words
from newsletter_cli.language import format_date, message
from newsletter_cli.mail.document import Document, Place
from newsletter_cli.newsroom import Newsroom, templates_folder
from newsletter_cli.settings import Settings

# Combining grapheme joiner, zero-width non-joiner, no-break space: 40 times fills the line of an inbox, 80 times and
# more is scored as invisible text.
_FILLER: Final = Markup("&#847;&zwnj;&nbsp;" * 40)
_KEPT: Final = re.compile(r"(<pre\b.*?</pre>|<style\b.*?</style>)", re.DOTALL)


def render_issue(
    file: DigestFile,
    articles: Sequence[Article],
    settings: Settings,
    newsroom: Newsroom,
    *,
    seconds: float = TIME_LIMIT,
    inlined: InlinedPages | None = None,
) -> Issue:
    """The issue as every reader will get it, without what differs between readers and without any clock.

    articles: at least those the file names, in any order.  seconds: after which a template is stopped.
    inlined: pages that need not be inlined again.
    Raises UsageError NOT-FOUND (a list or an article the file names), RefusedError TEMPLATE, ConfigError.
    """
    facts = facts_of(file, settings, newsroom)
    entries = placed(file, articles, settings.compose.cards, quotes=settings.compose.quotes)
    theme = Theme(file.template, (newsroom.templates, templates_folder()))
    inputs = (repr(file), repr(entries), theme.find(f"{file.template}.html.j2").text)
    for turn in range(8):
        marks = Marks(nonce_for(inputs, turn))
        try:
            marks.refuse_in(repr(entries))
            return _Rendering(file, entries, facts, theme, marks, seconds, inlined).issue()
        except NonceTakenError:
            continue
    raise RuntimeError("eight hashes in a row occur in the digest's own text")


@dataclass(frozen=True, slots=True)
class _Rendering:
    """One rendering: everything that its steps share."""

    file: DigestFile
    entries: tuple[Entry, ...]
    facts: Facts
    theme: Theme
    marks: Marks
    seconds: float
    inlined: InlinedPages | None

    def issue(self) -> Issue:
        """All documents of the issue."""
        file, facts, marks = self.file, self.facts, self.marks
        subject = marks.hide(file.subject.strip(), file.shown, first_line=file.line("subject"))
        preheader = marks.hide(file.preheader.strip(), file.shown, first_line=file.line("preheader"))
        hidden_intro = marks.hide(file.intro, file.shown, first_line=file.line("intro"))
        intro = slot_links(markdown_blocks(marks.tags_apart(hidden_intro), base_url=SLOT_BASE), marks)
        shelf = shelf_for(facts, self.entries)
        scene = Scene(shelf, facts.digits, facts.digits_of, self._article_day(), facts.root)
        html = self._html(preheader, intro, scene)
        return Issue(
            root=facts.root,
            file=file,
            entries=self.entries,
            language=facts.language,
            direction=facts.direction,
            list_title=facts.list_title,
            list_id=facts.list_id,
            newsroom_id=facts.newsroom_id,
            sender=facts.sender,
            reply_to=facts.reply_to,
            postal=facts.postal,
            manner=facts.manner,
            subject=cut_text(marked(subject, facts.direction, marks), marks, Place.HEADER),
            preheader=cut_text(preheader, marks, Place.TEXT),
            html=html,
            text=self._text(intro),
            pictures=tuple(shelf.stored.values()),
            inline_pictures=tuple(shelf.carried.values()),
            lost_pictures=tuple(shelf.lost),
            placed_pictures=tuple(shelf.placed),
            theme=theme_texts(self.theme),
            website=facts.website,
        )

    # --- HTML

    def _html(self, preheader: str, intro: Sequence[Block], scene: Scene) -> Document:
        css = self.theme.css
        style = stylesheet.part(css.text, css.shown)
        facts = self.facts
        words = Words(facts.language, facts.digits, html=True)
        email = Markup('<span dir="ltr">{}</span>').format(self._email())
        page = self._stage(words).render(
            self.theme.find(f"{self.theme.name}.html.j2"),
            {
                **words.names(),
                "issue": self._issue_view(preheader, intro, scene),
                "newsroom": self._newsroom_view(scene),
                "style": {"inlined": Markup(style.inlined), "phone": Markup(style.phone), "dark": Markup(style.dark)},
                "ltr": way("en", "ltr", "latn"),
                "email": email,
            },
            escape=True,
        )
        marked = self.marks.tags_as_comments(page)
        inlined = _squeezed(self._inlined(marked))
        if self.marks.order(inlined) != self.marks.order(marked):
            raise RuntimeError("the inliner has moved or lost a slot")
        return cut_html(self._without_spare_link(inlined), self.marks)

    def _inlined(self, page: str) -> str:
        if self.inlined is None:
            return inline(page, self.facts.inliner)
        return self.inlined.page(page, self.facts.inliner, self.marks.nonce)

    def _issue_view(self, preheader: str, intro: Sequence[Block], scene: Scene) -> IssueView:
        facts = self.facts
        lead = next((entry.number for entry in self.entries if entry.size is Size.FULL), 0)
        views = tuple(article_view(entry, scene, is_lead=entry.number == lead) for entry in self.entries)
        return IssueView(
            **way_fields(facts.language, facts.direction, facts.digits),
            id=self.file.id,
            title=self._title(),
            list_title=facts.list_title,
            preheader=Writer(facts.direction, self.marks).text(preheader),
            filler=_FILLER,
            date=self._day(),
            intro=intro_view(intro, facts.language, facts.direction, self.marks, scene),
            articles=views,
            full=tuple(view for view in views if view.size == Size.FULL),
            cards=tuple(view for view in views if view.size == Size.CARD),
            lines=tuple(view for view in views if view.size == Size.LINE),
            if_large=Markup("<!--{}-->").format(self._spare("large")),
            end_large=Markup("<!--{}-->").format(self._spare("end")),
        )

    def _newsroom_view(self, scene: Scene) -> NewsroomView:
        facts = self.facts
        placed_logo = scene.shelf.place(facts.logo, beside=facts.root, slug="", key="logo", widest=LOGO)
        return NewsroomView(
            name=facts.name,
            website=facts.website,
            reply_to=(facts.reply_to or facts.sender).address,
            postal=facts.postal,
            logo=LogoView(src=placed_logo.src, width=placed_logo.width) if placed_logo else None,
        )

    def _spare(self, name: str) -> str:
        return f"nl{self.marks.nonce}{name}"

    def _without_spare_link(self, html: str) -> str:
        """Without the second unsubscribe link in the top bar, unless Gmail might cut the footer off."""
        begin, end = f"<!--{self._spare('large')}-->", f"<!--{self._spare('end')}-->"
        if len(html.encode()) > self.facts.size_warning:
            return html.replace(begin, "").replace(end, "")
        return re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", "", html, flags=re.DOTALL)

    # --- text part

    def _text(self, intro: Sequence[Block]) -> Document:
        facts = self.facts
        words = Words(facts.language, facts.digits, html=False)
        day = self._article_day()
        articles = tuple(
            article_text(
                entry,
                facts.digits,
                facts.digits_of(entry.article.language),
                day(entry.article),
                facts.direction,
            )
            for entry in self.entries
        )
        issue = {
            "id": self.file.id,
            "date": self._day(),
            "list_title": facts.list_title,
            "intro": intro_text(intro, facts.language, facts.digits, self.marks),
            "articles": articles,
        }
        newsroom = {
            "name": facts.name,
            "website": facts.website,
            "reply_to": (facts.reply_to or facts.sender).address,
            "postal": facts.postal,
        }
        values = {
            **words.names(),
            "issue": issue,
            "newsroom": newsroom,
            "rule": RULE,
            "email": between_marks(self._email()) if facts.direction == "rtl" else self._email(),
        }
        file = self.theme.find(f"{self.theme.name}.txt.j2", "digest.txt.j2")
        text = self._stage(words).render(file, values, escape=False)
        return cut_text(finished(text, facts.direction, self.marks), self.marks, Place.TEXT)

    # --- what both show

    def _stage(self, words: Words) -> Stage:
        return Stage(self.theme, self.marks, {"plural": words.plural}, self.seconds)

    def _email(self) -> str:
        # The public copy belongs to nobody: it says "the reader's address" there.
        nobody = message("digest.any_address", self.facts.language)
        return self.marks.hide(f'[[ email | default("{nobody}") ]]', self.theme.name)

    def _title(self) -> str:
        """The subject for <title>, where nothing can be filled in: slots left out, or the newsroom's name."""
        plain = self.marks.hide(self.file.subject, self.file.shown)
        return self.file.subject.strip() if plain == self.file.subject and plain.strip() else self.facts.name

    def _page_date(self) -> str:
        """The date as the page's writer spelled it, when the issue is one page."""
        only = self.entries[0] if len(self.entries) == 1 else None
        return original_date(only.article) if only is not None and only.size is Size.FULL else ""

    def _day(self) -> str:
        newest = max((entry.article.date for entry in self.entries if entry.article.date), default=None)
        day = self.file.date or newest
        return self._page_date() or (self._printed(day, self.facts.language) if day else "")

    def _article_day(self) -> Callable[[Article], str]:
        in_top_bar = bool(self._page_date())

        def day(article: Article) -> str:
            if in_top_bar:
                return ""
            printed = self._printed(article.date, article.language, weekday=False) if article.date else ""
            return original_date(article) or printed

        return day

    def _printed(self, day: date, language: str, *, weekday: bool = True) -> str:
        manner = self.facts.manner
        return format_date(
            day,
            language=language,
            locale=manner.locale if self.facts.is_own(language) else language,
            months=manner.months,
            digits=self.facts.digits_of(language),
            calendar=manner.calendar,
            weekday=weekday,
        )


def _squeezed(html: str) -> str:
    """Without indentation and empty lines, which cost a tenth of the size that Gmail counts."""
    parts = _KEPT.split(html)
    parts[::2] = [re.sub(r"\s*\n\s*", "\n", part) for part in parts[::2]]
    return "".join(parts).strip() + "\n"
