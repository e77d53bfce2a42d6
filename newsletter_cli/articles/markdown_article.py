"""A Markdown file becomes an article: front matter, then the body; the first `#` is the title when no key gives one."""

from dataclasses import replace

from newsletter_cli.articles.head import with_values
from newsletter_cli.articles.model import Article, Heading, plain_text
from newsletter_cli.articles.readers.front_matter import split_front_matter
from newsletter_cli.articles.readers.markdown import lowered, parse
from newsletter_cli.language import direction_of, fold


def read_markdown(text: str, *, language: str = "ar", name: str = "the file") -> Article:
    """An article without slug from front matter and Markdown; title and blocks may be empty.

    language: the newsroom's, for a file that names none.  Raises RefusedError UNREADABLE for broken front matter.
    """
    front = split_front_matter(text, name)
    empty = Article(slug="", title="", language=language, direction=direction_of(language))
    article = with_values(empty, front, name)
    parsed = parse(front.body, base_url=article.url, first_line=front.body_line)
    title, title_line, body, lines = article.title, 0, list(parsed.blocks), list(parsed.lines)
    if body and isinstance(body[0], Heading) and body[0].level == 1:
        words = plain_text(body[0].inlines)
        if not title or fold(title) == fold(words):
            title, title_line = title or words, lines[0]
            del body[0], lines[0]
    places = {f"block:{number}": line for number, line in enumerate(lines)}
    if title_line and "title" not in article.lines:
        places["title"] = title_line
    return replace(
        article,
        title=title,
        blocks=tuple(lowered(block) for block in body),
        warnings=(*article.warnings, *parsed.warnings),
        left_out=(*article.left_out, *parsed.left_out),
        lines={**article.lines, **places},
    )
