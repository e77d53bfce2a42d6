"""Persian. ZWNJ inside words is spelling."""

from collections.abc import Mapping
from typing import Final

from newsletter_cli.language.messages import Forms

# fmt: off
MESSAGES: Final[Mapping[str, str | Forms]] = {
    # --- digest: the frame around the articles
    "digest.contents": "در این شماره",
    "digest.read_more": "ادامهٔ مطلب",
    "digest.related": "بیشتر بخوانید",
    "digest.source": "منبع",
    "digest.sources": "منابع",
    "digest.author": "نوشتهٔ {name}",
    "digest.picture": "تصویر",
    "digest.credit": "عکس: {name}",
    "digest.note": "یادداشت",
    "digest.signup_heading": "خبرنامه",
    "digest.signup_invitation": "با عضویت در خبرنامه، تازه‌ترین مطالب را دریافت کنید!",
    "digest.signup_button": "عضویت در خبرنامه",
    "digest.dark_mode": "حالت تاریک",
    "digest.light_mode": "حالت روشن",
    "digest.view_in_browser": "نمایش در مرورگر",
    "digest.why": "این پیام به {email} رسیده است، چون این نشانی عضو «{list}» است.",
    "digest.unsubscribe": "لغو عضویت",
    "digest.preferences": "تنظیمات عضویت",
    "digest.postal": "نشانی پستی",
    "digest.website": "وب‌سایت",
    "digest.reader": "خوانندهٔ گرامی",
    "digest.logo": "نشان {name}",
    "digest.issue": "شمارهٔ {date}",
    # --- counted nouns
    "count.article": {"one": "{n} مقاله", "other": "{n} مقاله"},
    "count.story": {"one": "{n} گزارش", "other": "{n} گزارش"},
    "count.picture": {"one": "{n} تصویر", "other": "{n} تصویر"},
    "count.minute": {"one": "{n} دقیقه", "other": "{n} دقیقه"},
    "count.word": {"one": "{n} واژه", "other": "{n} واژه"},
    "count.reader": {"one": "{n} خواننده", "other": "{n} خواننده"},
    # --- test messages and system mails
    "mail.test_mark": "[آزمایش]",
    "mail.sample_reader": "خوانندهٔ نمونه",
    "mail.unsubscribe_subject": "لغو عضویت",
    # --- reader pages
    "page.unsubscribe.title": "لغو عضویت",
    "page.unsubscribe.question": "عضویت {email} در «{list}» لغو شود؟",
    "page.unsubscribe.explanation": "پس از فشردن دکمه، پیام دیگری از این فهرست نمی‌رسد.",
    "page.unsubscribe.button": "لغو عضویت",
    "page.unsubscribe.done_title": "عضویت لغو شد",
    "page.unsubscribe.done": "عضویت {email} در «{list}» لغو شد. پیام دیگری از این فهرست نمی‌رسد.",
    "page.unsubscribe.undo": "بازگرداندن عضویت",
    "page.unsubscribe.undo_hint": "اگر اشتباه شد، تا ده دقیقه می‌توان آن را بازگرداند.",
    "page.unsubscribe.undone_title": "عضویت بازگشت",
    "page.unsubscribe.undone": "عضویت {email} در «{list}» مانند پیش برقرار است.",
    "page.unsubscribe.undo_late": "مهلت بازگرداندن به پایان رسید. عضویت دوباره از سایت ما ممکن است.",
    "page.unsubscribe.already": "این عضویت پیش‌تر لغو شده است. کار دیگری لازم نیست.",
    "page.unsubscribe.one_click": "عضویت لغو شد.",
    "page.unsubscribe.reason_label": "دلیل لغو (اختیاری)",
    "page.unsubscribe.reason_send": "فرستادن دلیل",
    "page.unsubscribe.reason_thanks": "سپاس، دلیل شما رسید.",
    "page.broken.title": "پیوند کامل نیست",
    "page.broken.text": "این پیوند خوانده نمی‌شود. شاید هنگام رونوشت بریده شده باشد.",
    "page.broken.hint": "پیوند کامل در پایان هر پیام ما هست؛ پاسخ دادن به پیام با واژهٔ «لغو» نیز کافی است.",
    "page.test.text": "این پیوند یک پیام آزمایشی است و چیزی را تغییر نمی‌دهد.",
    "page.error.title": "اکنون ممکن نیست",
    "page.error.text": "از سوی ما خطایی رخ داد. لطفاً چند دقیقهٔ دیگر دوباره امتحان کنید.",
    "page.not_found.title": "صفحه‌ای اینجا نیست",
    "page.not_found.text": "در این نشانی صفحه‌ای نیست.",
    "page.web.notice": "نسخهٔ وب پیام «{list}»",
    "page.web.archive": "شماره‌های پیشین",
    "page.web.empty": "هنوز شماره‌ای منتشر نشده است.",
    "page.web.dark": "حالت تاریک",
    "page.web.light": "حالت روشن",
    "page.web.gone": "این شماره دیگر منتشر نمی‌شود.",
    "page.home": "صفحهٔ اصلی",
}
# fmt: on
