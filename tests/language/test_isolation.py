"""What is isolated in right-to-left text, and what is left alone."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter_cli.language import LRM, RLM, first_strong, isolate_runs, mark_text


def islands(text: str) -> list[str]:
    return [run.text for run in isolate_runs(text, "rtl") if run.ltr]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("اتصل على +963 11 223 4455 الآن", ["+963 11 223 4455"]),
        ("هاتف: (011) 2234455.", ["(011) 2234455"]),
        ("رقم 011-2234455، أو 0944 123 456.", ["011-2234455", "0944 123 456"]),
        ("هاتف ٠١١-٢٢٣٤٤٥٥", ["٠١١-٢٢٣٤٤٥٥"]),
        ("راسلونا: desk@example.org.", ["desk@example.org"]),
        ("الموقع https://example.org/a_(b)?x=1،", ["https://example.org/a_(b)?x=1"]),
        ("(انظر https://example.org/a).", ["https://example.org/a"]),
        ("في example.org/news/ نُشر", ["example.org/news/"]),
        ("حساب @desk_1 ووسم #Damascus2024!", ["@desk_1", "#Damascus2024"]),
        ("بلغة C++ أو C# ثم", ["C++", "C#"]),
        ("الإصدار v2.1 ثم 3.11.12 ثم 1.2.3-rc1", ["v2.1", "3.11.12", "1.2.3-rc1"]),
        ("الملف /etc/hosts أو C:\\news\\a.txt", ["/etc/hosts", "C:\\news\\a.txt"]),
        ("الدالة main() هنا", ["main()"]),
    ],
)
def test_islands_are_found(text, found):
    assert islands(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "بين 2020-2024",
        "انتهت 3 - 1",
        "من ٢٠٢٠-٢٠٢٤",
        "في 27/4/2024 و 27.4.2024 و 2024-04-27 و 27-04-2024",
        "نحو 140 مقاتلًا و 12,480 و 12 480 000 ليرة",
        "من 08-10 صباحًا",
        "قناة (CNN). وشركة Google",
        "وسم #دمشق",
        "نسبة 25% و 1.5",
        "الساعة 10:30",
        "مارس/ آذار 2020",
        "",
    ],
)
def test_numbers_ranges_dates_and_single_words_are_left_alone(text):
    assert islands(text) == []


def test_left_to_right_text_has_no_islands():
    assert [run.ltr for run in isolate_runs("Call +963 11 223 4455", "ltr")] == [False]
    assert mark_text("Call +963 11 223 4455", "ltr") == "Call +963 11 223 4455"


def test_marks_stand_on_both_sides_of_an_island():
    assert mark_text("اتصل +963 11 223 4455 الآن", "rtl") == f"اتصل {LRM}+963 11 223 4455{LRM} الآن"


def test_a_line_that_begins_latin_gets_one_mark_and_only_then():
    assert mark_text("Google تعلن\nتعلن Google\n140 مقالًا", "rtl") == f"{RLM}Google تعلن\nتعلن Google\n140 مقالًا"


def test_a_line_that_begins_with_an_island_still_runs_right_to_left():
    assert mark_text("+963 11 223 4455 للاتصال", "rtl") == f"{RLM}{LRM}+963 11 223 4455{LRM} للاتصال"


def test_a_url_alone_on_its_line_stays_bare():
    assert mark_text("https://example.org/a\nنص", "rtl") == "https://example.org/a\nنص"


PIECES = st.sampled_from(
    [
        "نص",
        "Google",
        " ",
        "، ",
        "+963 11 223 4455",
        "a@b.example",
        "https://x.example/y.",
        "@me",
        "C++",
        "2020-2024",
        "\n",
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
@example("https://x.example/y.نص")
@example("Googlea@b.example")
@example("a@b.examplea@b.example")
def test_marking_adds_marks_only_and_twice_is_once(text):
    marked = mark_text(text, "rtl")
    assert marked.replace(LRM, "").replace(RLM, "") == text
    assert mark_text(marked, "rtl") == marked
    assert "".join(run.text for run in isolate_runs(text, "rtl")) == text
    for line in marked.split("\n"):
        assert first_strong(line) != "L" or line.startswith("http")
