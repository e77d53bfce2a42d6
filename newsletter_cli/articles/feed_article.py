"""An entry of a feed becomes an article: its content is a small page, and the feed's own words are that page's head."""

import html
import re
from datetime import tzinfo
from typing import Final

from newsletter_cli.articles.decoding import Decoded
from newsletter_cli.articles.html_article import read_html
from newsletter_cli.articles.readers.feed import Entry, Feed
from newsletter_cli.articles.reading import HTML, Source

SUMMARY: Final = "The feed gives only a summary of this article."


def read_entry(entry: Entry, feed: Feed, *, language: str, newsroom: str, zone: tzinfo, name: str) -> Source:
    """The article of one entry; title and blocks may be empty.  Raises RefusedError UNREADABLE."""
    page = read_html(_page(entry, feed), language=language, newsroom=newsroom, name=name, zone=zone, page=False)
    notes = () if entry.whole else (SUMMARY,)
    return Source(page.article, Decoded("", "utf-8", notes), HTML, dropped=page.dropped)


def _page(entry: Entry, feed: Feed) -> str:
    said = {
        "og:title": entry.title,
        "og:image": entry.image,
        "og:url": entry.url,
        "og:site_name": feed.title,
        "article:section": entry.section,
        "article:published_time": entry.published.isoformat() if entry.published else entry.published_text,
        "author": entry.author,
    }
    head = "".join(f'<meta property="{key}" content="{html.escape(text)}">' for key, text in said.items() if text)
    language = f' lang="{html.escape(feed.language)}"' if feed.language else ""
    return f"<html{language}><head>{head}</head><body><div>{_body(entry.html)}</div></body></html>"


def _body(text: str) -> str:
    """Content as HTML; words without a tag are paragraphs at their empty lines."""
    if re.search(r"<[a-zA-Z/!]", text):
        return text
    return "".join(f"<p>{part}</p>" for part in re.split(r"\n\s*\n", text))
