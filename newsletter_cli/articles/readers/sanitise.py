"""The first wall between foreign HTML and us: nh3 (its one door).

nh3's own defaults drop `dir`, allow ftp, and let `//host` and relative links pass; links are judged again in `urls`.
"""

import re
from typing import Final

import nh3

TAGS: Final = frozenset(
    {
        "p", "br", "hr", "h1", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "strong", "b", "em", "i", "u", "s",
        "sub", "sup", "a", "img", "figure", "figcaption", "table", "thead", "tbody", "tr", "th", "td", "span", "code",
        "pre", "cite", "q", "time",
    }
)  # fmt: skip
ATTRIBUTES: Final = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
SCHEMES: Final = frozenset({"https", "http", "mailto", "tel"})
# Gone with all they hold; of any other tag that is not in TAGS the words stay.
EMPTIED: Final = frozenset(
    {
        "script", "style", "iframe", "object", "embed", "form", "noscript", "template", "svg", "math", "title", "head",
        "textarea", "select", "button", "audio", "video", "canvas", "noembed", "noframes", "plaintext", "xmp",
    }
)  # fmt: skip


def clean(html: str) -> str:
    """The HTML with the tags, attributes and schemes above only. Never raises, fetches nothing."""
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        url_schemes=set(SCHEMES),
        link_rel=None,
        strip_comments=True,
        clean_content_tags=set(EMPTIED),
    )


# References to what no text may hold: C0 but tab and line ends, DEL, and the two that are no characters.
_CONTROLS: Final = re.compile(
    r"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01]|127|6553[45])|x0*(?:[0-8bcef]|1[0-9a-f]|7f|fff[ef]))(?![0-9a-f]);?",
    re.IGNORECASE,
)
_LONG_TAG: Final = re.compile(r"<[a-zA-Z][^<>]{20000,}")
_MOST_ATTRIBUTES: Final = 1000  # of one tag; the parser compares each with all before it


def without_controls(html: str) -> str:
    """HTML without references such as &#7;: the parser takes them, and no text may be made of them afterwards."""
    return _CONTROLS.sub("", html)


def is_bomb(html: str) -> bool:
    """Whether a single tag has more attributes than any page was ever written with."""
    return any(match[0].count("=") > _MOST_ATTRIBUTES for match in _LONG_TAG.finditer(html))
