"""The inliner's known traps, each held shut."""

import re
import socket
from html import unescape
from importlib.util import find_spec
from pathlib import Path

import pytest

from newsletter_cli.digest.inline import drop_unused_classes, inline
from newsletter_cli.errors import ConfigError, RefusedError
from tests.digest.making import filled

PAGE = """<!DOCTYPE html>
<html><head><style>{css}</style>
<style data-premailer="ignore">@media (max-width:620px) {{ .side {{ padding: 0 !important }} }}</style></head>
<body>{body}</body></html>"""


def page(css: str, body: str) -> str:
    return inline(PAGE.format(css=css, body=body))


def test_rules_become_attributes_and_no_style_element_is_left_but_the_kept_one():
    out = page(".ink{color:#ffffff}", '<p class="ink side" data-premailer="x">a</p>')
    assert '<p class="side" style="color:#ffffff">a</p>' in out
    assert out.count("<style") == 1
    assert "!important" in out
    assert "data-premailer" not in out


def test_six_digits_stay_six_digits():
    assert "#ffffff" in page("p{color:#ffffff}", "<p>a</p>")


def test_an_images_width_stays_a_number():
    assert 'width="528"' in page("img{width:100%}", '<img src="https://a.org/x.png" width="528" alt="">')


def test_a_marker_passes_unchanged_through_text_addresses_and_attributes_with_quotes():
    out = page(
        "p{color:#000000}", """<p title='say "x" nlabcdef000z'><a href="nlabcdef001z?theme=dark">nlabcdef002z</a></p>"""
    )
    assert re.findall(r"nlabcdef(\d+)z", out) == ["000", "001", "002"]
    assert 'href="nlabcdef001z?theme=dark"' in out


def test_a_comment_between_rows_stays_where_it_was():
    body = "<table><tbody><tr><td>1</td></tr><!--nlabcdef000z--><tr><td>2</td></tr><!--nlabcdef001z--></tbody></table>"
    assert body in page("p{color:#000000}", body)


def test_a_stylesheet_that_asks_for_another_fails_and_nobody_is_asked():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        with pytest.raises(RefusedError, match="nothing is fetched"):
            page(f"@import url(http://127.0.0.1:{server.getsockname()[1]}/a.css);", "<p>a</p>")
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_stylesheet_cannot_read_a_file(tmp_path):
    (tmp_path / "secret.css").write_text("p{color:#123456}", encoding="utf-8")
    with pytest.raises(RefusedError, match="nothing is fetched"):
        page(f"@import url({(tmp_path / 'secret.css').as_uri()});", "<p>a</p>")


def test_text_that_looks_like_an_attribute_is_left_alone():
    words = '<p>he wrote class="ink" and data-premailer="x"</p>'
    assert words in page(".ink{color:#000000}", words)
    assert drop_unused_classes('<p class="a b">class="c"</p>') == '<p>class="c"</p>'


def test_css_that_cannot_be_read_is_an_error_with_a_sentence():
    with pytest.raises(RefusedError, match="CSS could not be inlined"):
        page("@media screen { @media print { p { color: red } } }", "<p>a</p>")


@pytest.mark.parametrize("page", ["", " \n"])
def test_an_empty_page_is_an_error_with_a_sentence_about_the_template(page):
    with pytest.raises(RefusedError, match=r"^The template made an empty page\.$"):
        inline(page)


def test_the_other_inliner_gives_the_same_words_or_says_how_to_get_it(room):
    article = room.article("a", "فقرة أولى.", "فقرة ثانية.")
    fast = room.set(compose={"inliner": "css-inline"})
    if find_spec("css_inline") is None:
        with pytest.raises(ConfigError) as caught:
            fast.issue(article)
        assert (caught.value.code, caught.value.fix) == ("EXTRA", 'pip install "newsletter-cli[fast]"')
    else:
        mine, other = filled(room.issue(article).html), filled(fast.issue(article).html)
        words = [re.sub(r"<[^>]*>|\s+", "", unescape(page)) for page in (mine, other)]
        assert words[0] == words[1]


def test_premailer_is_imported_by_the_function_alone():
    source = (Path(inline.__code__.co_filename)).read_text(encoding="utf-8")
    assert "from premailer import Premailer  # lazy" in source
    assert not re.search(r"^(?:import|from) (?:premailer|cssutils)", source, re.MULTILINE)
