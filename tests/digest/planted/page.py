"""H: what the page is made of."""

from tests.digest.planted import PAGE, STYLE, Change, Planted

HEAD = '<meta name="x-apple-disable-message-reformatting">'
BODY = "{# whole articles #}"
DARK = "@media (prefers-color-scheme: dark) {"
PHONE = "@media only screen and (max-width: 620px) {"


def in_body(html: str) -> tuple[Change, ...]:
    """After the headline list, in a row of its own."""
    return (Change(PAGE, BODY, f"<tr><td>\n{html}\n</td></tr>\n{BODY}"),)


def style(css: str, old: str = ".p { margin: 0 0 18px 0 }") -> tuple[Change, ...]:
    return (Change(STYLE, old, f"{old}\n{css}"),)


def warning(code: str, changes: tuple[Change, ...], at: str, file: str = PAGE, level: str = "warning") -> Planted:
    return Planted(code=code, changes=changes, file=file, at=at, level=level)


def error(code: str, changes: tuple[Change, ...], at: str, file: str = PAGE) -> Planted:
    return Planted(code=code, changes=changes, file=file, at=at)


WORDS = "حصاد الأسبوع"

PLANTED = (
    warning("H301", in_body(f'<p style="transform:rotate(90deg)">{WORDS}</p>'), "transform:"),
    warning("H301", in_body(f"<p><ruby>{WORDS}<rt>x</rt></ruby><dialog>{WORDS}</dialog></p>"), "<dialog>"),
    error("H302", in_body("<script>x()</script>"), "<script>"),
    error("H302", in_body('<form action="https://www.akhbar-alhaql.org/q"></form>'), "<form"),
    error("H302", in_body(f'<p onclick="x()">{WORDS}</p>'), "onclick"),
    error("H302", in_body("<iframe></iframe>"), "<iframe"),
    error("H302", in_body("<video></video>"), "<video"),
    error("H302", (Change(PAGE, HEAD, f'{HEAD}\n<base href="https://www.akhbar-alhaql.org/">'),), "<base"),
    error(
        "H302",
        (Change(PAGE, HEAD, f'{HEAD}\n<link rel="stylesheet" href="https://www.akhbar-alhaql.org/x.css">'),),
        "<link",
    ),
    error(
        "H302",
        (Change(PAGE, HEAD, f'{HEAD}\n<style data-premailer="ignore">@import "x.css";</style>'),),
        '@import "x.css"',
    ),
    warning("H303", (Change(PAGE, "<title>{{ issue.title }}</title>\n", ""),), "<head>"),
    warning("H303", (Change(PAGE, '<meta charset="utf-8">\n', ""),), "<head>"),
    warning("H303", (Change(PAGE, '<html lang="{{ issue.lang }}" dir', "<html dir"),), "<html"),
    Planted(
        code="H304",
        changes=(Change(STYLE, "", f"{PHONE} .side {{ padding-left: 20px !important }} }}\n" * 200),),
        file=STYLE,
    ),
    error(
        "H304",
        (Change(PAGE, HEAD, f'{HEAD}\n<style data-premailer="ignore">/*{"x" * 17000}*/</style>'),),
        '<style data-premailer="ignore">/*x',
    ),
    warning("H305", in_body(f"<table><tbody><tr><td>{WORDS}</td></tr></tbody></table>"), "<table><tbody><tr><td>حصاد"),
    warning("H306", style(".faint { color: #8a8a8a }") + in_body(f'<p class="faint">{WORDS}</p>'), "#8a8a8a", STYLE),
    error("H306", in_body(f'<p style="color:#d0d0d0">{WORDS}</p>'), "#d0d0d0"),
    error(
        "H306",
        (Change(STYLE, "  .soft, .alt { color: #b9c0c4 !important }", "  .soft, .alt { color: #2b3134 !important }"),),
        "#2b3134",
        STYLE,
    ),
    warning("H307", in_body(f'<div style="display:flex">{WORDS}</div>'), "display:flex"),
    warning("H307", style(".grid { display: grid }") + in_body(f'<p class="grid">{WORDS}</p>'), "display: grid", STYLE),
    warning("H307", in_body(f'<p style="position:relative">{WORDS}</p>'), "position:relative"),
    warning("H307", in_body(f'<p style="font-size:2rem">{WORDS}</p>'), "2rem"),
    warning("H307", style(".side:has(img) { padding: 0 !important }", PHONE + "\n"), ".side:has", STYLE),
    error("H308", in_body(f'<p style="border-color:rgb(1 2 3)">{WORDS}</p>'), "rgb(1 2 3)"),
    error("H308", in_body(f'<p style="border-color:oklch(40% 0.2 30)">{WORDS}</p>'), "oklch("),
    error(
        "H308",
        style(".faint { border-color: rgb(1 2 3 / 4%) }") + in_body(f'<p class="faint">{WORDS}</p>'),
        "rgb(1 2 3",
        STYLE,
    ),
    error(
        "H308",
        style(".oak { border-color: hsl(30deg 20% 10%) }") + in_body(f'<p class="oak">{WORDS}</p>'),
        "hsl(",
        STYLE,
    ),
    error("H308", style("  .side { border-color: rgb(0 0 0 / 50%) !important }", PHONE), "border-color: rgb(0", STYLE),
    warning(
        "H309",
        (Change(PAGE, '<meta name="supported-color-schemes" content="light dark">\n', ""),),
        "<head>",
        level="note",
    ),
    Planted(code="H309", changes=(Change(STYLE, DARK, "@media (max-width: 1px) {"),), file=STYLE, level="note"),
)
