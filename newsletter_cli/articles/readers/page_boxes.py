"""Small boxes on a page: links to other articles under a label, bylines, times, trails of links."""

import re
from itertools import islice
from typing import Final

from lxml.html import HtmlElement

from newsletter_cli.articles import lines as shapes
from newsletter_cli.articles.furniture import Label
from newsletter_cli.articles.model import Related
from newsletter_cli.articles.readers import page_hints as hints
from newsletter_cli.articles.readers.page_trees import GROUPS, words_of

_BOX: Final = 20  # pieces after a label such as «مواضيع ذات صلة» that may belong to it
_WRITTEN_BY: Final = re.compile(r"(?:كتبت?|بقلم|by|par|מאת)\s*:?\s+(?=\S)", re.IGNORECASE)


def is_label(words: str) -> bool:
    found = shapes.label_of(words) if 2 < len(words) <= 40 else None
    return bool(found and found[0] is Label.RELATED and not found[2])


def related_label(element: HtmlElement) -> str:
    """The label with which a box of links begins, "" when it does not."""
    first = next((" ".join(text.split()) for text in element.itertext() if text.strip()), "")
    return first if is_label(first) else ""


def line_with_label(element: HtmlElement) -> bool:
    """One line with a label and one link, such as «اقرأ أيضا: …»: it has its place in the text."""
    return len(element.findall(".//a")) == 1 and not any(child.tag in GROUPS for child in element)


def headlines_in(element: HtmlElement) -> list[Related]:
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


def followers_of(element: HtmlElement) -> list[HtmlElement]:
    """What stands after an element; only so much of it as a box of links is long."""
    after = (each for each in element.itersiblings() if isinstance(each.tag, str) and words_of(each))
    return list(islice(after, _BOX))


def name_in(element: HtmlElement) -> str:
    """The words of an element, or those of the one link in it: «نشر في: ثقافة»."""
    links = element.findall(".//a")
    return words_of(links[0] if len(links) == 1 else element)


def byline_in(scope: HtmlElement) -> str:
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


def source_in(scope: HtmlElement) -> str:
    """The line that is named as the source and has no label; it is taken out of the page."""
    for element in scope.iter("div", "span", "p", "small", "li"):
        words = words_of(element)
        if (
            not hints.is_source(element)
            or element is scope
            or not 1 < len(words) <= 100
            or element.find(".//img") is not None
        ):
            continue
        if shapes.label_of(words) is None and not shapes.ends_with_stop(words):
            element.drop_tree()
            return words
    return ""


def time_in(scope: HtmlElement) -> str:
    times = [time for time in scope.iter("time") if time.get("datetime") and not hints.is_change(time)]
    return str(times[0].get("datetime")) if times else ""


def trail_in(element: HtmlElement, title: str) -> str:
    """The last section that a trail of links names."""
    if not hints.is_crumbs(element):
        return ""
    links = [words_of(link) for link in element.iter("a")]
    links = [words for words in links if words and shapes.key(words) != shapes.key(title)]
    return links[-1] if len(links) > 1 and len(links[-1]) <= 40 else ""
