"""Trees of HTML: how much text lies in an element, what stands before and after it, and back to HTML."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from lxml.html import Element, HtmlElement, tostring

from newsletter_cli.articles.readers import page_hints as hints
from newsletter_cli.language import fold_digits

# Blocks of layout: their words stay apart, so each becomes a paragraph before nh3 takes its tag away.
_LAYOUT: Final = frozenset(
    {"div", "section", "article", "main", "header", "address", "dl", "dt", "dd", "center", "details", "summary"}
    | {"hgroup", "fieldset", "legend", "caption", "aside", "footer"}
)
TEXT_BLOCKS: Final = _LAYOUT | {"p", "td", "th", "li", "blockquote", "body", "h1", "h2", "h3", "h4", "h5", "h6", "pre"}
GROUPS: Final = TEXT_BLOCKS | {"table", "tbody", "thead", "tr", "ul", "ol", "figure", "figcaption", "form"}
HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
YEAR: Final = re.compile(r"(?<!\d)[12]\d{3}(?!\d)")
# Questions about cookies stand in boxes without a telling name, too.
_CONSENT: Final = re.compile(
    r"\bcookies\b.*\b(?:agree|accept|consent|continu|policy|experience|acceptez|navigation|politique)|"
    r"(?:ملفات تعريف الارتباط|الكوكيز|کوکی|עוגיות).*(?:توافق|موافق|تستخدم|نستخدم|استفاده|שימוש)",
    re.IGNORECASE,
)


def words_of(element: HtmlElement | None) -> str:
    """The words of an element on one line."""
    return "" if element is None else " ".join("".join(element.itertext()).split())


def own_text(element: HtmlElement) -> tuple[int, int]:
    """(letters directly in an element and its inline parts, of these in links)."""
    own, linked = len((element.text or "").strip()), 0
    for child in element:
        if isinstance(child.tag, str) and child.tag not in GROUPS:
            inner, inner_linked = own_text(child)
            own += inner
            linked += inner if child.tag == "a" else inner_linked
        own += len((child.tail or "").strip())
    return own, linked


def asks_consent(element: HtmlElement) -> bool:
    """A question about cookies, by its words; most pages that write about them are longer."""
    if any(child.tag in TEXT_BLOCKS for child in element):
        return False
    words = words_of(element)
    return 20 < len(words) <= 400 and bool(_CONSENT.search(words))


def is_in_figure(element: HtmlElement) -> bool:
    return any(each.tag == "figure" for each in (element, *element.iterancestors()))


def signature(element: HtmlElement) -> tuple[str, str]:
    return str(element.tag), element.get("class", "")


def is_said(found: str, said: str) -> bool:
    """Whether a heading is what the page's head says, or that without the site's name before or after it."""
    return found == said or (len(found) >= 0.4 * len(said) and (said.startswith(found) or said.endswith(found)))


def in_furniture(element: HtmlElement) -> bool:
    return any(hints.is_furniture(each) for each in (element, *element.iterancestors()))


def is_inside(element: HtmlElement, root: HtmlElement) -> bool:
    return element is root or root in element.iterancestors()


def holds(part: HtmlElement, held: set[HtmlElement]) -> bool:
    return any(each in held for each in part.iterancestors())


def before(scope: HtmlElement, element: HtmlElement) -> list[HtmlElement]:
    """What stands before an element in the scope, largest pieces, in order. Loose words become elements first."""
    found: list[HtmlElement] = []
    for each in _path(scope, element):
        _wrap_words(each.getparent())
        found += list(each.itersiblings(preceding=True))[::-1] if each is not scope else []
    return found


def after(scope: HtmlElement, element: HtmlElement) -> list[HtmlElement]:
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


def has_year(element: HtmlElement) -> bool:
    words = words_of(element)
    return len(words) <= 200 and bool(YEAR.search(fold_digits(words)))


def spread(element: HtmlElement) -> HtmlElement:
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


def lines(elements: Sequence[HtmlElement]) -> list[HtmlElement]:
    """Each line of a head by itself: there a line break parts name and date."""
    for element in elements:
        if element.tag == "br":
            element.tag = "p"
    return list(elements)


def html(elements: Sequence[HtmlElement]) -> str:
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
