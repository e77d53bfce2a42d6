"""Articles: a writer's file becomes one frozen Article."""

from newsletter_cli.articles.readers.front_matter import FrontMatter, split_front_matter
from newsletter_cli.articles.readers.markdown import markdown_blocks
from newsletter_cli.articles.writing import to_markdown, write_article

__all__ = ["FrontMatter", "markdown_blocks", "split_front_matter", "to_markdown", "write_article"]
