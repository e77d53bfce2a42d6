"""Hebrew. Nouns instead of gendered verbs."""

from collections.abc import Mapping
from typing import Final

from newsletter_cli.language.messages import Forms

# fmt: off
MESSAGES: Final[Mapping[str, str | Forms]] = {
    # --- digest: the frame around the articles
    "digest.contents": "בגיליון זה",
    "digest.read_more": "להמשך קריאה",
    "digest.related": "לקריאה נוספת",
    "digest.source": "מקור",
    "digest.sources": "מקורות",
    "digest.author": "מאת {name}",
    "digest.picture": "תמונה",
    "digest.credit": "צילום: {name}",
    "digest.note": "הערה",
    "digest.signup_heading": "ידיעון",
    "digest.signup_invitation": "הרשמה לרשימת התפוצה, לקבלת כל העדכונים החדשים!",
    "digest.signup_button": "הרשמה לידיעון",
    "digest.dark_mode": "מצב כהה",
    "digest.light_mode": "מצב בהיר",
    "digest.view_in_browser": "הצגה בדפדפן",
    "digest.why": "הודעה זו הגיעה אל {email} כי הכתובת רשומה ל„{list}”.",
    "digest.unsubscribe": "ביטול המינוי",
    "digest.preferences": "העדפות המינוי",
    "digest.postal": "כתובת למשלוח דואר",
    "digest.website": "אתר",
    "digest.reader": "קוראינו היקרים",
    "digest.logo": "הסמל של {name}",
    "digest.issue": "גיליון {date}",
    # --- counted nouns
    "count.article": {"one": "כתבה אחת", "two": "שתי כתבות", "other": "{n} כתבות"},
    "count.story": {"one": "סיפור אחד", "two": "שני סיפורים", "other": "{n} סיפורים"},
    "count.picture": {"one": "תמונה אחת", "two": "שתי תמונות", "other": "{n} תמונות"},
    "count.minute": {"one": "דקה אחת", "two": "שתי דקות", "other": "{n} דקות"},
    "count.word": {"one": "מילה אחת", "two": "שתי מילים", "other": "{n} מילים"},
    "count.reader": {"one": "קורא אחד", "two": "שני קוראים", "other": "{n} קוראים"},
    # --- test messages and system mails
    "mail.test_mark": "[ניסיון]",
    "mail.sample_reader": "קוראת לדוגמה",
    "mail.unsubscribe_subject": "ביטול המינוי",
    # --- reader pages
    "page.unsubscribe.title": "ביטול המינוי",
    "page.unsubscribe.question": "לבטל את המינוי של {email} ל„{list}”?",
    "page.unsubscribe.explanation": "אחרי הלחיצה על הכפתור לא יגיעו עוד הודעות מרשימה זו.",
    "page.unsubscribe.button": "ביטול המינוי",
    "page.unsubscribe.done_title": "המינוי בוטל",
    "page.unsubscribe.done": "המינוי של {email} ל„{list}” בוטל. לא יגיעו עוד הודעות מרשימה זו.",
    "page.unsubscribe.undo": "חזרה מהביטול",
    "page.unsubscribe.undo_hint": "נלחץ בטעות? אפשר לחזור מהביטול במשך עשר דקות.",
    "page.unsubscribe.undone_title": "המינוי חזר",
    "page.unsubscribe.undone": "המינוי של {email} ל„{list}” חזר כפי שהיה.",
    "page.unsubscribe.undo_late": "הזמן לחזרה מהביטול עבר. אפשר להירשם מחדש באתר שלנו.",
    "page.unsubscribe.already": "מינוי זה כבר בוטל. אין צורך בדבר נוסף.",
    "page.unsubscribe.one_click": "המינוי בוטל.",
    "page.unsubscribe.reason_label": "סיבת הביטול (לא חובה)",
    "page.unsubscribe.reason_send": "שליחת הסיבה",
    "page.unsubscribe.reason_thanks": "תודה, הסיבה התקבלה.",
    "page.broken.title": "הקישור אינו שלם",
    "page.broken.text": "אי אפשר לקרוא את הקישור הזה. ייתכן שנחתך בהעתקה.",
    "page.broken.hint": "הקישור המלא נמצא בסוף כל הודעה שלנו; גם תשובה להודעה במילה „ביטול” מספיקה.",
    "page.test.text": "קישור זה שייך להודעת ניסיון ואינו משנה דבר.",
    "page.error.title": "הפעולה אינה אפשרית כרגע",
    "page.error.text": "אירעה תקלה אצלנו. אפשר לנסות שוב בעוד כמה דקות.",
    "page.not_found.title": "אין כאן דף",
    "page.not_found.text": "אין דף בכתובת זו.",
    "page.web.notice": "עותק אינטרנט של הודעת „{list}”",
    "page.web.archive": "גיליונות קודמים",
    "page.web.empty": "עדיין לא פורסם גיליון.",
    "page.web.dark": "מצב כהה",
    "page.web.light": "מצב בהיר",
    "page.web.gone": "גיליון זה אינו מפורסם עוד.",
    "page.home": "דף הבית",
}
# fmt: on
