"""Runs the rules over an issue and gives each finding its level and its words."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Final

from newsletter_cli.digest.check import audience, bidi, content, envelope, markup, message, page, rtl, subject
from newsletter_cli.digest.check.catalogue import NEVER_LOWERED, rule_of
from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.finding import Finding, Hit, Level, Phrase
from newsletter_cli.digest.model import Issue

_RULES: Final[tuple[Callable[[Issue, Circumstances], Iterator[Hit]], ...]] = (
    subject.subject_and_preheader,
    subject.fields_of_readers,
    content.articles_again,
    content.texts,
    content.quotes,
    content.dates,
    content.leftovers,
    page.direction,
    rtl.logical_css,
    rtl.outlook,
    rtl.letters,
    rtl.fonts,
    rtl.sizes,
    bidi.islands,
    bidi.letters,
    bidi.digit_systems,
    bidi.against_the_direction,
    bidi.subject_begins_latin,
    page.unsubscribe_links,
    page.pictures,
    markup.markup,
    message.text_part,
    message.other_words,
    message.one_click,
    message.sizes,
    envelope.sender,
    envelope.domains,
    envelope.message,
    audience.readers,
)
_ORDER: Final = {Level.ERROR: 0, Level.WARNING: 1, Level.NOTE: 2}


def check(
    issue: Issue,
    circumstances: Circumstances,
    *,
    only: Iterable[str] = (),
    skip: Iterable[str] = (),
    language: str = "en",
    extra: Iterable[Hit] = (),
) -> tuple[Finding, ...]:
    """Everything the offline rules find, errors first.

    only, skip: codes, or their first letters such as "C" or "C1".  language: of the sentences, en or ar.
    extra: what was seen outside of the offline rules, such as links that do not answer.
    Reads no network, no database and no file.
    """
    only, skip = tuple(only), tuple(skip)
    hits = chain(chain.from_iterable(rule(issue, circumstances) for rule in _RULES), extra)
    findings = (
        _finding(hit, issue, circumstances, language)
        for hit in hits
        if (not only or hit.code.startswith(only)) and not (skip and hit.code.startswith(skip))
    )
    kept = dict.fromkeys(finding for finding in findings if finding.level is not Level.OFF)
    return tuple(sorted(kept, key=lambda finding: (_ORDER[finding.level], finding.code)))


def _finding(hit: Hit, issue: Issue, circumstances: Circumstances, language: str) -> Finding:
    rule = rule_of(hit.code)
    values = {name: value.said(language) if isinstance(value, Phrase) else value for name, value in hit.values.items()}
    text = rule.says.get(language, rule.says["en"]).format_map(values)
    finding = Finding(
        code=hit.code,
        level=hit.level or rule.levels[0],
        file=hit.file,
        line=hit.line,
        text=text,
        fixable=rule.fixable and bool(hit.edits),
        fix=hit.fix,
        edits=hit.edits if rule.fixable else (),
    )
    return replace(finding, level=_level(finding, issue, circumstances))


def _level(finding: Finding, issue: Issue, circumstances: Circumstances) -> Level:
    if finding.code in NEVER_LOWERED:
        return finding.level
    if finding.code in issue.file.ignore:
        return Level.OFF
    return circumstances.own_levels.get(finding.code, finding.level)
