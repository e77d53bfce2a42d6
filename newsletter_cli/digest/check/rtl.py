"""R202, R203, R205, R206, R213, R214: CSS and markup that spoil right-to-left text in mail programs."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from newsletter_cli.articles.model import Figure
from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.css import Declaration, declarations, rules, values_of
from newsletter_cli.digest.check.drawn import drawn_texts, pixels, ratio
from newsletter_cli.digest.check.finding import Hit
from newsletter_cli.digest.check.texts import article_passages, block_texts
from newsletter_cli.digest.check.theme_lines import find_in_theme
from newsletter_cli.digest.check.tree import PageTree, read_page
from newsletter_cli.digest.model import Issue, Size

_LOGICAL: Final = re.compile(
    r"(?:margin|padding|border|inset)-(?:inline|block)(?:-.*)?|(?:max-|min-)?(?:inline|block)-size|inset|border-(?:start|end)-.*"
)
_LOGICAL_VALUE: Final = re.compile(r"inline-(?:start|end)")
_ARABIC: Final = re.compile(
    "[\u0620-\u064a\u066e-\u06d3\u06d5\u06fa-\u06ff\u0750-\u077f\u08a0-\u08c7\ufb50-\ufdff\ufe70-\ufefc]"
)
_RTL: Final = re.compile(
    "[\u0590-\u05ff\u0620-\u064a\u066e-\u06d3\u06d5\u06fa-\u06ff\u0700-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]"
)
# Fonts that computers and telephones have; any other name is a font from the web, which mail programs do not load.
# fmt: off
_SYSTEM_FONTS: Final = frozenset({
    "segoe ui", "sf arabic", "sf pro", "geeza pro", "noto sans arabic", "noto naskh arabic", "noto kufi arabic",
    "noto nastaliq urdu", "noto sans", "noto serif", "noto sans hebrew", "tahoma", "arial", "arial hebrew",
    "arial unicode ms", "helvetica", "helvetica neue", "times", "times new roman", "georgia", "verdana", "calibri",
    "cambria", "consolas", "menlo", "monaco", "courier", "courier new", "trebuchet ms", "traditional arabic",
    "simplified arabic", "arabic typesetting", "sakkal majalla", "dubai", "aldhabi", "andalus", "al nile",
    "al bayan", "al tarikh", "baghdad", "damascus", "decotype naskh", "diwan kufi", "farah", "kufistandardgk",
    "muna", "nadeem", "mishafi", "waseem", "urdu typesetting", "jameel noori nastaleeq", "b nazanin", "b mitra",
    "david", "miriam", "gisha", "raanana", "new peninim mt", "corsiva hebrew", "roboto", "droid sans",
    "droid arabic naskh", "droid sans arabic", "dejavu sans", "liberation sans", "system-ui", "ui-sans-serif",
    "ui-serif", "-apple-system", "blinkmacsystemfont", "sans-serif", "serif", "monospace", "cursive", "inherit",
    "initial",
})
# fmt: on
SMALLEST: Final = 14  # pixels of right-to-left reading text
SMALLEST_ASIDE: Final = 13  # of footers and captions
LEAST_RATIO: Final = 1.6
LARGE: Final = 24  # pixels: a title of one or two lines may be set a little closer
LEAST_RATIO_LARGE: Final = 1.5


def logical_css(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """Properties that follow the direction by themselves: browsers know them, Gmail, Outlook and Yahoo do not."""
    for one in _all_declarations(read_page(issue)):
        logical = _LOGICAL.fullmatch(one.name) is not None
        by_value = one.name in {"float", "clear"} and _LOGICAL_VALUE.search(one.value) is not None
        if logical or by_value:
            shown = one.name if logical else f"{one.name}: {one.value}"
            yield _in_theme(issue, "R202", _pattern(one, with_value=by_value), property=shown)
        if one.name == "text-align" and one.value.lower() in {"start", "end"}:
            yield _in_theme(issue, "R203", _pattern(one, with_value=True), value=one.value)


def outlook(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """What Word's engine draws wrongly: a link with a direction; a cell with a direction and padding."""
    for element in read_page(issue).all("a", "td", "th"):
        style = values_of(element.style())
        if element.tag == "a":
            if "dir" in element.attributes:
                yield _in_theme(issue, "R205", r"<a\b[^>]*\sdir\s*=", what="dir on <a>")
        elif ("dir" in element.attributes or "direction" in style) and _is_padded(style):
            said = "dir" if "dir" in element.attributes else "direction"
            pattern = rf"<{element.tag}\b(?=[^>]*\bdir(?:ection)?\s*[=:])(?=[^>]*padding[\w-]*\s*:[^;\"']*[1-9])[^>]*>"
            yield _in_theme(issue, "R205", pattern, what=f"{said} and padding on one <{element.tag}>")


def letters(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """Joined letters must not be pulled apart, slanted, or stretched by spaces."""
    tree = read_page(issue)
    for text in drawn_texts(tree):
        if _ARABIC.search(text.text):
            for name in ("letter-spacing", "font-style", "text-transform", "text-align"):
                value = text.inherited(name)
                if _harms(name, value):
                    yield _harmful(issue, name, value)
    arabic = _classes_around(tree, _ARABIC)
    for selector_classes, one in _head_declarations(tree):
        if _harms(one.name, one.value) and selector_classes & arabic:
            yield _harmful(issue, one.name, one.value)


def fonts(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """The first font named for Arabic decides what programs without it take instead."""
    for text in drawn_texts(read_page(issue)):
        family = text.inherited("font-family")
        first = family.split(",")[0].strip().strip("\"'")
        if first and first.lower() not in _SYSTEM_FONTS and _ARABIC.search(text.text):
            yield _in_theme(issue, "R213", rf"font-family\s*:\s*(?:[\"']|&quot;)?{re.escape(first)}", font=first)


def sizes(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """Vowel marks collide in tight lines, and dots vanish in small letters."""
    tree = read_page(issue)
    body = _reading_text(issue)
    for text in drawn_texts(tree):
        if not _RTL.search(text.text) or text.direction == "ltr":
            continue
        size = text.font_size
        least = SMALLEST if text.text in body else SMALLEST_ASIDE
        if size is not None and size < least:
            yield _tight(issue, "font-size", text.inherited("font-size"), least)
        if (of_line := text.line_ratio) is not None and of_line < _least_ratio(size) - 0.01:
            yield _tight(issue, "line-height", text.inherited("line-height"), _least_ratio(size))
    right_to_left = _classes_around(tree, _RTL)
    for rule in (rule for css in tree.styles for rule in rules(css)):
        if _classes(rule.selectors) & right_to_left:
            yield from _tight_rule(issue, rule.declarations)


# --- where, and what is said -----------------------------------------------------------------------------------


def _in_theme(issue: Issue, code: str, pattern: str, **values: object) -> Hit:
    file, line = find_in_theme(issue, pattern)
    return Hit(code=code, file=file, line=line, values=values)


def _harmful(issue: Issue, name: str, value: str) -> Hit:
    one = Declaration(name, value)
    return _in_theme(
        issue, "R206", _pattern(one, with_value=True), property=name if value == "" else f"{name}: {value}"
    )


def _tight(issue: Issue, name: str, value: str, least: float) -> Hit:
    shown = f"{name}: {value or 'normal'}"
    file, line = find_in_theme(issue, _pattern(Declaration(name, value), with_value=bool(value)))
    fix = f"{name} of at least {least:g}{'px' if name == 'font-size' else ' times the font size'}"
    return Hit(code="R214", file=file, line=line, values={"what": shown}, fix=fix)


def _tight_rule(issue: Issue, found: tuple[Declaration, ...]) -> Iterator[Hit]:
    values = values_of(found)
    size = pixels(values.get("font-size", ""))
    if size is not None and size < SMALLEST_ASIDE:
        yield _tight(issue, "font-size", values["font-size"], SMALLEST_ASIDE)
    of_line = ratio(values["line-height"], size) if "line-height" in values else None
    if of_line is not None and 0 < of_line < _least_ratio(size) - 0.01:
        yield _tight(issue, "line-height", values["line-height"], _least_ratio(size))


def _pattern(one: Declaration, *, with_value: bool) -> str:
    # The inliner may write a value with other spaces than its author.
    value = r"\s*".join(re.escape(part) for part in re.findall(r"[^\s,]+|,", one.value)) if with_value else ""
    return rf"(?<![\w-]){re.escape(one.name)}\s*:\s*{value}"


# --- what the page says ----------------------------------------------------------------------------------------


def _all_declarations(tree: PageTree) -> Iterator[Declaration]:
    """Every declaration once: of style attributes, and of the rules left in the head."""
    found: dict[Declaration, None] = {}
    for element in tree.all():
        if style := element.attributes.get("style"):
            found.update(dict.fromkeys(_parsed(style)))
    for css in tree.styles:
        found.update(dict.fromkeys(one for rule in rules(css) for one in rule.declarations))
    return iter(found)


@cache
def _parsed(style: str) -> tuple[Declaration, ...]:
    return declarations(style)


def _head_declarations(tree: PageTree) -> Iterator[tuple[frozenset[str], Declaration]]:
    for css in tree.styles:
        for rule in rules(css):
            for one in rule.declarations:
                yield _classes(rule.selectors), one


def _classes(selectors: tuple[str, ...]) -> frozenset[str]:
    return frozenset(re.findall(r"\.([A-Za-z_][\w-]*)", " ".join(selectors)))


def _classes_around(tree: PageTree, letters_of: re.Pattern[str]) -> frozenset[str]:
    """Class names of the elements that hold such letters."""
    texts = (text for text in drawn_texts(tree) if letters_of.search(text.text))
    return frozenset(
        name for text in texts for element in text.chain() for name in element.attributes.get("class", "").split()
    )


def _is_padded(style: Mapping[str, str]) -> bool:
    return any(name.startswith("padding") and re.search(r"[1-9]", value) for name, value in style.items())


def _harms(name: str, value: str) -> bool:
    said = value.strip().lower()
    match name:
        case "letter-spacing":
            return said not in {"", "normal", "inherit", "initial"} and re.search(r"[1-9]", said) is not None
        case "font-style":
            return said.startswith(("italic", "oblique"))
        case "text-transform":
            return said in {"uppercase", "lowercase", "capitalize"}
        case "text-align":
            return said == "justify"
    return False


def _least_ratio(size: float | None) -> float:
    return LEAST_RATIO_LARGE if size is not None and size >= LARGE else LEAST_RATIO


def _reading_text(issue: Issue) -> str:
    """The words of articles but for what stands under pictures: text that is read, not glanced at."""
    words: list[str] = []
    for entry in issue.entries:
        if entry.size is Size.FULL:
            blocks = (block for block in entry.article.blocks if not isinstance(block, Figure))
            words += [" ".join(text.split()) for block in blocks for text, _ in block_texts(block)]
        else:
            words += [" ".join(passage.text.split()) for passage in article_passages(entry, issue)]
    return "\n".join(words)
