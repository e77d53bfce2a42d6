"""Where the article is on a page: its headline, the text, what stands between them, and what is only furniture.

    furniture out → headline found → pictures and their words joined → the smallest part that holds the text
    before the text: byline, date, kicker, lead picture  ·  after it: labels such as «المصدر» and nothing else

Nothing here is safe to show yet: the parts still pass nh3.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from lxml.html import HtmlElement

from newsletter_cli.articles import lines as shapes
from newsletter_cli.articles.model import Related
from newsletter_cli.articles.readers import page_hints as hints
from newsletter_cli.articles.readers.page_boxes import (
    byline_in,
    followers_of,
    headlines_in,
    is_label,
    line_with_label,
    name_in,
    related_label,
    source_in,
    time_in,
    trail_in,
)
from newsletter_cli.articles.readers.page_cleaning import join_captions, prepare
from newsletter_cli.articles.readers.page_trees import (
    GROUPS,
    HEADINGS,
    TEXT_BLOCKS,
    YEAR,
    after,
    asks_consent,
    before,
    has_year,
    holds,
    html,
    in_furniture,
    is_in_figure,
    is_inside,
    is_said,
    lines,
    own_text,
    signature,
    spread,
    words_of,
)
from newsletter_cli.language import fold_digits

_LEAST: Final = 40  # letters of a block that counts as text of an article
_WHOLE: Final = 100  # letters of text in a page of which parts can be told; a shorter one is taken as it is
_GREAT: Final = 0.4  # a part with more of the page's text than this is no furniture, whatever its name says
_MOST: Final = 0.75  # of the text must lie in the part that is called the article's
_TITLE: Final = 8  # letters and digits of a headline that is recognised by its words
_HEAD_LINE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A page taken apart; HTML that is not yet safe, "" where there is none."""

    title: str  # the headline as the page shows it
    before: str  # above the headline
    opening: str  # between headline and text
    body: str
    closing: str  # after the text
    kicker: str
    author: str
    source: str  # of a line that is named so
    time: str  # the first <time datetime> that is not that of a change
    spare: tuple[str, ...]  # short furniture inside the article that holds a year, perhaps in a date
    related: tuple[Related, ...]  # of boxes beside and under the text
    dropped: tuple[str, ...]  # words of navigation, side columns, share buttons and footers
    whole: bool  # a page of a web site, of which parts were told


@dataclass(frozen=True, slots=True)
class Around:
    """What the page's head says beside its title."""

    site: str  # the site's name
    description: str
    is_site: bool  # there is more on the page than the article


def parts_of(body: HtmlElement, said: Sequence[str], around: Around, texts: Iterable[str] = ()) -> Parts:
    """The parts of a page.

    said: what the page's head calls it, best first.  texts: paragraphs of the article as an extractor found them; they
    only help to find the part in which the article is.
    """
    page = _Page(body, said, around.site, around.description, around.is_site)
    return page.parts([shapes.key(text) for text in texts])


@dataclass(slots=True)
class _Page:
    body: HtmlElement
    said: Sequence[str]
    site: str
    description: str
    is_site: bool
    spare: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    related: list[Related] = field(default_factory=list)
    weights: dict[HtmlElement, int] = field(default_factory=dict)
    title: HtmlElement | None = None
    crumb: str = ""

    def parts(self, texts: list[str]) -> Parts:
        prepare(self.body)
        self.weigh()
        self.title = self.find_title()
        if self.is_site:
            self.take_furniture()
            self.weigh()
        whole = self.is_site and self.weights.get(self.body, 0) >= _WHOLE
        if whole:
            self.take_related()
            join_captions(self.body, self.title)
            self.weigh()
        scope = self.scope()
        kicker, author, time = self.kicker(scope), byline_in(scope), time_in(scope)
        source = source_in(scope) if whole else ""
        title = words_of(self.title)
        before, opening, core, closing = self.cut(scope, texts) if whole else ([], [], [scope], [])
        return Parts(
            title=title, kicker=kicker, author=author, source=source, time=time, whole=whole,
            before=html(before), opening=html(lines(opening)), body=html(core), closing=html(closing),
            spare=tuple(self.spare),
            related=tuple(dict.fromkeys(self.related)), dropped=tuple(dict.fromkeys(filter(None, self.dropped))),
        )  # fmt: skip

    # --- how much text lies where

    def weigh(self) -> None:
        self.weights = {}
        for element in self.body.iter():
            if element.tag not in TEXT_BLOCKS or element.tag in HEADINGS or is_in_figure(element):
                continue
            own, linked = own_text(element)
            if own >= _LEAST and linked < own / 2 and not self.is_head_line(element, own):
                self.add(element, own - linked)

    def is_head_line(self, element: HtmlElement, own: int) -> bool:
        """The headline, or a line of dates and names."""
        words = words_of(element)
        dated = own <= _HEAD_LINE and bool(YEAR.search(fold_digits(words))) and not shapes.ends_sentence(words)
        return dated or words == words_of(self.title)

    def add(self, element: HtmlElement | None, weight: int) -> None:
        while element is not None:
            self.weights[element] = self.weights.get(element, 0) + weight
            element = element.getparent()

    def weight(self, element: HtmlElement) -> int:
        return self.weights.get(element, 0)

    # --- the headline

    def find_title(self) -> HtmlElement | None:
        """The element that says what the page's head says; else the first heading that is not the site's name."""
        said = [key for text in self.said if len(key := shapes.key(text)) >= _TITLE]
        site = shapes.key(self.site)
        best: tuple[int, int, HtmlElement] | None = None
        for element in self.body.iter(*HEADINGS, "p", "div", "td", "b", "strong", "span", "font"):
            words = words_of(element)
            found = shapes.key(words) if len(words) <= 300 else ""
            if len(found) < _TITLE or found == site or not any(is_said(found, text) for text in said):
                continue
            rank = len(HEADINGS) - HEADINGS.index(element.tag) if element.tag in HEADINGS else 0
            if best is None or (len(found), rank) > best[:2]:
                best = (len(found), rank, element)
        heading = self.first_heading(site)
        if best is None:
            return heading
        if best[1] == 0 and heading is not None and heading.tag == "h1" and in_furniture(best[2]):
            return heading
        return best[2]

    def first_heading(self, site: str) -> HtmlElement | None:
        for tag in ("h1", "h2"):
            found = [element for element in self.body.iter(tag) if self.may_be_title(element, site)]
            if found:
                return found[0] if tag == "h1" else None if len(found) > 1 else found[0]
        return None

    def may_be_title(self, element: HtmlElement, site: str) -> bool:
        links = [link.get("href", "") for link in element.iter("a")]
        words = shapes.key(words_of(element))
        return bool(words) and words != site and not any(link in ("/", "#", "index.html") for link in links)

    # --- what is not the article

    def take_furniture(self) -> None:
        total = self.weight(self.body)
        for element in list(self.body.iter()):
            if element is self.body or not is_inside(element, self.body):
                continue
            if not hints.is_furniture(element):
                if element.tag in ("p", "div", "span") and asks_consent(element):
                    self.drop(element)
                continue
            if hints.is_unseen(element):
                element.drop_tree()
            elif not self.is_great(element, total) and not self.is_related(element):
                self.crumb = self.crumb or trail_in(element, words_of(self.title))
                self.drop(element)

    def is_great(self, element: HtmlElement, total: int) -> bool:
        if total < _WHOLE:  # a page too short to weigh: its own tags are believed, names of classes are not
            return element.tag not in hints.TAGS and not hints.has_role(element)
        holds_title = self.title is not None and (element is self.title or element in self.title.iterancestors())
        return holds_title or self.weight(element) > _GREAT * total

    def is_related(self, element: HtmlElement) -> bool:
        return self.weight(self.body) >= _WHOLE and bool(related_label(element)) and element.find(".//a") is not None

    def drop(self, element: HtmlElement) -> None:
        words = " ".join(" ".join(element.itertext()).split())
        inside = any(each.tag in ("article", "main") for each in element.iterancestors())
        if inside and len(words) <= 200 and YEAR.search(fold_digits(words)):
            self.spare.append(words)
        self.dropped.append(words)
        if element.getparent() is not None:
            element.drop_tree()

    def take_related(self) -> None:
        """Boxes of links to other articles; a single line «اقرأ أيضا: …» stays in its place in the text."""
        for element in list(self.body.iter()):
            if not is_inside(element, self.body) or element.tag not in GROUPS or element.tag == "p":
                continue
            label = related_label(element)
            named = hints.is_related(element) and element.find(".//a") is not None
            if (label and not line_with_label(element)) or named:
                self.take_box(element, labelled=bool(label))
        for element in list(self.body.iter(*HEADINGS, "p", "div", "strong", "b", "span", "font")):
            if is_inside(element, self.body) and is_label(words_of(element)):
                self.take_after(element)

    def take_box(self, element: HtmlElement, *, labelled: bool) -> None:
        links = headlines_in(element)
        total = self.weight(self.body)
        if not links or self.weight(element) > min(_GREAT * total, 150 * len(links)):
            return
        if self.title is not None and element in self.title.iterancestors():
            return
        if labelled or len(links) > 1 or hints.is_related(element):
            self.related += links
            element.drop_tree()

    def take_after(self, label: HtmlElement) -> None:
        """The links that follow a heading such as «مواضيع ذات صلة», which may stand in a box of its own."""
        node = label
        while node.getparent() is not self.body and node.getparent() is not None and not followers_of(node):
            node = node.getparent()
        taken = False
        for follower in followers_of(node):
            links = headlines_in(follower)
            if not links or follower.tag in HEADINGS or self.weight(follower) > 150 * len(links):
                break
            self.related += links
            follower.drop_tree()
            taken = True
        if taken:
            label.drop_tree()

    # --- the part with the text

    def scope(self) -> HtmlElement:
        total = self.weight(self.body)
        for path in (".//article", ".//main | .//*[@role='main']"):
            found = self.body.xpath(path)
            best = max(found, key=lambda element: (self.weight(element), len(words_of(element))), default=None)
            if best is not None and self.weight(best) >= 0.5 * total:
                return self.with_title(best)
        return self.body

    def with_title(self, element: HtmlElement) -> HtmlElement:
        """The element, or the next one around it that also holds the headline."""
        if self.title is None or element is self.title or not is_inside(self.title, self.body):
            return element
        around = [element, *element.iterancestors()]
        return next((each for each in around if each is self.title or each in self.title.iterancestors()), element)

    def cut(self, scope: HtmlElement, texts: list[str]) -> tuple[list[HtmlElement], ...]:
        core = self.core(scope, texts)
        title = self.title if self.title is not None and is_inside(self.title, scope) else None
        if title is None or title is core:
            return ([], before(scope, core), [core], after(scope, core))
        closing = [spread(part) for part in after(scope, core)]
        if core in title.iterancestors():
            above, below = [*before(scope, core), *before(core, title)], after(core, title)
            start = self.start_of_text(below)
            end = self.end_of_text(below, start)
            closing = [*map(spread, below[end:]), *closing]
            return (above, [spread(part) for part in below[:start]], below[start:end], closing)
        above, below = before(scope, title), after(scope, title)
        above_text = before(scope, core)
        held, under = set(above_text), set(below)
        between = [part for part in below if part in held or holds(part, held)]
        between += [part for part in above_text if holds(part, under)]
        return (above, [spread(part) for part in between], [core], closing)

    def start_of_text(self, below: list[HtmlElement]) -> int:
        """Where the text begins under a headline: a sentence above date or picture is not yet the text."""
        told = shapes.key(self.description)
        heavy = [n for n, part in enumerate(below) if self.weight(part) and shapes.key(words_of(part)) != told]
        if len(heavy) > 1 and self.weight(below[heavy[1]]) >= 2 * self.weight(below[heavy[0]]):
            between = below[heavy[0] + 1 : heavy[1]]
            if any(part.tag == "figure" or part.find(".//figure") is not None or has_year(part) for part in between):
                return heavy[1]
        long = (n for n, part in enumerate(below) if len(words_of(part)) >= _LEAST)
        return heavy[0] if heavy else next(long, 0)

    def end_of_text(self, below: list[HtmlElement], start: int) -> int:
        """Where the text ends: boxes without text or sentence after it are no part of it."""
        end = len(below)
        while end > start + 1:
            last = below[end - 1]
            is_box = last.tag in ("div", "section", "dl", "footer", "header", "aside")
            if (
                not is_box
                or self.weight(last)
                or shapes.ends_sentence(words_of(last))
                or last.find(".//img") is not None
            ):
                break
            end -= 1
        return end

    def core(self, scope: HtmlElement, texts: list[str]) -> HtmlElement:
        """The smallest element that holds nearly all of the text."""
        marked = scope.xpath(".//*[contains(@itemprop, 'articleBody')]")
        best = max(marked, key=self.weight, default=None)
        if best is not None and self.weight(best) >= 0.3 * self.weight(scope):
            return best
        if texts:
            found = self.around(scope, texts)
            if found is not None:
                return found
        return self.smallest(scope, self.weights)

    def around(self, scope: HtmlElement, texts: list[str]) -> HtmlElement | None:
        """The part that holds what an extractor took for the text."""
        whole = "\n".join(texts)
        held: dict[HtmlElement, int] = {}
        for element in scope.iter(*TEXT_BLOCKS):
            own, linked = own_text(element)
            is_text = own >= _LEAST and linked < own / 2 and not self.is_head_line(element, own)
            key = shapes.key(words_of(element)) if is_text else ""
            if key and key in whole:
                for each in (element, *element.iterancestors()):
                    held[each] = held.get(each, 0) + own - linked
        enough = held.get(scope, 0) >= 0.3 * self.weight(scope) and held.get(scope, 0) >= _LEAST
        return self.smallest(scope, held, 0.9) if enough else None

    def smallest(self, scope: HtmlElement, weights: dict[HtmlElement, int], share: float = _MOST) -> HtmlElement:
        total, found = weights.get(scope, 0), scope
        while True:
            heavy = [child for child in found if weights.get(child, 0) >= share * total]
            if not heavy or heavy[0].tag in ("p", "li", "blockquote", *HEADINGS):
                return found
            others = [child for child in found if child is not heavy[0] and weights.get(child, 0)]
            if any(signature(child) == signature(heavy[0]) for child in others):  # a text cut in pieces by adverts
                return found
            found = heavy[0]

    # --- small words around the headline

    def kicker(self, scope: HtmlElement) -> str:
        found = ""
        for element in scope.iter():
            if element is self.title or (found and element.tag == "p"):
                break
            if isinstance(element.tag, str) and hints.is_kicker(element) and element is not scope:
                words = name_in(element)
                if 1 < len(words) <= 40 and (self.title is None or element not in self.title.iterancestors()):
                    found = found or words
                    element.drop_tree()
                    break
        return found or self.near_title(scope) or self.crumb

    def near_title(self, scope: HtmlElement) -> str:
        """A section's name that stands under the headline."""
        for element in scope.iter():
            if isinstance(element.tag, str) and hints.is_kicker(element) and element is not scope:
                words = name_in(element)
                if 1 < len(words) <= 40 and not self.weight(element):
                    element.drop_tree()
                    return words
        return ""
