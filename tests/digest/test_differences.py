"""What two versions say differently: nothing for equal ones, and never nothing for unequal ones."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.digest.differences import Difference, differences, written
from newsletter_cli.mail.content import Content, Mailbox, Manner
from newsletter_cli.mail.document import BlockPiece, Document, Place, Slot, Static

BEFORE = Content(
    digest="i1", list="weekly", where="", language="ar", sender=Mailbox("أخبار", "news@example.org"), reply_to=None,
    list_id="weekly.example.org", list_title="النشرة", newsroom_id="akhbar", subject=Document.of("القمح"),
    html=Document.of("<p>واحد</p>\n<p>اثنان</p>\n"),
    text=Document((Static("مرحبًا "), Slot("name", Place.TEXT), Static("\nواحد\n\nاثنان\n"))),
)  # fmt: skip


def test_the_same_version_has_no_difference() -> None:
    assert differences(BEFORE, replace(BEFORE)) == ()


def test_fields_and_lines_that_changed() -> None:
    after = replace(
        BEFORE,
        subject=Document.of("أسعار القمح"),
        reply_to=Mailbox("", "desk@example.org"),
        text=Document((Static("مرحبًا "), Slot("city", Place.TEXT), Static("\nواحد\n\nثلاثة\n\nأربعة\n"))),
        html=Document.of("<p>واحد</p>\n<p>ثلاثة</p>\n"),
    )
    assert differences(BEFORE, after) == (
        Difference("subject", ("القمح",), ("أسعار القمح",)),
        Difference("reply_to", ("",), ("desk@example.org",)),
        Difference("text", ("مرحبًا [[ name ]]",), ("مرحبًا [[ city ]]",)),
        Difference("text", ("اثنان",), ("ثلاثة", "أربعة"), "واحد"),
        Difference("html", after=("1",)),
    )


def test_a_block_is_shown_as_it_is_written() -> None:
    block = BlockPiece("[% if city %]في [[ city ]][% endif %]", Place.TEXT)
    assert written(Document((Static("أهلًا "), block))) == "أهلًا [% if city %]في [[ city ]][% endif %]"


changes = st.fixed_dictionaries(
    {},
    optional={
        "where": st.sampled_from(["", "tag:sport"]),
        "list_id": st.sampled_from(["weekly.example.org", "other.example.org"]),
        "language": st.sampled_from(["ar", "fa"]),
        "sender": st.sampled_from([Mailbox("أخبار", "news@example.org"), Mailbox("", "news@example.org")]),
        "subject": st.text(max_size=3).map(Document.of),
        "html": st.text("ab\n ", max_size=6).map(Document.of),
        "text": st.text("ab\n ", max_size=6).map(Document.of),
        "online_pictures": st.sampled_from([(), ("a" * 64,), ("b" * 64,)]),
        "manner": st.sampled_from([Manner(), Manner(digits="latn")]),
    },
)


@given(changes, changes)
def test_two_versions_with_two_names_differ_in_something(one: dict[str, object], other: dict[str, object]) -> None:
    before, after = replace(BEFORE, **one), replace(BEFORE, **other)  # type: ignore[arg-type]
    assert bool(differences(before, after)) == (before.digest_hex() != after.digest_hex())
