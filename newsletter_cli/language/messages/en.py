"""English."""

from collections.abc import Mapping
from typing import Final

from newsletter_cli.language.messages import Forms

# fmt: off
MESSAGES: Final[Mapping[str, str | Forms]] = {
    # --- digest: the frame around the articles
    "digest.contents": "In this issue",
    "digest.read_more": "Read more",
    "digest.related": "Read also",
    "digest.source": "Source",
    "digest.sources": "Sources",
    "digest.author": "By {name}",
    "digest.picture": "Picture",
    "digest.credit": "Photo: {name}",
    "digest.note": "Note",
    "digest.signup_heading": "Newsletter",
    "digest.signup_invitation": "Subscribe to our mailing list and get what is new!",
    "digest.signup_button": "Subscribe",
    "digest.dark_mode": "Dark mode",
    "digest.light_mode": "Light mode",
    "digest.view_in_browser": "View in browser",
    "digest.why": "This message came to {email} because the address is subscribed to “{list}”.",
    "digest.unsubscribe": "Unsubscribe",
    "digest.preferences": "Subscription preferences",
    "digest.postal": "Postal address",
    "digest.website": "Website",
    "digest.reader": "dear reader",
    "digest.logo": "{name} logo",
    "digest.issue": "Issue of {date}",
    # --- counted nouns
    "count.article": {"one": "{n} article", "other": "{n} articles"},
    "count.story": {"one": "{n} story", "other": "{n} stories"},
    "count.picture": {"one": "{n} picture", "other": "{n} pictures"},
    "count.minute": {"one": "{n} minute", "other": "{n} minutes"},
    "count.word": {"one": "{n} word", "other": "{n} words"},
    "count.reader": {"one": "{n} reader", "other": "{n} readers"},
    # --- test messages and system mails
    "mail.test_mark": "[Test]",
    "mail.sample_reader": "Sample Reader",
    "mail.unsubscribe_subject": "Unsubscribe",
    # --- reader pages
    "page.unsubscribe.title": "Unsubscribe",
    "page.unsubscribe.question": "End the subscription of {email} to “{list}”?",
    "page.unsubscribe.explanation": "After you press the button, no further message of this list will come.",
    "page.unsubscribe.button": "Unsubscribe",
    "page.unsubscribe.done_title": "Unsubscribed",
    "page.unsubscribe.done": "{email} is no longer subscribed to “{list}”. No further message of this list will come.",
    "page.unsubscribe.undo": "Undo",
    "page.unsubscribe.undo_hint": "Pressed by mistake? You can undo this for ten minutes.",
    "page.unsubscribe.undone_title": "Subscribed again",
    "page.unsubscribe.undone": "{email} is subscribed to “{list}” again, as before.",
    "page.unsubscribe.undo_late": "The time for undoing is over. You can subscribe anew on our site.",
    "page.unsubscribe.already": "This subscription has ended already. Nothing else is needed.",
    "page.unsubscribe.one_click": "Unsubscribed.",
    "page.unsubscribe.reason_label": "Why do you leave? (optional)",
    "page.unsubscribe.reason_send": "Send reason",
    "page.unsubscribe.reason_thanks": "Thank you, your reason has arrived.",
    "page.broken.title": "The link is not complete",
    "page.broken.text": "This link cannot be read. Perhaps it was cut while copying.",
    "page.broken.hint": "The whole link stands at the end of each of our messages; replying “unsubscribe” works too.",
    "page.test.text": "This link belongs to a test message: it changes nothing.",
    "page.error.title": "This does not work just now",
    "page.error.text": "Something went wrong on our side. Please try again in a few minutes.",
    "page.not_found.title": "There is no page here",
    "page.not_found.text": "There is no page at this address.",
    "page.web.notice": "Web copy of a message of “{list}”",
    "page.web.archive": "Earlier issues",
    "page.web.empty": "No issue has been published yet.",
    "page.web.dark": "Dark mode",
    "page.web.light": "Light mode",
    "page.web.gone": "This issue is no longer published.",
    "page.home": "Home",
}
# fmt: on
