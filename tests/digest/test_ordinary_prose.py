"""What newspapers write every day is no mistake: no check speaks about it, in any language."""

import pytest

from tests.digest.planted import CARD, DIGEST, LEAD, SETTINGS, Change, look, make_room, plant

ARABIC = """\
قال الوزير: "لن نرفع الأسعار هذا العام"، فيما أكد التجار أن شاشة 6.1" باتت أغلى. وكتب على منصة X أن الدعم باقٍ.

بلغ العدد 1,200 شخص في 2020-2024، وانتهت المباراة 3 - 1، ونشر الخبر في 27/4/2024 عند 12:30 على موقع CNN. وفي G20 نوقش
COVID-19 وإصدار Windows 11 وطائرة F-16.

- نقاط، وفواصل؛ وأسئلة؟
- راجع www.akhbar-alhaql.org أو https://www.akhbar-alhaql.org/a?q=1,2 أو اكتب إلى desk@akhbar-alhaql.org.

وصلّى الناس على النبي ﷺ ودفعوا بالريال ﷼ في مدينة مَكَّة المُكرَّمة، وتحدث "كيهان" عن الأمر (Reuters, AFP).

«الفقرة الأولى من كلام طويل لم يُغلق.

«والفقرة الثانية منه هنا تنتهي».

استخدم الأمر `x = {a; b, c?}` ثم [الدليل](https://www.akhbar-alhaql.org/guide?x=1 "عنوان، آخر")
و[بالبريد](mailto:desk@akhbar-alhaql.org).

| المدينة | السعر |
|---|---|
| حلب | 1200 |
"""
PERSIAN = """\
قیمت گندم در بازارهای خوزستان برای چهارمین هفته بالا رفت؛
کشاورزان می‌گویند «حمل‌ونقل گران شده است». آیا نان گران می‌شود؟

در سال ۱۴۰۳ تولید به ۱۲٬۵۰۰ تن رسید و «کتاب»های مدرسه، پس از سه هفته، نرسید. رئیس شرکت سلام‌گستر، موسی رضایی، گفت: نه!
"""
HEBREW = """\
דובר צה"ל אמר כי ד"ר כהן ומנכ"ל החברה נפגשו ב-27.4.2024 בשעה 12:30, והוסיף: "אין שינוי". מה יקרה? איש אינו יודע; נחכה.

בשנים 2020-2024 עלה המחיר ב-15%, ובמונדיאל ניצחה ברזיל 3-1. „אין לנו ברירה”, אמר השר.
"""
ENGLISH = """\
“The season was short,” a trader said, “and transport is dearer.” Todo el mundo lo sabe; isn't it so? A 6.1" screen
costs $1,200.

“The first paragraph of a long statement goes on.

“And here it ends,” she said. The word شكرا means thanks. Super Bowl LVIII, F-16, #wheat, @reporter and C++ are
ordinary.
"""
URDU = """\
گندم کی قیمت چوتھے ہفتے بھی بڑھی، اور کسان کہتے ہیں کہ نقل و حمل مہنگی ہو گئی ہے۔ کیا روٹی بھی مہنگی ہوگی؟

وزیر نے کہا: ”یہ عارضی ہے“۔ سال 2024 میں پیداوار 12,500 ٹن رہی۔
"""


def in_language(language: str, body: str) -> tuple[Change, ...]:
    """The lead in another language, its newsroom and digest too."""
    words = {
        "fa": ("قیمت گندم و مدرسه‌ها", "دو گزارش از بازار و مدرسه، و آنچه این هفته تغییر کرد", "صبح بخیر."),
        "he": ("מחירי החיטה ובתי הספר", "שתי כתבות מן השוק ומבית הספר, ומה השתנה השבוע", "בוקר טוב."),
        "ur": ("گندم کی قیمت اور اسکول", "بازار اور اسکول کی دو خبریں، اور اس ہفتے کیا بدلا", "صبح بخیر۔"),
        "en": ("Wheat prices and schools", "Two stories from market and school, and what has changed", "Good morning."),
    }
    subject, preheader, intro = words[language]
    return (
        Change(SETTINGS, 'language = "ar"', f'language = "{language}"'),
        Change(DIGEST, "حصاد الأسبوع: القمح والمدارس", subject),
        Change(DIGEST, "قصتان من الحسكة ودرعا، وما تغيّر منذ الأسبوع الماضي", preheader),
        Change(DIGEST, "صباح الخير. هذا عدد الأسبوع من القمح والمدارس.\n\nنقرأ كل رد يصلنا.", intro),
        Change(DIGEST, "[wheat, school]", "[wheat]"),
        Change(LEAD, "ما الذي تغيّر في أسعار القمح هذا الأسبوع", subject),
        Change(LEAD, "kicker: اقتصاد\n", ""),
        Change(LEAD, "summary: ارتفع سعر القمح للأسبوع الرابع، وبقي سعر الخبز على حاله.\nsource: أخبار الحقل\n", ""),
        Change(LEAD, "language: ar", f"language: {language}"),
        Change(LEAD, BODY, body),
    )


BODY = """\
ارتفع سعر القمح القاسي في أسواق الجزيرة للأسبوع الرابع على التوالي، فيما بقي سعر الطحين في الأفران على حاله.

قال تاجر في سوق الحبوب: «الموسم كان قصيرًا، والنقل صار أغلى». وأضاف أن الفرق يذهب إلى النقل والتخزين.

## ماذا بعد؟

ينتظر المزارعون المطر الأول، وتنتظر الأفران قرار الأسبوع القادم. ويقول مهندسون إن الموسم القادم قد يكون أفضل.
"""


@pytest.mark.parametrize(
    "changes",
    [
        (Change(LEAD, BODY, ARABIC),),
        in_language("fa", PERSIAN),
        in_language("he", HEBREW),
        in_language("ur", URDU),
        in_language("en", ENGLISH),
    ],
    ids=["ar", "fa", "he", "ur", "en"],
)
def test_nothing_is_said_about_ordinary_prose(tmp_path, changes):
    root = tmp_path / "akhbar"
    make_room(root)
    plant(root, changes)
    found, _ = look(root)
    assert [(one.code, one.file, one.line, one.text) for one in found] == []


def test_what_a_card_does_not_show_is_not_judged(tmp_path):
    root = tmp_path / "akhbar"
    make_room(root)
    plant(root, (Change(CARD, "", "\nاتصل على +963 11 333 4444, نعم?\n"),))
    assert look(root)[0] == ()
