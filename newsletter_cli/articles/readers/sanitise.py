"""The first wall between foreign HTML and us: nh3 (its one door),.

nh3's own defaults drop `dir`, allow ftp, and let `//host` and relative links pass; links are judged again in `urls`.
"""

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
