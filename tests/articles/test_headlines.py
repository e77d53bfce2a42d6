"""Headlines that begin like furniture, labels, names or sections are headlines all the same."""

import pytest

from newsletter_cli.articles import read_page

BODY = (
    "قالت مديرية الزراعة إن موسم القطاف بدأ في مواعيده المعتادة، وإن الإنتاج المتوقع هذا العام يزيد قليلًا على متوسط "
    "السنوات الخمس الماضية بفضل أمطار آذار ونيسان.\n\nوأضافت أن المعاصر تعمل ليلًا ونهارًا."
)
HEADLINES = (
    "محمد صلاح يقود ليفربول",
    "أحمد الشرع: المرحلة المقبلة للبناء",
    "صور: أمطار غزيرة تغرق شوارع المدينة القديمة",
    "رويترز: الحكومة تدرس خفض الضرائب",
    "كتب الأطفال تتصدر معرض الشارقة",
    "عاجل: هزة أرضية خفيفة في الساحل",
    "مباشر | افتتاح الدورة الرياضية العربية",
    "اقتصاد سوريا: إلى أين؟",
    "تاريخ القهوة في دمشق القديمة",
    "شارك في المسابقة أكثر من ألف طالب",
    "الآن وليس غدا...",
    "أسعار الذهب السبت 27 أبريل 2024",
    "القاهرة / افتتاح المعرض الدولي للزيتون",
    "«الزيتون».. ذهب الساحل الأخضر",
    "انتهى موسم القطاف",
)


@pytest.mark.parametrize("headline", HEADLINES)
def test_a_headline_is_known_alone_and_repeated(headline):
    alone = f"{headline}\n12/3/2024\n\n{BODY}\n"
    repeated = f"الوضع المظلم\n12/3/2024\nLogo\n• {headline}\n\n{headline}\n\n{BODY}\n"
    for page in (alone, repeated):
        article = read_page(page).article
        assert (article.title, str(article.date)) == (headline, "2024-03-12")


@pytest.mark.parametrize("headline", ["عودة", "سوريا"])
def test_one_word_is_a_headline_when_it_stands_twice(headline):
    assert read_page(f"• {headline}\n\n{headline}\n12/3/2024\n\n{BODY}\n").article.title == headline
