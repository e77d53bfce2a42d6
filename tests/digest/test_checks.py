"""Every check finds its fault, with file and line, and stays silent without it."""

import shutil
from dataclasses import replace

import pytest

from newsletter_cli.articles.model import CodeBlock, Figure, Heading, Picture, Text
from newsletter_cli.digest.check.catalogue import NEVER_LOWERED, catalogue, find_rule
from newsletter_cli.digest.check.circumstances import Circumstances, circumstances_of
from newsletter_cli.digest.check.finding import Level
from newsletter_cli.digest.check.judge import check
from newsletter_cli.digest.loading import load_issue
from newsletter_cli.errors import UsageError
from newsletter_cli.mail.document import Document
from newsletter_cli.newsroom import templates_folder
from newsletter_cli.settings import load_settings
from tests.digest.making import paragraph

CALM = Circumstances(public_url="https://news.example.org")
HEADER_LINES = {"list": 3, "subject": 4, "preheader": 5, "articles": 7, "intro": 9}


def codes(issue, circumstances=CALM, **options) -> list[str]:
    return [finding.code for finding in check(issue, circumstances, **options)]


def one(issue, code, circumstances=CALM):
    """(level, file, line, text) of the only finding of that code."""
    (found,) = [finding for finding in check(issue, circumstances) if finding.code == code]
    return found.level.value, found.file, found.line, found.text


def test_a_good_issue_has_no_finding(room):
    assert codes(room.issue(room.article())) == []


def subject(room, text, **fields):
    return room.issue(room.article(), subject=text, lines=HEADER_LINES, **fields)


def test_c101_an_empty_subject(room):
    for text in ("", "  ", "[[ name | default('') ]]"):
        assert one(subject(room, text), "C101") == ("error", "digests/2026-w42.md", 4, "The issue has no subject.")


@pytest.mark.parametrize(("length", "level"), [(50, None), (51, "note"), (70, "note"), (71, "warning")])
def test_c102_a_long_subject(room, length, level):
    issue = subject(room, "ح" * length)
    if level is None:
        assert "C102" not in codes(issue)
    else:
        assert one(issue, "C102")[::3] == (level, f"Subject has {length} characters; phones show 35 to 50.")


@pytest.mark.parametrize(
    ("preheader", "problem"),
    [
        ("", "missing"),
        ("قصير", "short (4 characters; 30–110 are shown)"),
        ("ط" * 111, "long (111 characters; 30–110 are shown)"),
        ("حصاد الأسبوع: كل ما جرى في الحسكة ودرعا", "the same as the subject"),
        ("ثلاث قصص من الحسكة ودرعا ورسم بياني" + "\u200c" * 61, "padded with invisible characters"),
        ("ثلاث قصص من الحسكة ودرعا ورسم بياني", None),
    ],
)
def test_c103_the_line_under_the_subject(room, preheader, problem):
    issue = subject(room, "حصاد الأسبوع: كل ما جرى في الحسكة ودرعا", preheader=preheader)
    if problem is None:
        assert "C103" not in codes(issue)
    else:
        assert one(issue, "C103") == ("warning", "digests/2026-w42.md", 5, f"The line under the subject is {problem}.")


def test_c104_a_field_that_is_empty_for_some(room):
    intro = "سطر\n\nمن [[ city ]] إلى [[ name | default('قارئنا') ]] [% if team %][[ team ]][% endif %]"
    issue = subject(room, "عنوان", intro=intro)
    known = replace(CALM, empty_fields={"city": 3, "name": 9, "team": 9})
    assert one(issue, "C104", known) == ("error", "digests/2026-w42.md", 11, "“city” is empty for 3 readers.")
    assert "C104" not in codes(issue, replace(CALM, empty_fields={"city": 0}))


@pytest.mark.parametrize("words", ["Lorem ipsum dolor", "TODO: رقم", "كلمة XXX هنا", "هذا نص تجريبي", "العنوان هنا"])
def test_c105_placeholder_text(room, words):
    issue = room.issue(room.article("a", "فقرة.", words, lines={"block:1": 12}))
    assert one(issue, "C105")[:3] == ("error", "articles/a.md", 12)
    assert "C105" not in codes(room.issue(room.article("a", "todos los días", "XXL")))


def test_c106_an_article_again(room):
    issue = room.issue(room.article("a"), lines={"article:a": 7})
    known = replace(CALM, recent=(("2026-w41", frozenset({"b"})), ("2026-w40", frozenset({"a"}))))
    assert one(issue, "C106", known) == ("warning", "digests/2026-w42.md", 7, "a was already in 2026-w40.")


def test_c107_a_date_line_left_in_the_text(room):
    article = room.article("a", "السبت ٢٧ / أبريل / ٢٠٢٤", "نص.", lines={"block:0": 9})
    assert one(room.issue(article), "C107") == (
        "warning", "articles/a.md", 9, "The text says 2024-04-27, the article says 2026-10-12.",
    )  # fmt: skip
    assert "C107" not in codes(room.issue(room.article("a", "١٢ تشرين الأول ٢٠٢٦", "نص.")))


def test_c108_garbled_text(room):
    arabic = "مركز أبحاث روسي: نشاط للاستخبارات الأذرية"
    for encoding in ("cp1256", "cp1252"):
        garbled = arabic.encode().decode(encoding, "replace").replace("\ufffd", "")
        assert one(room.issue(room.article("a", garbled)), "C108")[0] == "warning"
    assert "C108" not in codes(room.issue(room.article("a", arabic, 'ظلّ طويلاً… «ط» و"ظ" – Ü Ø ñ')))


def test_c109_lost_letters(room):
    assert one(room.issue(room.article("a", "كلمة \ufffd ضائعة")), "C109")[0] == "error"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("RE: حصاد", "“RE:” although it answers nobody"),
        ("FWD: news", "“FWD:” although it answers nobody"),
        ("عاجل!!!", "several exclamation marks"),
        ("BUY WHEAT NOW", "all in capitals"),
        ("UNESCO تحذر من نقص الكتب", None),
        ("عاجل!", None),
        ("Reform in Damascus", None),
    ],
)
def test_c110_a_subject_like_spam(room, text, what):
    issue = subject(room, text)
    if what is None:
        assert "C110" not in codes(issue)
    else:
        assert one(issue, "C110")[3] == f"Subject looks like spam: {what}."


@pytest.mark.parametrize("mark", ["{{ name }}", "{% if x %}", "%%name%%", "*|FNAME|*", "%7B%7B", "[[ name ]"])
def test_c111_a_template_mark_that_means_nothing_here(room, mark):
    assert one(subject(room, "عنوان", intro=f"أهلا {mark}"), "C111")[:3] == ("error", "digests/2026-w42.md", 9)


def test_c111_in_an_article_is_a_question_only(room):
    issue = room.issue(room.article("a", "اكتب [[ name ]] في القالب", lines={"block:0": 8}))
    assert one(issue, "C111") == ("warning", "articles/a.md", 8, "A template mark was left: [[ name ]]")


def test_c111_in_a_template(room):
    room.template("digest.txt.j2", "{{ rule }}", "*|LIST|*")
    assert one(room.issue(room.article()), "C111")[:2] == ("error", "templates/digest.txt.j2")


def test_c112_a_quotation_mark_without_a_partner(room):
    article = room.article("a", 'قال "نعم" ثم.', 'أنه حصل السورية"، مشيراً.', lines={"block:1": 11})
    assert one(room.issue(article), "C112") == (
        "warning", "articles/a.md", 11, "A quotation mark has no partner.",
    )  # fmt: skip
    assert "C112" in codes(room.issue(room.article("a", "قال «نعم.")))
    # One opens, the next paragraph closes: people write so.
    assert "C112" not in codes(room.issue(room.article("a", "قال «نعم.", "ثم لا».")))
    assert "C112" not in codes(room.issue(room.article("a", 'צה"ל', language="he")))


def test_c113_example_domains_and_empty_headings(room):
    assert one(room.issue(room.article("a", "انظر www.example.com الآن")), "C113")[3] == "Left over: www.example.com."
    assert "C113" in codes(room.issue(room.article("a", url="https://example.org/a")))
    empty = room.issue(room.article("a", blocks=(paragraph("نص."), Heading(2, (Text(" "),)))))
    assert one(empty, "C113")[3] == "Left over: a heading without words."
    assert "C113" not in codes(room.issue(room.article("a", "myexample.com")))


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('<html lang="{{ issue.lang }}" dir="{{ issue.dir }}"', '<html lang="{{ issue.lang }}"', "html"),
        ('class="paper" style="direction:{{ issue.dir }}"', 'class="paper"', "body"),
        ('<div lang="{{ issue.lang }}" dir="{{ issue.dir }}" role="article"', '<div role="article"', "wrapper"),
        (
            '<table role="presentation" lang="{{ issue.lang }}" dir="{{ issue.dir }}"',
            '<table role="presentation" lang="{{ issue.lang }}"',
            "table",
        ),
    ],
)
def test_r201_a_direction_left_out(room, old, new, what):
    room.template("digest.html.j2", old, new)
    level, file, _line, text = one(room.issue(room.article()), "R201")
    assert (level, file) == ("error", "templates/digest.html.j2")
    assert text.startswith(f"Direction is missing on {what};")


def test_l305_no_way_out_and_no_way_to_silence_it(room):
    room.template("digest.txt.j2", "[[ unsubscribe ]]", "")
    issue = room.issue(room.article(), ignore=frozenset({"L305"}))
    quiet = replace(CALM, levels={"L305": "off"})
    assert one(issue, "L305", quiet)[:2] == ("error", "templates/digest.txt.j2")


def test_l305_a_link_that_only_some_get_is_none(room):
    room.template("digest.txt.j2", "[[ unsubscribe ]]", "[% if city %][[ unsubscribe ]][% endif %]")
    assert "L305" in codes(room.issue(room.article()))


def test_i101_a_picture_without_description(room, picture):
    name = room.picture("w.png")
    article = room.article("a", image=picture(name, alt=None), lines={"image": 6})
    assert one(room.issue(article), "I101")[:3] == ("error", "articles/a.md", 6)
    assert "I101" not in codes(room.issue(room.article("a", image=picture(name, alt=""))))
    assert "I101" not in codes(room.issue(room.article("a", image=Picture("", None, "تعليق"))))  # no picture at all
    inner = room.article("a", blocks=(paragraph("نص."), Figure(picture(name, alt=None))), lines={"block:1": 10})
    assert one(room.issue(inner), "I101")[2] == 10


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("missing.png", "there is no file missing.png"),
        ("http://a.org/x.png", "http://a.org/x.png is not https"),
        ("data:image/png;base64,AAAA", "data:image/png;base64,AAAA is no file of this newsroom"),
    ],
)
def test_i107_a_picture_that_cannot_be_shown(room, picture, source, why):
    article = room.article("a", image=picture(source), lines={"image": 6})
    assert one(room.issue(article), "I107") == ("error", "articles/a.md", 6, f"Image cannot be shown: {why}.")


def test_i107_a_logo_that_is_not_there(room):
    issue = room.set(newsroom={"logo": "logo.png"}).issue(room.article())
    assert one(issue, "I107")[:2] == ("error", "newsletter.toml")


def test_t401_an_empty_text_part(room):
    issue = replace(room.issue(room.article()), text=Document(()))
    assert one(issue, "T401")[:2] == ("error", "templates/digest.txt.j2")


def test_d502_nobody_signs(room):
    issue = room.issue(room.article(), ignore=frozenset({"D502"}))
    assert one(issue, "D502", replace(CALM, signed=False, levels={"D502": "note"}))[0] == "error"
    assert one(issue, "D502", replace(CALM, signed=False, local_servers=True))[0] == "note"
    assert "D502" not in codes(issue)


def settings_with(room, smtp):
    text = (room.root / "newsletter.toml").read_text(encoding="utf-8")
    before = '[smtp]\nhost     = "127.0.0.1"\nport     = 1025\nsecurity = "none"\n'
    assert before in text
    (room.root / "newsletter.toml").write_text(text.replace(before, smtp), encoding="utf-8")
    return circumstances_of(load_settings(room.root, env={}).settings)


@pytest.mark.parametrize(
    ("smtp", "signed", "local"),
    [
        ('[smtp]\nhost = "mail.example.org"\n', True, False),
        ('[smtp]\nhost = "mail.example.org"\nrelay_signs = false\n', False, False),
        ('[smtp]\nhost = "localhost"\nrelay_signs = false\n', False, True),
        ('[smtp]\nhost = "relay"\n', True, True),
        ('[smtp]\nhost = ""\n', True, False),
        (
            '[smtp]\nrelay_signs = false\ndkim = { domain = "example.org", selector = "s1", key_file = "k.pem" }\n',
            True,
            False,
        ),
        ('[[smtp.servers]]\nname = "a"\nhost = "::1"\n[[smtp.servers]]\nname = "b"\nhost = "b.org"\n', True, False),
    ],
)
def test_the_circumstances_know_who_signs_and_what_is_local(room, smtp, signed, local):
    known = settings_with(room, smtp)
    assert (known.signed, known.local_servers) == (signed, local)


def test_s601_a_page_that_gmail_cuts(room):
    issue = room.issue(room.article("a", *["كلمة " * 400] * 25))
    small = replace(CALM, size_warning=1024, size_error=2048)
    assert one(issue, "S601", small)[::2] == ("error", None)
    assert one(issue, "S601", replace(small, size_error=10**9))[0] == "warning"
    assert "S601" in codes(room.issue(room.article("a", *["كلمة " * 400] * 30)))
    assert "S601" not in codes(room.issue(room.article()))


def test_s601_a_message_too_large_for_relays(room):
    issue = room.issue(room.article("a", *["كلمة " * 400] * 80))
    texts = [finding.text for finding in check(issue, replace(CALM, size_warning=10**9))]
    assert any(text.startswith("The message has ") for text in texts)


# --- levels, words ---------------------------------------------------------------------------------------------


def test_levels_can_be_set_for_the_newsroom_and_switched_off_for_one_digest(room):
    issue = subject(room, "")
    assert one(issue, "C101", replace(CALM, levels={"C101": "note"}))[0] == "note"
    assert "C101" not in codes(issue, replace(CALM, levels={"C101": "off"}))
    assert "C101" not in codes(replace(issue, file=replace(issue.file, ignore=frozenset({"C101"}))))


def test_checks_are_picked_by_code_or_by_its_beginning(room):
    issue = subject(room, "", preheader="")
    assert codes(issue) == ["C101", "C103"]
    assert codes(issue, only=("C101",)) == ["C101"]
    assert codes(issue, skip=("C10",)) == []
    assert codes(issue, only=("C",), skip=("C103",)) == ["C101"]


def test_findings_can_be_told_in_arabic(room):
    (found,) = check(subject(room, "RE: ح"), CALM, only=("C110",), language="ar")
    assert found.text == "العنوان يشبه الرسائل المزعجة: «RE:» من غير رد على أحد."


@pytest.mark.parametrize("code", list(catalogue()))
def test_every_rule_speaks_both_languages(code):
    rule = find_rule(code.lower())
    assert set(rule.says) == set(rule.explain) == {"en", "ar"}
    assert all(rule.explain.values())
    assert rule.when
    assert Level.OFF not in rule.levels


def test_a_code_that_does_not_exist_is_refused_with_the_likeliest():
    assert set(catalogue()) >= NEVER_LOWERED
    with pytest.raises(UsageError, match="Did you mean C111"):
        find_rule("C1111")


def test_a_card_is_checked_for_what_it_shows(room):
    late = room.article("b", "ملخص.", "TODO في المتن")
    assert "C105" not in codes(room.issue(room.article("a"), late))
    assert "C105" in codes(room.issue(room.article("a"), late, choices=["b", "a"]))
    assert "C105" not in codes(room.issue(room.article("a", blocks=(paragraph("نص."), CodeBlock("# TODO")))))


def test_the_sample_newsroom_has_nothing_to_mend(room):
    shutil.copytree(templates_folder() / "sample", room.root, dirs_exist_ok=True)
    for file in (room.root / "digests").glob("*.md"):
        assert codes(load_issue(file.stem, room.settings, room.newsroom)) == []
