"""Where the article is on a page: its headline, the text, what stands between them, and what is only furniture.

    furniture out → headline found → pictures and their words joined → the smallest part that holds the text
    before the text: byline, date, kicker, lead picture  ·  after it: labels such as «المصدر» and nothing else

Nothing here is safe to show yet: the parts still pass nh3.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from lxml.html import Element, HtmlElement, tostring

from newsletter_cli.articles import lines as shapes
from newsletter_cli.articles.furniture import Label
from newsletter_cli.articles.model import Related
from newsletter_cli.articles.readers import page_hints as hints
from newsletter_cli.language import fold_digits

# Blocks of layout: their words stay apart, so each becomes a paragraph before nh3 takes its tag away.
_LAYOUT: Final = frozenset(
    {"div", "section", "article", "main", "header", "address", "dl", "dt", "dd", "center", "details", "summary"}
    | {"hgroup", "fieldset", "legend", "caption", "aside", "footer"}
)
_TEXT_BLOCKS: Final = _LAYOUT | {"p", "td", "th", "li", "blockquote", "body", "h1", "h2", "h3", "h4", "h5", "h6", "pre"}
_GROUPS: Final = _TEXT_BLOCKS | {"table", "tbody", "thead", "tr", "ul", "ol", "figure", "figcaption", "form"}
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_LEAST: Final = 40  # letters of a block that counts as text of an article
_WHOLE: Final = 100  # letters of text in a page of which parts can be told; a shorter one is taken as it is
_GREAT: Final = 0.4  # a part with more of the page's text than this is no furniture, whatever its name says
_MOST: Final = 0.75  # of the text must lie in the part that is called the article's
_TITLE: Final = 8  # letters and digits of a headline that is recognised by its words
_CAPTION: Final = 140
_HEAD_LINE: Final = 100
_BOX: Final = 20  # pieces after a label such as «مواضيع ذات صلة» that may belong to it
_DEEPEST: Final = 80  # levels of tags; the soup of real sites has 40
_WRITTEN_BY: Final = re.compile(r"(?:كتبت?|بقلم|by|par|מאת)\s*:?\s+(?=\S)", re.IGNORECASE)
_YEAR: Final = re.compile(r"(?<!\d)[12]\d{3}(?!\d)")
# Questions about cookies stand in boxes without a telling name, too.
_CONSENT: Final = re.compile(
    r"\bcookies\b.*\b(?:agree|accept|consent|continu|policy|experience|acceptez|navigation|politique)|"
    r"(?:ملفات تعريف الارتباط|الكوكيز|کوکی|עוגיות).*(?:توافق|موافق|تستخدم|نستخدم|استفاده|שימוש)",
    re.IGNORECASE,
)


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


def words_of(element: HtmlElement | None) -> str:
    """The words of an element on one line."""
    return "" if element is None else " ".join("".join(element.itertext()).split())


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
        _prepare(self.body)
        self.weigh()
        self.title = self.find_title()
        if self.is_site:
            self.take_furniture()
            self.weigh()
        whole = self.is_site and self.weights.get(self.body, 0) >= _WHOLE
        if whole:
            self.take_related()
            _join_captions(self.body, self.title)
            self.weigh()
        scope = self.scope()
        kicker, author, time = self.kicker(scope), _author(scope), _time(scope)
        title = words_of(self.title)
        before, opening, core, closing = self.cut(scope, texts) if whole else ([], [], [scope], [])
        return Parts(
            title=title, kicker=kicker, author=author, time=time, whole=whole,
            before=_html(before), opening=_html(_lines(opening)), body=_html(core), closing=_html(closing),
            spare=tuple(self.spare),
            related=tuple(dict.fromkeys(self.related)), dropped=tuple(dict.fromkeys(filter(None, self.dropped))),
        )  # fmt: skip

    # --- how much text lies where

    def weigh(self) -> None:
        self.weights = {}
        for element in self.body.iter():
            if element.tag not in _TEXT_BLOCKS or element.tag in _HEADINGS or _is_in_figure(element):
                continue
            own, linked = _own_text(element)
            if own >= _LEAST and linked < own / 2 and not self.is_head_line(element, own):
                self.add(element, own - linked)

    def is_head_line(self, element: HtmlElement, own: int) -> bool:
        """The headline, or a line of dates and names."""
        words = words_of(element)
        dated = own <= _HEAD_LINE and bool(_YEAR.search(fold_digits(words))) and not shapes.ends_sentence(words)
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
        for element in self.body.iter(*_HEADINGS, "p", "div", "td", "b", "strong", "span", "font"):
            words = words_of(element)
            found = shapes.key(words) if len(words) <= 300 else ""
            if len(found) < _TITLE or found == site or not any(_is_said(found, text) for text in said):
                continue
            rank = len(_HEADINGS) - _HEADINGS.index(element.tag) if element.tag in _HEADINGS else 0
            if best is None or (len(found), rank) > best[:2]:
                best = (len(found), rank, element)
        heading = self.first_heading(site)
        if best is None:
            return heading
        if best[1] == 0 and heading is not None and heading.tag == "h1" and _in_furniture(best[2]):
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
            if element is self.body or not _is_inside(element, self.body):
                continue
            if not hints.is_furniture(element):
                if element.tag in ("p", "div", "span") and _asks_consent(element):
                    self.drop(element)
                continue
            if hints.is_unseen(element):
                element.drop_tree()
            elif not self.is_great(element, total) and not self.is_related(element):
                self.crumb = self.crumb or _crumb(element, words_of(self.title))
                self.drop(element)

    def is_great(self, element: HtmlElement, total: int) -> bool:
        if total < _WHOLE:  # a page too short to weigh: its own tags are believed, names of classes are not
            return element.tag not in hints.TAGS and not hints.has_role(element)
        holds_title = self.title is not None and (element is self.title or element in self.title.iterancestors())
        return holds_title or self.weight(element) > _GREAT * total

    def is_related(self, element: HtmlElement) -> bool:
        return self.weight(self.body) >= _WHOLE and bool(_related_label(element)) and element.find(".//a") is not None

    def drop(self, element: HtmlElement) -> None:
        words = " ".join(" ".join(element.itertext()).split())
        inside = any(each.tag in ("article", "main") for each in element.iterancestors())
        if inside and len(words) <= 200 and _YEAR.search(fold_digits(words)):
            self.spare.append(words)
        self.dropped.append(words)
        if element.getparent() is not None:
            element.drop_tree()

    def take_related(self) -> None:
        """Boxes of links to other articles; a single line «اقرأ أيضا: …» stays in its place in the text."""
        for element in list(self.body.iter()):
            if not _is_inside(element, self.body) or element.tag not in _GROUPS or element.tag == "p":
                continue
            label = _related_label(element)
            named = hints.is_related(element) and element.find(".//a") is not None
            if (label and not _line_with_label(element)) or named:
                self.take_box(element, labelled=bool(label))
        for element in list(self.body.iter(*_HEADINGS, "p", "div", "strong", "b", "span", "font")):
            if _is_inside(element, self.body) and _is_label(words_of(element)):
                self.take_after(element)

    def take_box(self, element: HtmlElement, *, labelled: bool) -> None:
        links = _headlines(element)
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
        while node.getparent() is not self.body and node.getparent() is not None and not _followers(node):
            node = node.getparent()
        taken = False
        for follower in _followers(node):
            links = _headlines(follower)
            if not links or follower.tag in _HEADINGS or self.weight(follower) > 150 * len(links):
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
        if self.title is None or element is self.title or not _is_inside(self.title, self.body):
            return element
        around = [element, *element.iterancestors()]
        return next((each for each in around if each is self.title or each in self.title.iterancestors()), element)

    def cut(self, scope: HtmlElement, texts: list[str]) -> tuple[list[HtmlElement], ...]:
        core = self.core(scope, texts)
        title = self.title if self.title is not None and _is_inside(self.title, scope) else None
        if title is None or title is core:
            return ([], _before(scope, core), [core], _after(scope, core))
        closing = [_spread(part) for part in _after(scope, core)]
        if core in title.iterancestors():
            above, below = [*_before(scope, core), *_before(core, title)], _after(core, title)
            start = self.start_of_text(below)
            end = self.end_of_text(below, start)
            closing = [*map(_spread, below[end:]), *closing]
            return (above, [_spread(part) for part in below[:start]], below[start:end], closing)
        above, below = _before(scope, title), _after(scope, title)
        above_text = _before(scope, core)
        held, under = set(above_text), set(below)
        between = [part for part in below if part in held or _holds(part, held)]
        between += [part for part in above_text if _holds(part, under)]
        return (above, [_spread(part) for part in between], [core], closing)

    def start_of_text(self, below: list[HtmlElement]) -> int:
        """Where the text begins under a headline: a sentence above date or picture is not yet the text."""
        told = shapes.key(self.description)
        heavy = [n for n, part in enumerate(below) if self.weight(part) and shapes.key(words_of(part)) != told]
        if len(heavy) > 1 and self.weight(below[heavy[1]]) >= 2 * self.weight(below[heavy[0]]):
            between = below[heavy[0] + 1 : heavy[1]]
            if any(part.tag == "figure" or part.find(".//figure") is not None or _has_year(part) for part in between):
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
        for element in scope.iter(*_TEXT_BLOCKS):
            own, linked = _own_text(element)
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
            if not heavy or heavy[0].tag in ("p", "li", "blockquote", *_HEADINGS):
                return found
            others = [child for child in found if child is not heavy[0] and weights.get(child, 0)]
            if any(_signature(child) == _signature(heavy[0]) for child in others):  # a text cut in pieces by adverts
                return found
            found = heavy[0]

    # --- small words around the headline

    def kicker(self, scope: HtmlElement) -> str:
        found = ""
        for element in scope.iter():
            if element is self.title or (found and element.tag == "p"):
                break
            if isinstance(element.tag, str) and hints.is_kicker(element) and element is not scope:
                words = _name_in(element)
                if 1 < len(words) <= 40 and (self.title is None or element not in self.title.iterancestors()):
                    found = found or words
                    element.drop_tree()
                    break
        return found or self.near_title(scope) or self.crumb

    def near_title(self, scope: HtmlElement) -> str:
        """A section's name that stands under the headline."""
        for element in scope.iter():
            if isinstance(element.tag, str) and hints.is_kicker(element) and element is not scope:
                words = _name_in(element)
                if 1 < len(words) <= 40 and not self.weight(element):
                    element.drop_tree()
                    return words
        return ""


# --- before anything is weighed --------------------------------------------------------------------------------


def _prepare(body: HtmlElement) -> None:
    """Pictures of phones' pages and of late loading become pictures; scripts and layout tables go."""
    for element in list(body.iter()):
        if not isinstance(element.tag, str):
            if element.getparent() is not None:
                element.drop_tree()
        elif element.tag in hints.INVISIBLE and element is not body and _is_inside(element, body):
            element.drop_tree()
        elif element.tag in ("amp-img", "amp-anim"):
            element.tag = "img"
    flatten(body, _DEEPEST)
    _drop_skip_links(body)
    _judge_forms(body)
    for image in list(body.iter("img")):
        image.set("src", hints.picture_of(image))
        if not image.get("src") or hints.is_ornament(image):
            image.drop_tree()
    for table in reversed(list(body.iter("table"))):
        if _is_layout(table):
            _unfold(table)


def flatten(root: HtmlElement, deepest: int) -> None:
    """Take away the tags that lie too deep, and keep their words: nobody writes so, and each level costs stack."""
    depths = {root: 0}
    deep = []
    for element in root.iterdescendants():
        depths[element] = depths[element.getparent()] + 1
        if depths[element] > deepest:
            deep.append(element)
    for element in reversed(deep):
        element.drop_tag()


def _drop_skip_links(body: HtmlElement) -> None:
    """“Skip to the end”; the number of a footnote touches words and stays."""
    for link in list(body.xpath(".//a[starts-with(@href, '#')]")):
        previous, parent = link.getprevious(), link.getparent()
        ahead = (parent.text if previous is None else previous.tail) if parent is not None else ""
        if 3 < len(words_of(link)) <= 40 and not f"{ahead or ''}{link.tail or ''}".strip():
            link.drop_tree()


def _judge_forms(body: HtmlElement) -> None:
    """A form around the whole page is the frame of old servers; any other one is for typing."""
    total = len(words_of(body))
    for form in list(body.iter("form")):
        words = len(words_of(form))
        if words > _GREAT * total and words >= _WHOLE:
            form.tag = "div"
        else:
            form.drop_tree()


def _unfold(table: HtmlElement) -> None:
    for element in table.xpath("./tr | ./tbody | ./thead | ./tfoot | ./*/tr | ./tr/td | ./*/tr/td | ./*/tr/th"):
        element.tag = "div"
    table.tag = "div"


def _is_layout(table: HtmlElement) -> bool:
    cells = table.xpath("./tr/td | ./*/tr/td | ./tr/th | ./*/tr/th | ./tr/div | ./*/tr/div")
    if table.get("role") == "presentation" or table.find(".//table") is not None:
        return True
    if len(cells) < 2 or table.xpath(".//div | .//h1 | .//h2 | .//p"):
        return len(cells) < 2 or bool(table.xpath(".//h1 | .//td/div | .//td/p[2]"))
    rows = table.xpath("./tr | ./*/tr")
    widest = max((len(row) for row in rows), default=0)
    return widest < 2 or any(len(words_of(cell)) > 300 for cell in cells)


def _join_captions(body: HtmlElement, title: HtmlElement | None) -> None:
    """A picture and the short words in one box, or right under it by name, become a figure."""
    for image in list(body.iter("img")):
        if any(each.tag == "figure" for each in image.iterancestors()):
            continue
        box = image
        while (parent := box.getparent()) is not None and parent is not body and not words_of(box):
            following = box.getnext()
            if following is not None and hints.is_caption(following) and len(words_of(following)) <= 300:
                _make_figure(box, following)
                break
            if title is not None and parent in title.iterancestors():
                break
            box = parent
        else:
            if box is not image and _is_caption_box(box):
                _make_figure(box, None)


def _is_caption_box(box: HtmlElement) -> bool:
    words = words_of(box)
    plain = box.tag in ("div", "span", "center", "table", "td", "section") and box.find(".//a") is None
    return (
        plain and 1 < len(words) <= _CAPTION and len(box.findall(".//img")) == 1 and not box.xpath(".//h1|.//h2|.//h3")
        and (not shapes.ends_with_stop(words) or box.find(".//p") is None)
    )  # fmt: skip


def _make_figure(box: HtmlElement, following: HtmlElement | None) -> None:
    images = [box] if box.tag == "img" else list(box.iter("img"))
    caption = Element("figcaption")
    caption.text = words_of(box if following is None else following)
    figure = Element("figure")
    box.addprevious(figure)
    for image in images:
        image.tail = None
        figure.append(image)
    figure.append(caption)
    for old in (box, following):
        if old is not None and old.tag != "img" and old.getparent() is not None:
            old.drop_tree()


# --- related ---------------------------------------------------------------------------------------------------


def _is_label(words: str) -> bool:
    found = shapes.label_of(words) if 2 < len(words) <= 40 else None
    return bool(found and found[0] is Label.RELATED and not found[2])


def _related_label(element: HtmlElement) -> str:
    """The label with which a box of links begins, "" when it does not."""
    first = next((" ".join(text.split()) for text in element.itertext() if text.strip()), "")
    return first if _is_label(first) else ""


def _line_with_label(element: HtmlElement) -> bool:
    """One line with a label and one link, such as «اقرأ أيضا: …»: it has its place in the text."""
    return len(element.findall(".//a")) == 1 and not any(child.tag in _GROUPS for child in element)


def _headlines(element: HtmlElement) -> list[Related]:
    """Titles and addresses of the links in a box, each address once, in order."""
    found: dict[str, str] = {}
    links = [element] if element.tag == "a" else list(element.iter("a"))
    for link in links:
        href, words = link.get("href", "").strip(), words_of(link)
        if href.startswith("#") or len(words) > 300 or shapes.furniture_of(words):
            continue
        if len(words) > len(found.get(href, "")) and len(words) > 3:
            found[href] = words
    return [Related(words, href) for href, words in found.items()]


def _followers(element: HtmlElement) -> list[HtmlElement]:
    """What stands after an element; only so much of it as a box of links is long."""
    after = (each for each in element.itersiblings() if isinstance(each.tag, str) and words_of(each))
    return list(islice(after, _BOX))


# --- small words -----------------------------------------------------------------------------------------------


def _name_in(element: HtmlElement) -> str:
    """The words of an element, or those of the one link in it: «نشر في: ثقافة»."""
    links = element.findall(".//a")
    return words_of(links[0] if len(links) == 1 else element)


def _author(scope: HtmlElement) -> str:
    for element in scope.iter():
        if not isinstance(element.tag, str) or not hints.is_author(element) or element is scope:
            continue
        inner = element.find(".//a")
        items = element.findall(".//li")
        words = words_of(inner if inner is not None else items[0] if items else element)
        name = _without_author_label(words)
        if 2 < len(name) <= 60 and not re.search(r"\d", name):
            return name
    return ""


def _without_author_label(words: str) -> str:
    words = words.strip(" :،,")
    found = shapes.label_of(words)
    if found and found[0] is Label.AUTHOR:
        return found[2]
    if written := _WRITTEN_BY.match(words):
        return words[written.end() :].strip()
    head, comma, rest = words.partition(",")
    label = shapes.label_of(head) if comma else None
    return rest.strip() if label and label[0] is Label.AUTHOR else words


def _time(scope: HtmlElement) -> str:
    times = [time for time in scope.iter("time") if time.get("datetime") and not hints.is_change(time)]
    return str(times[0].get("datetime")) if times else ""


def _crumb(element: HtmlElement, title: str) -> str:
    """The last section that a trail of links names."""
    if not hints.is_crumbs(element):
        return ""
    links = [words_of(link) for link in element.iter("a")]
    links = [words for words in links if words and shapes.key(words) != shapes.key(title)]
    return links[-1] if len(links) > 1 and len(links[-1]) <= 40 else ""


# --- trees -----------------------------------------------------------------------------------------------------


def _own_text(element: HtmlElement) -> tuple[int, int]:
    """(letters directly in an element and its inline parts, of these in links)."""
    own, linked = len((element.text or "").strip()), 0
    for child in element:
        if isinstance(child.tag, str) and child.tag not in _GROUPS:
            inner, inner_linked = _own_text(child)
            own += inner
            linked += inner if child.tag == "a" else inner_linked
        own += len((child.tail or "").strip())
    return own, linked


def _asks_consent(element: HtmlElement) -> bool:
    """A question about cookies, by its words; most pages that write about them are longer."""
    if any(child.tag in _TEXT_BLOCKS for child in element):
        return False
    words = words_of(element)
    return 20 < len(words) <= 400 and bool(_CONSENT.search(words))


def _is_in_figure(element: HtmlElement) -> bool:
    return any(each.tag == "figure" for each in (element, *element.iterancestors()))


def _signature(element: HtmlElement) -> tuple[str, str]:
    return str(element.tag), element.get("class", "")


def _is_said(found: str, said: str) -> bool:
    """Whether a heading is what the page's head says, or that without the site's name before or after it."""
    return found == said or (len(found) >= 0.4 * len(said) and (said.startswith(found) or said.endswith(found)))


def _in_furniture(element: HtmlElement) -> bool:
    return any(hints.is_furniture(each) for each in (element, *element.iterancestors()))


def _is_inside(element: HtmlElement, root: HtmlElement) -> bool:
    return element is root or root in element.iterancestors()


def _holds(part: HtmlElement, held: set[HtmlElement]) -> bool:
    return any(each in held for each in part.iterancestors())


def _before(scope: HtmlElement, element: HtmlElement) -> list[HtmlElement]:
    """What stands before an element in the scope, largest pieces, in order. Loose words become elements first."""
    found: list[HtmlElement] = []
    for each in _path(scope, element):
        _wrap_words(each.getparent())
        found += list(each.itersiblings(preceding=True))[::-1] if each is not scope else []
    return found


def _after(scope: HtmlElement, element: HtmlElement) -> list[HtmlElement]:
    found: list[HtmlElement] = []
    for each in reversed(_path(scope, element)):
        _wrap_words(each.getparent())
        found += list(each.itersiblings())
    return found


def _path(scope: HtmlElement, element: HtmlElement) -> list[HtmlElement]:
    """From below the scope down to the element."""
    if element is scope:
        return []
    around = [each for each in element.iterancestors() if scope in each.iterancestors()]
    return [*reversed(around), element]


def _wrap_words(parent: HtmlElement | None) -> None:
    """Words between elements become spans, so that nothing is lost when elements are taken apart."""
    if parent is None:
        return
    if (parent.text or "").strip():
        parent.insert(0, _span(parent.text or ""))
        parent.text = None
    for child in list(parent):
        if (child.tail or "").strip():
            span, child.tail = _span(child.tail or ""), None
            child.addnext(span)


def _has_year(element: HtmlElement) -> bool:
    words = words_of(element)
    return len(words) <= 200 and bool(_YEAR.search(fold_digits(words)))


def _spread(element: HtmlElement) -> HtmlElement:
    """Small words that only a style keeps apart: <span>name</span><span>date</span>."""
    for inner in element.iter("span", "time", "a", "b", "strong"):
        following = inner.getnext()
        if following is not None and not inner.tail and isinstance(following.tag, str):
            inner.tail = " "
    return element


def _span(words: str) -> HtmlElement:
    span = Element("span")
    span.text = words
    return span


def _lines(elements: Sequence[HtmlElement]) -> list[HtmlElement]:
    """Each line of a head by itself: there a line break parts name and date."""
    for element in elements:
        if element.tag == "br":
            element.tag = "p"
    return list(elements)


def _html(elements: Sequence[HtmlElement]) -> str:
    return "".join(_pieces(elements))


def _pieces(elements: Sequence[HtmlElement]) -> Iterator[str]:
    for element in elements:
        for inner in list(element.iter()):
            if inner.tag in _LAYOUT and inner is not element:
                inner.tag = "p"
            elif inner.tag in ("h5", "h6"):
                inner.tag = "h4"
        if element.tag in _LAYOUT or element.tag in ("body", "td", "th"):
            element.tag = "div"
        yield tostring(element, encoding="unicode", with_tail=False)
