"""The tool's own messages: which language, that the compiled catalogue is the edited one, that nothing is missing."""

import gettext
import io
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import characters, dictionaries, text

from newsletter_cli.cli import words
from newsletter_cli.cli.catalogue import catalogues, messages, missing, mo_bytes, read_po
from newsletter_cli.cli.words import Words, language_of

CLI = Path(words.__file__).parent


@pytest.mark.parametrize("path", catalogues(), ids=lambda path: path.parts[-3])
def test_the_compiled_catalogue_is_the_edited_one(path: Path) -> None:
    assert path.with_suffix(".mo").read_bytes() == mo_bytes(read_po(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", catalogues(), ids=lambda path: path.parts[-3])
def test_no_message_is_missing(path: Path) -> None:
    assert missing(read_po(path.read_text(encoding="utf-8")), CLI) == ()


@pytest.mark.parametrize("path", catalogues(), ids=lambda path: path.parts[-3])
def test_a_translation_fills_in_the_same_values_as_the_english(path: Path) -> None:
    for key, value in read_po(path.read_text(encoding="utf-8")).items():
        if key:
            asked = {name for one in key.split("\0") for _, name, _, _ in string.Formatter().parse(one) if name}
            given_ = {name for one in value.split("\0") for _, name, _, _ in string.Formatter().parse(one) if name}
            assert given_ <= asked, key


def test_there_is_an_arabic_catalogue() -> None:
    assert [path.parts[-3] for path in catalogues()] == ["ar"]
    assert Words("ar").gettext("Nothing was sent.") == "لم يُرسَل شيء."
    assert Words("en").gettext("Nothing was sent.") == "Nothing was sent."


ONE_FORM = text(characters(exclude_characters="\0", codec="utf-8"), min_size=1)
UTF_8 = "Content-Type: text/plain; charset=UTF-8\n"


@given(dictionaries(ONE_FORM, ONE_FORM))
def test_gettext_reads_back_what_was_compiled(entries: dict[str, str]) -> None:
    compiled = gettext.GNUTranslations(io.BytesIO(mo_bytes({"": UTF_8} | entries)))
    assert {key: compiled.gettext(key) for key in entries} == entries


def test_six_arabic_forms_are_chosen_by_number() -> None:
    head = (
        UTF_8
        + "Plural-Forms: "
        + ("nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5;\n")
    )
    compiled = gettext.GNUTranslations(io.BytesIO(mo_bytes({"": head, "one\0many": "\0".join("ABCDEF")})))
    assert [compiled.ngettext("one", "many", n) for n in (0, 1, 2, 3, 11, 100, 103)] == list("ABCDEFD")


def test_messages_are_found_however_they_are_asked_for() -> None:
    source = (
        'a = _("one")\nrun._("two")\nout.words.gettext("three")\nrun.count("x", "xs", n)\n_(variable)\nout.say("no")'
    )
    assert sorted(messages(source)) == ["one", "three", "two", "x\0xs"]


@pytest.mark.parametrize(
    ("env", "setting", "language"),
    [
        ({}, "auto", "en"),
        ({"LANG": "ar_SY.UTF-8"}, "auto", "ar"),
        ({"LANG": "ar_SY.UTF-8", "LC_ALL": "C"}, "auto", "en"),
        ({"LANG": "C", "LC_MESSAGES": "ar"}, "auto", "ar"),
        ({"LANG": "ar_SY.UTF-8"}, "en", "en"),
        ({"LANG": "en_US.UTF-8"}, "ar", "ar"),
        ({"LANG": "arn_CL"}, "auto", "en"),
    ],
)
def test_the_language_follows_setting_and_locale(env: dict[str, str], setting: str, language: str) -> None:
    assert language_of(env, setting) == language
