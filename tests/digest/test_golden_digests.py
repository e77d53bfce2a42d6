"""Whole digests: the seed page, ten articles, a left-to-right one. The diff of these files is read like code."""

import re
import shutil
from html import unescape
from pathlib import Path

import pytest

from newsletter_cli.articles.reading import read_article
from newsletter_cli.digest.loading import articles_of, issue_of
from newsletter_cli.digest.model import Choice, Issue, Size
from tests.digest.making import Room, filled, shown

ARTICLES = Path(__file__).parent.parent / "golden" / "articles"
SEED_LINES = (1, 2, 3, 4, 6, 7, 9, 12, 15, 18, 21, 24, 27, 30, 33, 35, 37)  # the 17 lines with content
LOGO = 3  # «Logo»: the newsroom's own name stands in the masthead instead
DARK = 1


def put(room: Room, *names: str) -> list[str]:
    """Golden articles into the newsroom; their slugs."""
    slugs = []
    for name in names:
        slug = f"a{name}"
        shutil.copy(ARTICLES / f"{name}.md", room.root / "articles" / f"{slug}.md")
        slugs.append(slug)
    return slugs


def made(room: Room, *slugs: str | Choice, **fields: str) -> Issue:
    return issue_of(room.file(*slugs, **fields), room.settings, room.newsroom)


def compare(golden, name: str, issue: Issue) -> None:
    golden(f"digests/{name}.html", shown(issue.html))
    golden(f"digests/{name}.txt", shown(issue.text))


def test_the_seed_page(room, golden):
    compare(golden, "01-seed", made(room, *put(room, "01-seed"), subject="مركز أبحاث روسي"))


def test_ten_articles(room, golden):
    names = sorted(path.stem for path in ARTICLES.glob("*.md"))[1:11]
    compare(
        golden, "02-ten-articles", made(room, *put(room, *names), intro="صباح الخير يا [[ name | default('قارئنا') ]].")
    )


def test_an_english_digest(room, golden):
    english = room.set(newsroom={"language": "en", "name": "Field News", "locale": "en-GB", "website": "https://a.org"})
    issue = made(
        english, *put(room, "11-english"), subject="Field notes", preheader="What changed in the fields this week"
    )
    compare(golden, "03-english", issue)


# --- the seventeen elements of the seed ------------------------------------------------------------------------


def folded(text: str) -> str:
    """Words only: one kind of space, no marks, no bullet."""
    return " ".join(re.sub("[\u200e\u200f\u2068\u2069•]", "", text).replace("\u00a0", " ").split())


def visible(html: str) -> str:
    body = re.sub(r"<head>.*</head>|<!--.*?-->|<div class=\"pre\".*?</div>", "", html, flags=re.DOTALL)
    return folded(unescape(re.sub(r"<[^>]*>", " ", body)))


def seed_words() -> dict[int, str]:
    lines = (ARTICLES / "01-seed.txt").read_text(encoding="utf-8").split("\n")
    return {number: folded(lines[number - 1]) for number in SEED_LINES}


@pytest.fixture(params=["page", "imported"])
def seed_issue(request, room) -> Issue:
    """From the page itself, and from the article that `articles import` makes of it."""
    room = room.set(newsroom={"name": "ليفانت"})
    if request.param == "page":
        shutil.copy(ARTICLES / "01-seed.txt", room.root / "articles" / "seed.txt")
        article = read_article(room.root / "articles" / "seed.txt", root=room.root)
    else:
        (slug,) = put(room, "01-seed")
        (article,) = articles_of(room.file(slug), room.settings, room.newsroom)
    return room.issue(article)


def in_order(words: list[str], text: str) -> list[str]:
    """Those of the words that do not follow the one before them in the text."""
    lost, at = [], 0
    for one in words:
        found = text.find(one, at)
        if found < 0:
            lost.append(one)
        else:
            at = found + len(one)
    return lost


def test_all_seventeen_elements_of_the_seed_are_in_the_page_in_order(seed_issue):
    words = seed_words()
    assert len(words) == 17
    # Top bar: the date at the start side, the label at the end side; then the name for the logo.
    order = [words[2], words[DARK], "ليفانت", *(words[n] for n in SEED_LINES if n not in (1, 2, LOGO, 6, 7))]
    order[4:4] = [words[7], words[6]]  # the kicker stands above the title
    assert in_order(order, visible(filled(seed_issue.html))) == []


def test_all_seventeen_elements_of_the_seed_are_in_the_text_part_in_order(seed_issue):
    words = seed_words()
    order = ["ليفانت", words[2], words[4], words[7], words[6]]
    order += [words[n] for n in SEED_LINES if n > 7] + [words[DARK]]
    text = folded(filled(seed_issue.text))
    assert in_order(order, text) == []
    assert "[صورة: هتش]" in text


def test_the_seed_keeps_its_date_words_its_digits_and_its_odd_quotes(seed_issue):
    page = visible(filled(seed_issue.html))
    assert "السبت\u00a0٢٧\u00a0/\u00a0أبريل\u00a0/\u00a0٢٠٢٤" in filled(seed_issue.html)
    assert "آذار 2020" in page
    assert page.count('"') == 13
    assert "href" not in re.search(r"اقرأ المزيد:.{0,400}", filled(seed_issue.html), re.DOTALL)[0].split("</table>")[0]


def test_a_full_seed_among_others_keeps_all_its_words_too(room):
    slugs = put(room, "11-english", "01-seed")
    issue = made(room, slugs[0], Choice(slugs[1], Size.FULL))
    page = visible(filled(issue.html))
    assert in_order([seed_words()[n] for n in (7, 6, 2, 9, 12, 15, 18, 21, 24, 27, 30, 33, 35, 37)], page) == []
