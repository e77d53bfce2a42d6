"""What columns are called in files of readers, in Arabic, English and French: a table for editors of this program.

Compared after folding: harakat, forms of alef, capitals, dots, dashes and underscores make no difference.
"""

from collections.abc import Mapping
from typing import Final

# Fields that mean something to the roster; all others are custom fields.
FIRST_NAME: Final = "first_name"  # joined with the last name into `name`
LAST_NAME: Final = "last_name"
LISTS: Final = "lists"  # of our own export: --list decides

# fmt: off
HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": (
        "email", "e mail", "mail", "email address", "e mail address", "mail address", "subscriber email",
        "البريد الإلكتروني", "البريد", "بريد", "بريد إلكتروني", "عنوان البريد الإلكتروني", "عنوان البريد",
        "الإيميل", "إيميل",
        "courriel", "adresse e mail", "adresse email", "adresse mail", "adresse électronique", "adresse courriel",
    ),
    "name": (
        "name", "full name", "fullname", "display name", "subscriber name",
        "الاسم", "اسم", "الاسم الكامل", "الاسم والكنية", "الاسم واللقب", "اسم المشترك", "اسم القارئ",
        "nom", "nom complet", "nom et prénom", "prénom et nom", "nom prénom",
    ),
    FIRST_NAME: ("first name", "firstname", "given name", "forename", "الاسم الأول", "الاسم الشخصي", "prénom"),
    LAST_NAME: (
        "last name", "lastname", "surname", "family name",
        "الكنية", "اسم العائلة", "العائلة", "اللقب", "الاسم الأخير", "النسبة",
        "nom de famille",
    ),
    "city": ("city", "town", "المدينة", "مدينة", "البلدة", "ville"),
    "country": ("country", "البلد", "بلد", "الدولة", "دولة", "pays"),
    "phone": (
        "phone", "telephone", "phone number", "mobile", "الهاتف", "هاتف", "رقم الهاتف", "الجوال", "الموبايل",
        "téléphone", "portable",
    ),
    "organisation": (
        "organisation", "organization", "company", "المؤسسة", "الشركة", "المنظمة", "الجهة", "société", "entreprise",
    ),
    "language": ("language", "اللغة", "لغة", "langue"),
    "tags": ("tags", "tag", "labels", "الوسوم", "وسوم", "الوسم", "étiquettes", "mots clés"),
    "status": ("status", "state", "subscription status", "الحالة", "حالة", "حالة الاشتراك", "statut", "état"),
    "joined": (
        "joined", "subscribed at", "signup date", "opt in date", "joined at", "تاريخ الاشتراك", "تاريخ الانضمام",
        "date d'inscription", "inscrit le",
    ),
    "confirmed": ("confirmed", "confirmed at", "confirm date", "تاريخ التأكيد", "confirmé le"),
    "consent": ("consent", "consent text", "الموافقة", "consentement"),
    LISTS: ("lists", "القوائم", "listes"),
}

# Words in a status column. The left side is ours; None: whatever the import asks for.
STATUS_WORDS: Final[Mapping[str | None, tuple[str, ...]]] = {
    None: (
        "", "active", "subscribed", "enabled", "confirmed", "paused", "مشترك", "مشتركة", "نشط", "فعال", "abonné",
        "actif",
    ),
    "pending": ("pending", "unconfirmed", "waiting", "بانتظار التأكيد", "غير مؤكد", "en attente", "non confirmé"),
    "unsubscribed": (
        "unsubscribed", "removed", "opted out", "opt out", "inactive", "disabled", "ألغى الاشتراك", "ملغى", "غير مشترك",
        "désabonné", "désinscrit",
    ),
    "suspended": ("suspended", "bounced", "cleaned", "undeliverable", "invalid", "موقوف", "مرتد"),
    "complained": ("complained", "spam", "abuse", "blocked", "blocklisted", "blacklisted", "شكوى", "محظور"),
}
# fmt: on
