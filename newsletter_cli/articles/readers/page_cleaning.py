"""A page before it is judged: scripts, typing forms, late pictures, tables of layout; and pictures with their words."""

from typing import Final

from lxml.html import Element, HtmlElement

from newsletter_cli.articles import lines as shapes
from newsletter_cli.articles.readers import page_hints as hints
from newsletter_cli.articles.readers.page_trees import is_inside, words_of

_GREAT: Final = 0.4  # a part with more of the page's text than this is no furniture, whatever its name says
_WHOLE: Final = 100  # letters of text in a page of which parts can be told; a shorter one is taken as it is
_CAPTION: Final = 140
_DEEPEST: Final = 80  # levels of tags; the soup of real sites has 40


def prepare(body: HtmlElement) -> None:
    """Pictures of phones' pages and of late loading become pictures; scripts and layout tables go."""
    for element in list(body.iter()):
        if not isinstance(element.tag, str):
            if element.getparent() is not None:
                element.drop_tree()
        elif element.tag in hints.INVISIBLE and element is not body and is_inside(element, body):
            element.drop_tree()
        elif element.tag in ("amp-img", "amp-anim"):
            element.tag = "img"
    flatten(body, _DEEPEST)
    _drop_skip_links(body)
    _judge_forms(body)
    for image in list(body.iter("img")):
        image.set("src", hints.picture_of(image))
        if not image.get("src") or hints.is_ornament(image):
            image.drop_tree()
    for table in reversed(list(body.iter("table"))):
        if _is_layout(table):
            _unfold(table)


def flatten(root: HtmlElement, deepest: int) -> None:
    """Take away the tags that lie too deep, and keep their words: nobody writes so, and each level costs stack."""
    depths = {root: 0}
    deep = []
    for element in root.iterdescendants():
        depths[element] = depths[element.getparent()] + 1
        if depths[element] > deepest:
            deep.append(element)
    for element in reversed(deep):
        element.drop_tag()


def _drop_skip_links(body: HtmlElement) -> None:
    """“Skip to the end”; the number of a footnote touches words and stays."""
    for link in list(body.xpath(".//a[starts-with(@href, '#')]")):
        previous, parent = link.getprevious(), link.getparent()
        ahead = (parent.text if previous is None else previous.tail) if parent is not None else ""
        if 3 < len(words_of(link)) <= 40 and not f"{ahead or ''}{link.tail or ''}".strip():
            link.drop_tree()


def _judge_forms(body: HtmlElement) -> None:
    """A form around the whole page is the frame of old servers; any other one is for typing."""
    total = len(words_of(body))
    for form in list(body.iter("form")):
        words = len(words_of(form))
        if words > _GREAT * total and words >= _WHOLE:
            form.tag = "div"
        else:
            form.drop_tree()


def _unfold(table: HtmlElement) -> None:
    for element in table.xpath("./tr | ./tbody | ./thead | ./tfoot | ./*/tr | ./tr/td | ./*/tr/td | ./*/tr/th"):
        element.tag = "div"
    table.tag = "div"


def _is_layout(table: HtmlElement) -> bool:
    cells = table.xpath("./tr/td | ./*/tr/td | ./tr/th | ./*/tr/th | ./tr/div | ./*/tr/div")
    if table.get("role") == "presentation" or table.find(".//table") is not None:
        return True
    if len(cells) < 2 or table.xpath(".//div | .//h1 | .//h2 | .//p"):
        return len(cells) < 2 or bool(table.xpath(".//h1 | .//td/div | .//td/p[2]"))
    rows = table.xpath("./tr | ./*/tr")
    widest = max((len(row) for row in rows), default=0)
    return widest < 2 or any(len(words_of(cell)) > 300 for cell in cells)


def join_captions(body: HtmlElement, title: HtmlElement | None) -> None:
    """A picture and the short words in one box, or right under it by name, become a figure."""
    for image in list(body.iter("img")):
        if any(each.tag == "figure" for each in image.iterancestors()):
            continue
        box = image
        while (parent := box.getparent()) is not None and parent is not body and not words_of(box):
            following = box.getnext()
            if following is not None and hints.is_caption(following) and len(words_of(following)) <= 300:
                _make_figure(box, following)
                break
            if title is not None and parent in title.iterancestors():
                break
            box = parent
        else:
            if box is not image and _is_caption_box(box):
                _make_figure(box, None)


def _is_caption_box(box: HtmlElement) -> bool:
    words = words_of(box)
    plain = box.tag in ("div", "span", "center", "table", "td", "section") and box.find(".//a") is None
    return (
        plain and 1 < len(words) <= _CAPTION and len(box.findall(".//img")) == 1 and not box.xpath(".//h1|.//h2|.//h3")
        and (not shapes.ends_with_stop(words) or box.find(".//p") is None)
    )  # fmt: skip


def _make_figure(box: HtmlElement, following: HtmlElement | None) -> None:
    images = [box] if box.tag == "img" else list(box.iter("img"))
    caption = Element("figcaption")
    caption.text = words_of(box if following is None else following)
    figure = Element("figure")
    box.addprevious(figure)
    for image in images:
        image.tail = None
        figure.append(image)
    figure.append(caption)
    for old in (box, following):
        if old is not None and old.tag != "img" and old.getparent() is not None:
            old.drop_tree()
