"""What the names of tags, classes and roles on a web page say; data, judged by weight in `page_parts`."""

import re
from typing import Final

from lxml.html import HtmlElement

INVISIBLE: Final = frozenset(
    {"script", "style", "noscript", "template", "svg", "iframe", "button", "select", "input", "textarea",
     "object", "embed", "video", "audio", "canvas", "dialog", "amp-ad", "amp-sidebar", "amp-analytics", "link", "meta",
     "amp-auto-ads", "amp-sticky-ad", "amp-consent", "amp-embed"}
)  # fmt: skip
TAGS: Final = frozenset({"nav", "aside", "footer", "header"})
_ROLES: Final = frozenset(
    {"navigation", "banner", "contentinfo", "complementary", "search", "dialog", "menu", "menubar", "alertdialog"}
)
_UNSEEN: Final = frozenset({"visually-hidden", "sr-only", "screen-reader-text", "visuallyhidden", "hidden", "d-none"})
# Words of class names and ids.
_FURNITURE: Final = frozenset(
    {"nav", "navbar", "navigation", "menu", "mnu", "sidebar", "breadcrumb", "breadcrumbs", "crumbs", "cookie",
     "cookies", "consent", "gdpr", "share", "sharing", "shares", "sharedaddy", "social", "addtoany", "comments",
     "comment", "commentlist", "disqus", "respond", "newsletter", "subscribe", "subscription", "signup", "ad", "ads",
     "adv", "advert", "advertisement", "adsense", "promo", "sponsored", "popup", "modal", "overlay", "masthead",
     "pagination", "pager", "paging", "toolbar", "ticker", "skip", "topbar", "login", "search", "mostread",
     "mostviewed", "trending", "popular", "outbrain", "taboola", "toc", "rating", "tags", "tagz", "tagcloud",
     "copyright", "breaking", "notification", "whatsapp", "telegram", "followus", "follow", "bio", "weather",
     "prayer", "currency", "poll", "footer", "lang", "languages", "print", "fontsize"}
)  # fmt: skip
_RELATED: Final = frozenset(
    {"related", "relatedposts", "readmore", "readalso", "seealso", "also", "rel", "morestories", "similar", "readnext"}
)
_KICKERS: Final = frozenset(
    {"kicker", "category", "cat", "section", "sec", "eyebrow", "overline", "rubric", "rutitr", "surtitle", "topic",
     "category-name", "hat", "terms", "suptitle", "tagline", "supertitle", "channel"}
)  # fmt: skip
_AUTHORS: Final = frozenset({"author", "byline", "writer", "reporter", "auteur", "katib"})
_SOURCES: Final = frozenset({"source", "sources", "src", "masdar", "agency"})
_CAPTIONS: Final = frozenset({"caption", "legend", "cutline", "cap", "figcaption", "imgcaption", "captions"})
_CHANGES: Final = frozenset({"updated", "modified", "update", "modify", "datemodified"})
_ORNAMENT: Final = re.compile(
    r"(?:^|[/_.-])(?:logo|icons?|avatar|gravatar|sprite|pixel|spacer|blank|dot|arrow|loading|placeholder|bullet|share|"
    r"facebook|twitter|whatsapp|telegram|btn|button|flag)(?:[/_.\d-]|$)",
    re.IGNORECASE,
)
_TOKEN: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_LATE: Final = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-image", "data-url")


def tokens(element: HtmlElement) -> set[str]:
    """The words of an element's classes and id, in small letters: "sharePost top-menu" gives share, post, top, menu."""
    names = f"{element.get('class', '')} {element.get('id', '')}"
    return {token.lower() for token in _TOKEN.findall(names)} if names.strip() else set()


def has_role(element: HtmlElement) -> bool:
    """Whether its role or state says that it is not the page's main matter."""
    return (
        element.get("role", "") in _ROLES or element.get("aria-hidden") == "true" or element.get("hidden") is not None
    )


def is_unseen(element: HtmlElement) -> bool:
    """What nobody sees on the page."""
    style = element.get("style", "").replace(" ", "").lower()
    classes = set(element.get("class", "").split())
    return "display:none" in style or "visibility:hidden" in style or bool(classes & _UNSEEN)


def is_furniture(element: HtmlElement) -> bool:
    """Whether tag, role or names call it navigation, a side column, comments, a cookie question and the like."""
    if not isinstance(element.tag, str) or element.tag in ("html", "body", "article", "main", "img", "a", "time"):
        return False
    if element.tag == "header":
        return not any(each.tag in ("article", "main") for each in element.iterancestors())
    if element.tag == "footer":
        return not any(each.tag in ("blockquote", "figure") for each in element.iterancestors())
    if element.tag in TAGS or has_role(element) or is_unseen(element):
        return True
    found = tokens(element)
    return bool(found & _FURNITURE) or {"most", "read"} <= found or {"skip", "link"} <= found


def is_crumbs(element: HtmlElement) -> bool:
    """A trail of links from the front page."""
    names = tokens(element) | {token.lower() for token in _TOKEN.findall(element.get("aria-label", ""))}
    inner = {token for child in element.iter("nav", "ol", "ul", "div") for token in tokens(child)}
    return bool((names | inner) & {"breadcrumb", "breadcrumbs", "crumbs"})


def is_related(element: HtmlElement) -> bool:
    """A box with links to other articles, by its names."""
    return element.tag in ("div", "section", "aside", "ul", "td") and bool(tokens(element) & _RELATED)


def is_kicker(element: HtmlElement) -> bool:
    """The name of the section beside a headline, by its names."""
    if element.tag not in ("div", "span", "a", "p", "dd", "h2", "h3", "h4", "h5", "small", "strong", "li"):
        return False
    found = tokens(element) | set(element.get("itemprop", "").lower().split())
    plain = not any(child.tag in ("div", "p", "ul", "section", "table", "h1") for child in element.iterdescendants())
    return plain and bool(found & (_KICKERS | {"articlesection"}))


def is_author(element: HtmlElement) -> bool:
    """A byline, by its names, its rel or its itemprop."""
    names = element.get("aria-labelledby", "") + " " + element.get("itemprop", "") + " " + element.get("rel", "")
    found = tokens(element) | {token.lower() for token in _TOKEN.findall(names)}
    return bool(found & _AUTHORS) and element.tag not in ("article", "main", "body")


def is_source(element: HtmlElement) -> bool:
    """The line that says where the text comes from, by its names."""
    return element.tag in ("div", "span", "p", "small", "li") and bool(tokens(element) & _SOURCES)


def is_caption(element: HtmlElement) -> bool:
    """Words under a picture, by their names or their size."""
    if not isinstance(element.tag, str) or element.tag == "img":
        return False
    found = tokens(element)
    described = bool(
        found & {"image", "img", "photo", "pic", "picture"} and found & {"desc", "description", "text", "title"}
    )
    return described or bool(found & _CAPTIONS) or element.tag in ("figcaption", "small")


def is_change(element: HtmlElement) -> bool:
    """The time of a change, not of publication."""
    names = tokens(element) | {element.get("itemprop", "").lower()}
    return bool(names & _CHANGES)


def is_ornament(image: HtmlElement) -> bool:
    """Logos, icons and pixels that count: none of them is a picture of the article."""
    sizes = [int(size) for name in ("width", "height") if (size := image.get(name, "")).isdigit()]
    file = image.get("src", "").split("?", 1)[0].rsplit("/", 1)[-1]
    return any(size <= 60 for size in sizes) or bool(_ORNAMENT.search(file)) or bool(tokens(image) & {"logo", "avatar"})


def picture_of(image: HtmlElement) -> str:
    """The address of a picture, also of one that is loaded late."""
    source = image.get("src", "").strip()
    if source and not source.startswith("data:"):
        return str(source)
    late = next((image.get(name, "").strip() for name in _LATE if image.get(name, "").strip()), "")
    sets = image.get("data-srcset") or image.get("srcset") or ""
    return str(late or sets.split(",", 1)[0].strip().split(" ", 1)[0] or source)
