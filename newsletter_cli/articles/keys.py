"""The names of an article's fields in front matter: English or Arabic, compared after folding."""

import difflib
from collections.abc import Mapping
from typing import Final

from newsletter_cli.language import fold

# Field → the Arabic forms of its key. The article (ال) may be left out; both languages may be mixed in one file.
# fmt: off
_ARABIC: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("العنوان",),
    "kicker": ("الوسم", "التصنيف"),
    "summary": ("الخلاصة", "الملخص"),
    "author": ("الكاتب", "بقلم", "الكاتبة"),
    "source": ("المصدر", "المصادر"),
    "date": ("التاريخ",),
    "url": ("الرابط",),
    "image": ("الصورة",),
    "image_alt": ("وصف الصورة",),
    "caption": ("تعليق الصورة",),
    "credit": ("تصوير",),
    "related": ("اقرأ أيضا", "ذات صلة"),
    "tags": ("الوسوم",),
    "language": ("اللغة",),
    "weight": ("الترتيب",),
    "draft": ("مسودة",),
}
# fmt: on
# Written by import, in English only.
WRITTEN: Final = ("calendar", "date_text", "direction", "imported")
FIELDS: Final = (*_ARABIC, *WRITTEN)


def folded(key: str) -> str:
    """A key for comparing: folded, with _ and - as spaces."""
    return fold(key.replace("_", " ").replace("-", " "))


def _names() -> dict[str, str]:
    names = {folded(field): field for field in FIELDS}
    for field, forms in _ARABIC.items():
        for form in forms:
            names[folded(form)] = field
            names.setdefault(folded(form).removeprefix("ال"), field)
    return names


_FIELD_OF: Final[Mapping[str, str]] = _names()


def field_of(key: str) -> str | None:
    """The field a key means, in either language, or None."""
    return _FIELD_OF.get(folded(key))


def nearest(key: str) -> str:
    """The key that was probably meant, in the language it was typed in, or ""."""
    near = difflib.get_close_matches(folded(key), _FIELD_OF, n=1)
    if not near:
        return ""
    field = _FIELD_OF[near[0]]
    return field if near[0].isascii() else next(form for form in _ARABIC[field])
