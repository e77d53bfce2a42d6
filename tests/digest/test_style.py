"""One stylesheet, parted by what its rules are."""

import re

import pytest

from newsletter_cli.digest.style import part
from newsletter_cli.errors import RefusedError
from newsletter_cli.newsroom import templates_folder

CSS = """\
/* { a comment } */
.ink { color: #30363c }
.link:hover { color: #000000 }
@media (max-width: 620px) {
  .h1 { font-size: 25px !important }
}
:root { color-scheme: light dark }
[data-ogsc] .ink { color: #ffffff !important }
@media (prefers-color-scheme: dark) { .ink { color: #d9dee0 !important } }
p { margin: 0 }
"""


def test_what_cannot_be_inlined_stays_in_the_head():
    style = part(CSS, "templates/style.css")
    assert style.inlined == ".ink { color: #30363c }\np { margin: 0 }"
    assert style.phone == (
        ".link:hover { color: #000000 }\n@media (max-width: 620px) { .h1 { font-size: 25px !important } }"
    )
    assert style.dark == (
        ":root { color-scheme: light dark }\n[data-ogsc] .ink { color: #ffffff !important }\n"
        "@media (prefers-color-scheme: dark) { .ink { color: #d9dee0 !important } }"
    )
    assert style.kept_classes == {"link", "h1", "ink"}


@pytest.mark.parametrize(
    ("css", "line", "what"),
    [
        ("p { color: red }\n@import 'x.css';", 2, "@import"),
        ("\n\n.a { background: url(https://evil.example/x) }", 3, "url("),
        (".a { background: u\\72l(x) }", 1, "backslash"),
        (".a { width: expression(1) }", 1, "expression("),
        (".a { behavior: x }", 1, "behavior"),
        ("@font-face { font-family: X }", 1, "@font-face"),
        (".a { color: red } * { margin: 0 }", 1, "every element"),
        ("@media screen {\n @media (min-width: 1px) { .a { color: red } } }", 2, "nested this deep"),
        (".a { .b { color: red } }", 1, "nested rules"),
        (".a { color: red", 1, "not closed"),
        (".a { } }", 1, "without its"),
        (".a { color: red }</style><script>", 1, "markup"),
    ],
)
def test_css_that_could_fetch_or_break_is_refused_with_its_line(css, line, what):
    with pytest.raises(RefusedError) as caught:
        part(css, "templates/style.css")
    assert caught.value.message.startswith(f"templates/style.css:{line} ")
    assert what in caught.value.message


def test_the_themes_own_stylesheet_names_each_colour_with_six_digits_and_no_side():
    css = (templates_folder() / "style.css").read_text(encoding="utf-8")
    style = part(css, "templates/style.css")
    assert style.inlined
    assert style.phone
    rules = style.inlined + style.phone + style.dark
    assert {len(colour) for colour in re.findall(r"#\w+", rules)} == {7}
    for declaration in rules.replace("{", ";").split(";"):
        name, _, value = declaration.partition(":")
        if "padding-left" not in name and "padding-right" not in name:  # phones: both sides alike
            assert not {"left", "right"} & {name.strip(), value.strip().removesuffix("!important").strip()}
    # Every dark rule must beat a style attribute.
    for rule in style.dark.split("}"):
        for declaration in rule.rpartition("{")[2].split(";"):
            if "color" in declaration and "color-scheme" not in declaration:
                assert "!important" in declaration
