"""What an HTML page says about itself, and which part of it is the article; before anything is thrown away."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from newsletter_cli.articles.decoding import normalise
from newsletter_cli.articles.readers.extractor import extracted
from newsletter_cli.articles.readers.page_parts import Around, Parts, parts_of
from newsletter_cli.articles.readers.sanitise import is_bomb, without_controls
from newsletter_cli.errors import RefusedError

_JSON_LIMIT: Final = 200_000  # characters of one JSON-LD block; a page's is a few thousand
_JSON_DEPTH: Final = 6
_EXTRACTED: Final = 600_000  # characters of a page that the extractor is asked about; it takes seconds for more
_MOST_TAGS: Final = 30_000  # of one page; long ones have 5,000
_ARTICLE_TYPES: Final = frozenset(
    {"Article", "NewsArticle", "BlogPosting", "ReportageNewsArticle", "AnalysisNewsArticle", "OpinionNewsArticle"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """A page's own statements, "" where it makes none, and its article as HTML that is not yet safe."""

    title: str  # og:title, twitter:title, JSON-LD, in this order
    tab_title: str  # <title>, often with the site's name
    site: str  # the site's name
    description: str
    published: str  # as written, mostly ISO with a time
    author: str
    section: str
    image: str
    image_alt: str | None
    url: str
    language: str
    direction: str
    parts: Parts  # of the page: headline, text, what stands around them
    missing: bool  # a whole page was read without the extractor that would have helped


def read_facts(text: str, name: str, *, page: bool = True) -> PageFacts:
    """The facts and the article's part of a page. No entities, no network. Raises RefusedError UNREADABLE.

    page: False for a document or an entry of a feed, in which everything belongs to the article.
    """
    root = _root(text, name)
    if sum(1 for _ in root.iter()) > _MOST_TAGS:
        raise RefusedError("UNREADABLE", f"{name} has more than {_MOST_TAGS:,} tags.", fix="save the article alone")
    body = root.find("body")
    meta, linked = _meta(root), _json_ld(root)
    said_author = meta.get("article:author", "")  # often the address of a profile
    title = meta.get("og:title") or meta.get("twitter:title") or _text_of(linked, "headline")
    tab_title = _words(root.find(".//title"))
    site = meta.get("og:site_name") or next(_names(linked.get("publisher")), "")
    language, direction = _attribute(root, body, "lang"), _attribute(root, body, "dir").lower()
    author = (said_author if "://" not in said_author else "") or meta.get("author", "")
    published = next(filter(None, (meta.get(key, "") for key in _PUBLISHED)), "") or _text_of(linked, "datePublished")
    published = published or _marked_time(root)
    is_site = page and _looks_like_a_site(root)
    texts = extracted(text) if is_site and len(text) <= _EXTRACTED else ()
    description = meta.get("og:description") or meta.get("description") or _text_of(linked, "description")
    said = [text for text in (title, _text_of(linked, "headline"), tab_title) if text]
    return PageFacts(
        title=title,
        tab_title=tab_title,
        site=site,
        description=description,
        published=published,
        author=author or "، ".join(_names(linked.get("author"))),
        section=meta.get("article:section") or _text_of(linked, "articleSection"),
        image=meta.get("og:image") or meta.get("twitter:image") or next(iter(_urls(linked.get("image"))), ""),
        image_alt=meta.get("og:image:alt"),
        url=_canonical(root) or meta.get("og:url", "") or _own_address(linked),
        language=language,
        direction=direction,
        parts=parts_of(root if body is None else body, said, Around(site, description, is_site), texts or ()),
        missing=texts is None,
    )


# In this order: what says "published" goes before what only says "date".
_PUBLISHED: Final = (
    *("article:published_time", "og:article:published_time", "article:published", "datepublished", "publish-date"),
    *(
        "publish_date",
        "pubdate",
        "publishdate",
        "published_time",
        "parsely-pub-date",
        "sailthru.date",
        "cxenseparse:recs:publishtime",
    ),
    *("dc.date.issued", "dcterms.created", "dcterms.date", "dc.date", "article.published", "date"),
)


def _marked_time(root: HtmlElement) -> str:
    """The time that the page's own marks (itemprop) call its publication."""
    for element in root.xpath("//*[contains(@itemprop, 'datePublished')]"):
        said = element.get("content") or element.get("datetime")
        if said:
            return str(said).strip()
    return ""


def _own_address(linked: Mapping[str, Any]) -> str:
    page = linked.get("mainEntityOfPage", "")
    page = page.get("@id", "") if isinstance(page, dict) else page
    said = linked.get("url") or page
    return said.strip() if isinstance(said, str) and said.startswith("http") else ""


def _looks_like_a_site(root: HtmlElement) -> bool:
    """Whether a page is one of a web site, with more on it than the article."""
    return bool(
        root.xpath(
            "//nav | //aside | //footer | //script | //*[@id] | //*[@class] | //table//table | //form"
            " | //table[@width or @border='0'] | //meta[@property='og:title']"
        )
    )


def _root(text: str, name: str) -> HtmlElement:
    if is_bomb(text):
        raise RefusedError("UNREADABLE", f"{name} has a tag of too many attributes.", fix="save the article alone")
    parser = HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        return document_fromstring(without_controls(normalise(text)[0]).encode("utf-8"), parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise RefusedError("UNREADABLE", f"{name} holds no HTML that can be read.", fix="save the page anew") from error


def _attribute(root: HtmlElement, body: HtmlElement | None, name: str) -> str:
    return str(root.get(name) or (body.get(name) if body is not None else "") or "").strip()


def _words(element: HtmlElement | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())


# --- meta and JSON-LD ------------------------------------------------------------------------------------------


def _meta(root: HtmlElement) -> dict[str, str]:
    """property or name → content; the first of each counts."""
    found: dict[str, str] = {}
    for element in root.iter("meta"):
        key = (element.get("property") or element.get("name") or element.get("itemprop") or "").strip().lower()
        content = " ".join((element.get("content") or "").split())
        if key and content:
            found.setdefault(key, content)
    return found


def _canonical(root: HtmlElement) -> str:
    links = (link for link in root.iter("link") if "canonical" in (link.get("rel") or "").lower().split())
    return next((link.get("href", "").strip() for link in links), "")


def _json_ld(root: HtmlElement) -> Mapping[str, Any]:
    """The first article among the page's linked data, {} when there is none."""
    for script in root.iter("script"):
        text = script.text or ""
        if "ld+json" not in (script.get("type") or "") or len(text) > _JSON_LIMIT:
            continue
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            continue  # broken linked data says nothing; the page's own words stay
        for item in _items(data, _JSON_DEPTH):
            kinds = item.get("@type", "")
            if _ARTICLE_TYPES & set(kinds if isinstance(kinds, list) else [kinds]):
                return item
    return {}


def _items(data: object, depth: int) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        yield data
        data = data.get("@graph", [])
    if isinstance(data, list) and depth:
        for item in data:
            yield from _items(item, depth - 1)


def _text_of(item: Mapping[str, Any], key: str) -> str:
    value = item.get(key, "")
    value = value[0] if isinstance(value, list) and value else value
    return " ".join(value.split()) if isinstance(value, str) else ""


def _names(value: object) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        name = item.get("name", "") if isinstance(item, dict) else item
        if isinstance(name, str) and name.strip() and "://" not in name:
            yield " ".join(name.split())


def _urls(value: object) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        url = item.get("url", "") if isinstance(item, dict) else item
        if isinstance(url, str) and url.strip():
            yield url.strip()
