"""The sample issue in a real browser, as mail programs mangle it: still one readable column, right side first.

axe-core looks at each theme in each language, light and dark.
"""

import re
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from newsletter_cli.digest.specimen import LANGUAGES
from newsletter_cli.language import direction_of
from tests.digest.making import filled
from tests.digest.test_geometry import CONTRASTS, COVERED, NO_PICTURE_IS_LOADED, PIXEL
from tests.digest.test_theme_contract import THEMES, issues  # noqa: F401  # a fixture
from tests.servers.axe import violations

FILTER = "filter:invert(1) hue-rotate(180deg)"
INVERTED = f"<style>html{{{FILTER};background:#ffffff}}img{{{FILTER}}}</style></head>"
# The browser's answers are colours before the filter: they are turned as the filter turns them.
TURNED = """const parse = c => {
    const [r, g, b, ...a] = c.match(/[\\d.]+/g).map(Number), [x, y, z] = [255 - r, 255 - g, 255 - b];
    const one = (i, j, k) => Math.min(255, Math.max(0, i * x + j * y + k * z));
    return [one(-.574, 1.43, .144), one(.426, .43, .144), one(.426, 1.43, -.856), ...a];
  };"""
INVERTED_CONTRASTS = re.sub(r"const parse = .*;", lambda _: TURNED, CONTRASTS, count=1)
# Where the letters of each text begin, and the edge of the cell around them on the side where it should begin.
STARTS = """
(side => [...document.querySelectorAll('h1,h2,p,li')]
  .filter(e => e.getClientRects().length && getComputedStyle(e).direction === (side === 'right' ? 'rtl' : 'ltr'))
  .map(e => {
    const range = document.createRange(); range.selectNodeContents(e);
    const rects = [...range.getClientRects()].filter(r => r.width > 0); const box = e.getBoundingClientRect();
    const edge = rects.map(r => r[side]);
    return Math.round(side === 'right' ? box.right - Math.max(...edge) : Math.min(...edge) - box.left);
  }))
"""
COLUMNS = """
[...document.querySelectorAll('td[valign=top]')].slice(0, 2).map(e => Math.round(e.getBoundingClientRect().left))
"""


def no_change(html):
    return html


def without_style_elements(html):
    return re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)


def without_dir(html):
    return re.sub(r'(<(?!span|pre)\w+[^>]*?) dir="\w+"', r"\1", html)


def in_a_div(html):
    """As Gmail does: <html> and the head's meta are gone, <body> is a div."""
    styles = "".join(re.findall(r"<style.*?</style>", html, re.DOTALL))
    body = re.sub(r"<(/?)body[^>]*>", r"<\1div>", html[html.index("<body") :].replace("</html>", ""))
    return f'<meta charset="utf-8">{styles}<div>{body}</div>'


def inverted(html):
    return html.replace("</head>", INVERTED)


def pictures_off(html):
    return re.sub(r'(<img[^>]*) src="[^"]*"', r"\1", html)


MANGLED = [no_change, without_style_elements, without_dir, in_a_div, inverted, pictures_off]


@pytest.fixture
def opened(browser, issues, tmp_path):  # noqa: F811  # the fixture
    """opened("plain", "ar", in_a_div, width=375) → the page in the browser."""

    def open_(theme, language, mangle=no_change, **how):
        html = mangle(NO_PICTURE_IS_LOADED.sub(PIXEL, filled(issues[theme, language].html)))
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8")
        return browser.open(path, **how)

    return open_


def readable(page, language, width, contrasts=CONTRASTS):
    side = "right" if direction_of(language) == "rtl" else "left"
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert [box for box in page.evaluate(COVERED) if box[1] < 0 or box[2] > width] == []
    starts = page.evaluate(f"{STARTS}({side!r})")
    assert len(starts) > 15
    assert [distance for distance in starts if abs(distance) > 3] == []
    first, second = page.evaluate(COLUMNS)
    assert (first > second) == (side == "right")  # the number before the headline
    found = page.evaluate(contrasts)
    assert len(found) > 40
    assert [one for one in found if one[0] < 4.5] == []


@pytest.mark.parametrize("width", [320, 375, 600, 800])
@pytest.mark.parametrize("theme", THEMES)
def test_readable_at_every_width_in_light_and_dark(opened, theme, width):
    for dark in (False, True):
        readable(opened(theme, "ar", width=width, dark=dark), "ar", width)


@pytest.mark.parametrize("mangle", MANGLED[1:])
@pytest.mark.parametrize("theme", THEMES)
def test_readable_however_a_mail_program_mangles_it(opened, theme, mangle):
    for language, width in (("ar", 375), ("ur", 600), ("en", 600)):
        contrasts = INVERTED_CONTRASTS if mangle is inverted else CONTRASTS
        readable(opened(theme, language, mangle, width=width), language, width, contrasts)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_light_and_dark(opened, theme, language):
    for dark in (False, True):
        assert violations(opened(theme, language, width=600, dark=dark)) == []


# --- pictures --------------------------------------------------------------------------------------------------

PICTURES = Path(__file__).parent.parent / "golden" / "pictures"
WAYS = {
    "light": (no_change, False),
    "dark": (no_change, True),
    "inverted": (inverted, False),
    "no-pictures": (pictures_off, False),
    "no-style": (without_style_elements, False),
    "no-dir": (without_dir, False),
    "in-a-div": (in_a_div, False),
}
SHOTS = [
    *(("digest", "ar", width, way) for width in (320, 375, 600, 800) for way in WAYS),
    ("digest", "en", 600, "light"),
    ("plain", "ar", 375, "light"),
    ("plain", "ar", 600, "dark"),
]
BLOCK = 25  # pixels of the picture that become one: letters of another version of a font grey it alike
NEAR = 6.0  # of 255, on average
FAR = 48  # of 255, for one block; at most one in thirty may differ so much


@pytest.fixture
def golden_picture(golden, request):
    """golden_picture("digest-ar-375-light", path): it looks like the stored one, line breaks a little off included."""
    rewrite = request.config.getoption("--rewrite-golden")

    def compare(name, path):
        taken = Image.open(path).convert("L")
        stored = PICTURES / f"{name}.png"
        if rewrite:
            stored.parent.mkdir(parents=True, exist_ok=True)
            half = taken.resize((taken.width // 2, taken.height // 2), Image.Resampling.BOX)
            half.quantize(8).save(stored, optimize=True)
        assert stored.exists(), f"{stored} is missing: make golden writes it"
        with Image.open(stored) as kept:
            assert abs(kept.height * 2 - taken.height) <= 0.03 * taken.height
            grid = (taken.width // BLOCK, taken.height // BLOCK)
            before = kept.convert("L").resize(grid, Image.Resampling.BOX)
        difference = ImageChops.difference(before, taken.resize(grid, Image.Resampling.BOX))
        assert ImageStat.Stat(difference).mean[0] <= NEAR, name
        assert sum(difference.histogram()[FAR:]) <= grid[0] * grid[1] / 30, name

    return compare


@pytest.mark.parametrize(("theme", "language", "width", "way"), SHOTS)
def test_it_looks_like_the_stored_picture_and_can_be_read(
    opened, golden_picture, tmp_path, theme, language, width, way
):
    mangle, dark = WAYS[way]
    page = opened(theme, language, mangle, width=width, dark=dark)
    readable(page, language, width, INVERTED_CONTRASTS if way == "inverted" else CONTRASTS)
    golden_picture(f"{theme}-{language}-{width}-{way}", page.picture(tmp_path / "taken.png"))
