"""Templates that never end, grow without end or go round in a circle: stopped, with file and line."""

import resource
import signal
import threading
import time

import pytest

from newsletter_cli.digest.render import render_issue
from newsletter_cli.errors import RefusedError

ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
SILENT = (
    "{% set n = [0] * 90000 %}\n{% for a in n %}{% for b in n %}{% for c in n %}{% endfor %}{% endfor %}{% endfor %}"
)


def refused(room, seconds=20.0, **templates):
    """What is said about these templates: digest="…" is digest.html.j2."""
    for name, text in templates.items():
        (room.root / "templates" / f"{name}.html.j2").write_text(text, encoding="utf-8")
    with pytest.raises(RefusedError) as caught:
        render_issue(room.file("a"), (room.article("a"),), room.settings, room.newsroom, seconds=seconds)
    assert caught.value.code == "TEMPLATE"
    return caught.value.message


@pytest.mark.parametrize("text", [ENDLESS, SILENT])
def test_a_template_that_loops_for_ever_is_stopped(room, text):
    began = time.monotonic()
    said = refused(room, 0.2, digest=text)
    assert time.monotonic() - began < 5
    assert said.startswith("templates/digest.html.j2:")
    assert "was still rendering after 0.2 seconds and was stopped" in said


def test_it_is_stopped_in_a_thread_too_where_no_signal_comes(room):
    said = []
    thread = threading.Thread(target=lambda: said.append(refused(room, 0.2, digest=SILENT)))
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert said[0].startswith("templates/digest.html.j2:2 was still rendering")


def test_more_than_two_mebibytes_are_refused(room):
    said = refused(room, digest="{% for a in range(99999) %}" + "0123456789" * 4 + "{% endfor %}")
    assert said == "templates/digest.html.j2 writes more than 2 MiB; is there a loop that does not end?"


@pytest.mark.parametrize(
    "text",
    [
        '{{ "x" * 10**9 }}',
        '{{ 10**9 * "x" }}',
        "{{ [0] * 10**9 }}",
        "{{ 10 ** (10 ** 10) }}",
        '{{ "x".ljust(10**10) }}',
        '{{ "x".zfill(10000000000) }}',
        '{{ "x"|center(10**10) }}',
        '{{ "x"|center(10000000000) }}',
        '{{ "x"|indent(width=10**10) }}',
        "{{ [1]|batch(10**10, 0)|list }}",
        '{{ "%9999999999d" % 1 }}',
        '{{ "%9999999999d"|format(1) }}',
        '{{ "%*d" % (10**10, 1) }}',
        '{{ "{:9999999999}".format(1) }}',
        '{% set n = namespace(x="xxxxxxxxxxxxxxxx") %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}',
        '{% set n = namespace(x="xxxxxxxxxxxxxxxx") %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}',
        "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}",
        '{% set n = namespace(x="xxxx") %}{% for i in range(60) %}{% set n.x = [n.x, n.x]|join %}{% endfor %}',
        '{% set n = namespace(x="xxxx") %}{% for i in range(9) %}{% set n.x = n.x.replace("x", n.x) %}{% endfor %}',
    ],
)
def test_a_template_that_asks_for_endless_memory_is_refused_with_its_line(room, text):
    said = refused(room, digest="\n" + text)
    assert said.startswith("templates/digest.html.j2:2 ")


CIRCLE = "never comes to an end: digest.html.j2 → "
MACRO = "{% macro m() %}\n{{ m() }}{% endmacro %}{{ m() }}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('\n{% include "digest.html.j2" %}', f"templates/digest.html.j2:2 {CIRCLE}digest.html.j2"),
        ('\n{% extends "digest.html.j2" %}', f"templates/digest.html.j2:2 {CIRCLE}digest.html.j2"),
        ('{% import "digest.html.j2" as d %}', f"templates/digest.html.j2:1 {CIRCLE}digest.html.j2"),
        ('\n\n{% include "other.html.j2" %}', f"{CIRCLE}other.html.j2 → digest.html.j2"),
        (MACRO, "templates/digest.html.j2:2 calls itself again and again"),
    ],
)
def test_templates_that_go_round_in_a_circle_are_refused_with_file_and_line(room, text, said):
    assert said in refused(room, digest=text, other='\n{% include "digest.html.j2" %}')


def test_the_limits_are_off_again_afterwards(room):
    before, handler = resource.getrlimit(resource.RLIMIT_DATA), signal.getsignal(signal.SIGALRM)
    refused(room, digest='{{ "x" * 10**9 }}')
    room.template("digest.html.j2", "{{ issue.title }}", "{{ issue.id }}")
    assert "<title>2026-w42</title>" in str(room.issue(room.article()).html.pieces)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) == handler


def test_what_a_theme_may_do_still_works(room):
    text = (
        '{{ "x" * 3 }} {{ 2 ** 10 }} {{ "%03d"|format(7) }} {{ "a" ~ 1 ~ issue.id }} {{ [1, 2] + [3] }}'
        "{% for a in [1, 2, 3] %}{{ loop.index }}/{{ loop.length }}{{ ',' if not loop.last }}{% endfor %}"
        '{% for a in [(1, (2,))] recursive %}{{ loop(a) if a is iterable else a }}{% endfor %} {{ "a"|center(3) }}'
        "{{ '<b>' ~ issue.filler[:0] }}"
    )
    (room.root / "templates" / "digest.html.j2").write_text(f"<p>{text}</p>[[ unsubscribe ]]", encoding="utf-8")
    assert "xxx 1024 007 a12026-w42 [1, 2, 3]1/3,2/3,3/312  a &lt;b&gt;" in str(room.issue(room.article()).html.pieces)
