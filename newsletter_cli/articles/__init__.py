"""Articles: a writer's file becomes one frozen Article.

read_article, read_folder, read_source · decode · read_page (page text with roles) · markdown_blocks,
split_front_matter · to_markdown, write_article · slug_for · check_url
"""

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from newsletter_cli.articles.decoding import Decoded, decode
    from newsletter_cli.articles.page_text import Page, read_page
    from newsletter_cli.articles.readers.front_matter import FrontMatter, split_front_matter
    from newsletter_cli.articles.readers.markdown import markdown_blocks
    from newsletter_cli.articles.reading import Failure, Reading, Source, read_article, read_folder, read_source
    from newsletter_cli.articles.roles import Role, RoleLine
    from newsletter_cli.articles.slugs import slug_for
    from newsletter_cli.articles.urls import CheckedUrl, check_url
    from newsletter_cli.articles.writing import to_markdown, write_article

__all__ = [
    "CheckedUrl",
    "Decoded",
    "Failure",
    "FrontMatter",
    "Page",
    "Reading",
    "Role",
    "RoleLine",
    "Source",
    "check_url",
    "decode",
    "markdown_blocks",
    "read_article",
    "read_folder",
    "read_page",
    "read_source",
    "slug_for",
    "split_front_matter",
    "to_markdown",
    "write_article",
]

# Where each name lives; a file is loaded when a name of it is first asked for: one format at a time.
_HOMES: Final[Mapping[str, tuple[str, ...]]] = {
    "decoding": ("Decoded", "decode"),
    "page_text": ("Page", "read_page"),
    "readers.front_matter": ("FrontMatter", "split_front_matter"),
    "readers.markdown": ("markdown_blocks",),
    "reading": ("Failure", "Reading", "Source", "read_article", "read_folder", "read_source"),
    "roles": ("Role", "RoleLine"),
    "slugs": ("slug_for",),
    "urls": ("CheckedUrl", "check_url"),
    "writing": ("to_markdown", "write_article"),
}


def __getattr__(name: str) -> object:
    """A public name, from its file."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
