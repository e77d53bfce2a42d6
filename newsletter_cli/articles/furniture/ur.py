"""What stands around an article on Urdu news pages."""

from newsletter_cli.articles.furniture.kinds import Furniture, Label, Tables

# fmt: off
TABLES = Tables(
    furniture={
        Furniture.DARK_MODE: (
            "ڈارک موڈ", "نائٹ موڈ", "تاریک موڈ", "لائٹ موڈ", "تاریک انداز",
        ),
        Furniture.LOGO: (
            "لوگو",
        ),
        Furniture.SIGN_UP: (
            "خبرنامہ", "نیوز لیٹر", "نیوز لیٹر سبسکرائب کریں", "سبسکرائب کریں", "سبسکرائب",
        ),
        Furniture.AD: (
            "اشتہار", "اشتہارات",
        ),
        Furniture.SHARE: (
            "شیئر", "شیئر کریں", "شئیر کریں", "فیس بک", "ٹوئٹر", "واٹس ایپ", "پرنٹ", "لنک کاپی کریں",
        ),
        Furniture.NAVIGATION: (
            "صفحہ اول", "ہوم", "مینو", "تلاش", "تازہ ترین", "تازہ ترین خبریں", "مقبول ترین",
            "سب سے زیادہ پڑھی جانے والی", "مزید", "ہمارے بارے میں", "رابطہ کریں",
        ),
        Furniture.READERS: (
            "تبصرے", "تبصرہ کریں", "اپنی رائے دیں",
        ),
        Furniture.RIGHTS: (
            "جملہ حقوق محفوظ ہیں",
        ),
    },
    labels={
        Label.RELATED: (
            "مزید پڑھیں", "یہ بھی پڑھیں", "مزید پڑھیے", "یہ بھی پڑھیے", "متعلقہ خبریں", "متعلقہ خبر", "مزید جانیے",
        ),
        Label.SOURCE: (
            "ماخذ", "ذریعہ", "بحوالہ", "بشکریہ",
        ),
        Label.AUTHOR: (
            "تحریر", "مصنف", "از قلم",
        ),
        Label.CAPTION: (
            "تصویر کا کیپشن", "تصویر", "کیپشن",
        ),
        Label.CREDIT: (
            "تصویر کا ذریعہ", "فوٹو",
        ),
        Label.TAGS: (
            "ٹیگز", "موضوعات",
        ),
    },
    invitations=(
        "ہمارے نیوز لیٹر",
    ),
    rights=(
        "جملہ حقوق",
    ),
    no_colon=(
        "از قلم",
    ),
    never_alone=(
        "تصویر", "موضوعات",
    ),
)
# fmt: on
