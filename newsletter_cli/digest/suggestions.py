"""What an editor may take for subject and preheader: words of the articles themselves, short enough for a phone."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from newsletter_cli.articles.model import Article
from newsletter_cli.digest.page import summary_of
from newsletter_cli.digest.summary import short

SUBJECT: Final = 50  # characters; C102 notes longer ones
PREHEADER_LEAST, PREHEADER_MOST = 30, 100  # under the 110 that C103 minds
OFFERED: Final = 3
_BETWEEN: Final = " · "
_CLAUSE: Final = re.compile(r"[:،؛؟!.–—](?=\s|$)")
_CLAUSE_LEAST: Final = 20  # characters of a clause that can stand alone


def subjects(articles: Sequence[Article], subject: str) -> tuple[str, ...]:
    """Other subjects for a digest of these articles, best first; none of them is its subject.

    From the lead's title and summary, then from the title of the next article.
    """
    if not articles:
        return ()
    lead = articles[0]
    sources = [lead.title, summary_of(lead, 220), *(article.title for article in articles[1:2])]
    return tuple(_others((_clause(source) for source in sources), subject))[:OFFERED]


def preheaders(articles: Sequence[Article], subject: str, preheader: str) -> tuple[str, ...]:
    """Another preheader: the titles of what follows the lead; none when they say too little."""
    titles = short(_BETWEEN.join(article.title for article in articles[1:4]), PREHEADER_MOST)
    return tuple(one for one in _others([titles], subject, preheader) if len(one) >= PREHEADER_LEAST)


def preheader_of(articles: Sequence[Article], subject: str) -> str:
    """The lead's summary; where that is short or the subject again, with what follows; at most 100 characters."""
    written = ""
    for article in articles:
        summary = summary_of(article, PREHEADER_MOST)
        if not summary or _same(summary, subject):
            continue
        written = short(f"{written}{_BETWEEN}{summary}" if written else summary, PREHEADER_MOST)
        if len(written) >= PREHEADER_LEAST:
            break
    return written


def _clause(text: str) -> str:
    """The text when it is short, else its longest beginning that ends with a clause, else cut at a word."""
    if len(text) <= SUBJECT:
        return text
    ends = [match.start() for match in _CLAUSE.finditer(text) if _CLAUSE_LEAST <= match.start() < SUBJECT]
    if not ends:
        return short(text, SUBJECT)
    # A question keeps its mark.
    return text[: ends[-1] + (text[ends[-1]] in "؟!")]


def _others(texts: Iterable[str], *taken: str) -> Iterator[str]:
    known = [*taken]
    for text in texts:
        if text.strip(" …") and not any(_same(text, one) for one in known):
            known.append(text)
            yield text


def _same(one: str, other: str) -> bool:
    return one.strip(" .…\u00a0") == other.strip(" .…\u00a0")
