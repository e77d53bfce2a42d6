"""Urdu."""

from collections.abc import Mapping
from typing import Final

from newsletter_cli.language.messages import Forms

# fmt: off
MESSAGES: Final[Mapping[str, str | Forms]] = {
    # --- digest: the frame around the articles
    "digest.contents": "اس شمارے میں",
    "digest.read_more": "مزید پڑھیں",
    "digest.related": "یہ بھی پڑھیں",
    "digest.source": "ماخذ",
    "digest.sources": "مآخذ",
    "digest.author": "تحریر: {name}",
    "digest.picture": "تصویر",
    "digest.credit": "عکس: {name}",
    "digest.note": "نوٹ",
    "digest.signup_heading": "خبرنامہ",
    "digest.signup_invitation": "نئی خبریں حاصل کرنے کے لیے ہماری ڈاک کی فہرست میں شامل ہوں!",
    "digest.signup_button": "خبرنامے کی رکنیت",
    "digest.dark_mode": "تاریک انداز",
    "digest.light_mode": "روشن انداز",
    "digest.view_in_browser": "براؤزر میں دیکھیں",
    "digest.why": "یہ پیغام {email} پر اس لیے آیا کہ یہ پتہ «{list}» کا رکن ہے۔",
    "digest.unsubscribe": "رکنیت ختم کریں",
    "digest.preferences": "رکنیت کی ترجیحات",
    "digest.postal": "ڈاک کا پتہ",
    "digest.website": "ویب سائٹ",
    "digest.reader": "معزز قاری",
    "digest.logo": "{name} کا نشان",
    "digest.issue": "شمارہ {date}",
    # --- counted nouns
    "count.article": {"one": "{n} مضمون", "other": "{n} مضامین"},
    "count.story": {"one": "{n} خبر", "other": "{n} خبریں"},
    "count.picture": {"one": "{n} تصویر", "other": "{n} تصاویر"},
    "count.minute": {"one": "{n} منٹ", "other": "{n} منٹ"},
    "count.word": {"one": "{n} لفظ", "other": "{n} الفاظ"},
    "count.reader": {"one": "{n} قاری", "other": "{n} قارئین"},
    # --- test messages and system mails
    "mail.test_mark": "[آزمائش]",
    "mail.sample_reader": "نمونہ قاری",
    "mail.unsubscribe_subject": "رکنیت کا خاتمہ",
    # --- reader pages
    "page.unsubscribe.title": "رکنیت کا خاتمہ",
    "page.unsubscribe.question": "کیا «{list}» میں {email} کی رکنیت ختم کی جائے؟",
    "page.unsubscribe.explanation": "بٹن دبانے کے بعد اس فہرست سے کوئی پیغام نہیں آئے گا۔",
    "page.unsubscribe.button": "رکنیت ختم کریں",
    "page.unsubscribe.done_title": "رکنیت ختم ہو گئی",
    "page.unsubscribe.done": "«{list}» میں {email} کی رکنیت ختم ہو گئی۔ اس فہرست سے کوئی پیغام نہیں آئے گا۔",
    "page.unsubscribe.undo": "رکنیت بحال کریں",
    "page.unsubscribe.undo_hint": "اگر غلطی سے دب گیا تو دس منٹ تک واپسی ممکن ہے۔",
    "page.unsubscribe.undone_title": "رکنیت بحال ہو گئی",
    "page.unsubscribe.undone": "«{list}» میں {email} کی رکنیت پہلے کی طرح بحال ہے۔",
    "page.unsubscribe.undo_late": "واپسی کا وقت گزر گیا۔ ہماری ویب سائٹ سے دوبارہ رکنیت لی جا سکتی ہے۔",
    "page.unsubscribe.already": "یہ رکنیت پہلے ہی ختم ہو چکی ہے۔ مزید کچھ کرنا ضروری نہیں۔",
    "page.unsubscribe.one_click": "رکنیت ختم ہو گئی۔",
    "page.unsubscribe.reason_label": "خاتمے کی وجہ (اختیاری)",
    "page.unsubscribe.reason_send": "وجہ بھیجیں",
    "page.unsubscribe.reason_thanks": "شکریہ، وجہ موصول ہو گئی۔",
    "page.broken.title": "ربط مکمل نہیں",
    "page.broken.text": "یہ ربط پڑھا نہیں جا سکتا۔ شاید نقل کرتے ہوئے کٹ گیا۔",
    "page.broken.hint": "مکمل ربط ہمارے ہر پیغام کے آخر میں ہے؛ پیغام کے جواب میں «ختم» لکھنا بھی کافی ہے۔",
    "page.test.text": "یہ ربط ایک آزمائشی پیغام کا ہے، اس سے کچھ نہیں بدلتا۔",
    "page.error.title": "ابھی ممکن نہیں",
    "page.error.text": "ہماری طرف سے خرابی ہوئی۔ براہ کرم چند منٹ بعد دوبارہ کوشش کریں۔",
    "page.not_found.title": "یہاں کوئی صفحہ نہیں",
    "page.not_found.text": "اس پتے پر کوئی صفحہ نہیں۔",
    "page.web.notice": "«{list}» کے پیغام کی ویب نقل",
    "page.web.archive": "پچھلے شمارے",
    "page.web.empty": "ابھی کوئی شمارہ شائع نہیں ہوا۔",
    "page.web.dark": "تاریک انداز",
    "page.web.light": "روشن انداز",
    "page.web.gone": "یہ شمارہ اب شائع نہیں۔",
    "page.home": "صفحۂ اول",
}
# fmt: on
