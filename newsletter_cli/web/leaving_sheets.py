"""What the pages of leaving say: the question, the end, the way back. One list, one reader, his language."""

from datetime import datetime
from typing import Final

from newsletter_cli.subscribers.leaving import BEFORE_CONFIRMING, UNDO_WINDOW, Leaving, Left
from newsletter_cli.web.repository import Membership
from newsletter_cli.web.sheet import Button, Form, Html, Sheet, address, words
from newsletter_cli.web.site import Site

UNDO: Final = "undo"  # what the seal in the undo button's form is made for


def question(site: Site, token: str, found: Membership) -> Sheet:
    """The page with one button."""
    language = site.language_of(found.list)
    if found.has_left:
        return ended(site, language, "page.unsubscribe.already")
    return site.sheet(
        "unsubscribe",
        "page.unsubscribe.title",
        words("page.unsubscribe.question", language, _values(site, found.address, found.list)),
        words("page.unsubscribe.explanation", language),
        language=language,
        forms=(_leave_form(token, language),),
    )


def question_of_nobody(site: Site, token: str) -> Sheet:
    """The same page for the link of a test message: it shows its button and will change nothing."""
    text = words("page.test.text", site.language)
    form = _leave_form(token, site.language)
    return site.sheet("unsubscribe", "page.unsubscribe.title", text, forms=(form,))


def left(site: Site, token: str, found: Left, now: datetime) -> Sheet:
    """After the button: it is done, and for ten minutes it can be undone."""
    language = site.language_of(found.list)
    until = found.at + UNDO_WINDOW
    by_himself = found.reason.removesuffix(BEFORE_CONFIRMING) in set(Leaving)
    forms: tuple[Form, ...] = ()
    if by_himself and now < until:
        proof = _proof(site, token, until)
        forms = (_undo_form(token, language, proof), _reason_form(token, language, proof))
    done = words("page.unsubscribe.done", language, _values(site, found.address, found.list))
    return site.sheet("left", "page.unsubscribe.done_title", done, language=language, forms=forms)


def back(site: Site, found: Membership) -> Sheet:
    """After an undo."""
    language = site.language_of(found.list)
    text = words("page.unsubscribe.undone", language, _values(site, found.address, found.list))
    return site.sheet("notice", "page.unsubscribe.undone_title", text, language=language)


def ended(site: Site, language: str, key: str) -> Sheet:
    """The subscription is over.  key: the sentence about it."""
    return site.sheet("notice", "page.unsubscribe.done_title", words(key, language), language=language)


def is_proof(site: Site, token: str, form: dict[str, str], now: datetime) -> bool:
    """Whether a form comes from our page after leaving, with this token, at most ten minutes ago."""
    until = form.get("until", "")
    if not until.isascii() or not until.isdigit() or now.timestamp() > int(until):
        return False
    return site.keys.ring().is_sealed(UNDO, f"{token}:{until}", form.get("seal", ""))


def _proof(site: Site, token: str, until: datetime) -> tuple[tuple[str, str], ...]:
    moment = str(int(until.timestamp()))
    return ("until", moment), ("seal", site.keys.ring().seal(UNDO, f"{token}:{moment}"))


def _values(site: Site, whole_address: str, list_: str) -> dict[str, Html]:
    return {"email": address(whole_address), "list": site.title_of(list_)}


def _leave_form(token: str, language: str) -> Form:
    return Form(action=f"/u/{token}/page", button=Button(words("page.unsubscribe.button", language), "leave"))


def _undo_form(token: str, language: str, proof: tuple[tuple[str, str], ...]) -> Form:
    return Form(
        action=f"/u/{token}/page",
        button=Button(words("page.unsubscribe.undo", language), "undo"),
        hidden=proof,
        hint=words("page.unsubscribe.undo_hint", language),
    )


def _reason_form(token: str, language: str, proof: tuple[tuple[str, str], ...]) -> Form:
    return Form(
        action=f"/u/{token}/page",
        button=Button(words("page.unsubscribe.reason_send", language), "reason", main=False),
        hidden=proof,
        question=words("page.unsubscribe.reason_label", language),
    )
