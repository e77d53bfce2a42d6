"""From the newsroom's files to an issue: the digest file, the articles it names, and the rendering."""

from newsletter_cli.articles.model import Article
from newsletter_cli.articles.reading import Reading, article_files, read_article, read_folder
from newsletter_cli.digest.file import find_digest
from newsletter_cli.digest.inlined import InlinedPages
from newsletter_cli.digest.model import DigestFile, Issue
from newsletter_cli.digest.render import render_issue
from newsletter_cli.newsroom import Newsroom
from newsletter_cli.settings import Settings


def load_issue(id_: str, settings: Settings, newsroom: Newsroom, inlined: InlinedPages | None = None) -> Issue:
    """The issue of a digest as its file and the articles say now.

    inlined: pages that need not be inlined again.
    Raises UsageError NOT-FOUND, ConfigError, RefusedError: TEMPLATE, and why an article that is named cannot be read.
    """
    return issue_of(find_digest(newsroom, id_), settings, newsroom, inlined)


def issue_of(file: DigestFile, settings: Settings, newsroom: Newsroom, inlined: InlinedPages | None = None) -> Issue:
    """The issue of a digest file, with the articles it names."""
    return render_issue(file, articles_of(file, settings, newsroom), settings, newsroom, inlined=inlined)


def articles_of(file: DigestFile, settings: Settings, newsroom: Newsroom) -> tuple[Article, ...]:
    """The articles a digest names. Only their files are read: a newsroom has thousands of others.

    An article is looked for by its file's name, as `read_folder` names it; one that is not found so makes the whole
    folder be read. One that is named and cannot be read is an error with its place, and not an unknown article.
    """
    wanted = {choice.slug for choice in file.articles}
    found: dict[str, Article] = {}
    for path in article_files(newsroom.root, settings.compose.articles):
        if path.stem in wanted and path.stem not in found:
            found[path.stem] = read_article(
                path, root=newsroom.root, language=settings.newsroom.language, newsroom=settings.newsroom.name
            )
    if wanted <= found.keys():
        return tuple(found.values())
    return all_articles(settings, newsroom).articles


def all_articles(settings: Settings, newsroom: Newsroom) -> Reading:
    """Every article of the newsroom, and the files that gave none."""
    return read_folder(
        newsroom.root,
        settings.compose.articles,
        language=settings.newsroom.language,
        newsroom=settings.newsroom.name,
    )
