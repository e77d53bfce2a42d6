"""How long an article is, and whether it has a picture: what a table of articles says."""

from newsletter_cli.articles.model import Article, Figure
from newsletter_cli.articles.pictures import pictures_of
from newsletter_cli.digest.check.texts import block_texts


def word_count(article: Article) -> int:
    """Words of the body."""
    return sum(len(text.split()) for block in article.blocks for text, _urls in block_texts(block))


def has_picture(article: Article) -> bool:
    """Whether the article shows a picture; a caption whose picture is lost is none."""
    own = article.image is not None and bool(article.image.source)
    return own or any(isinstance(block, Figure) and block.picture.source for block in article.blocks)


def lacks_description(article: Article) -> bool:
    """Whether nobody described one of its pictures; `alt=""` is a description: decoration."""
    return any(picture.source and picture.alt is None for picture in pictures_of(article))
