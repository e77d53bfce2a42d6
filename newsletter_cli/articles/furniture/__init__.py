"""Furniture: what stands around an article on a news page, and the labels before parts of it; one file per language.

Data: add lines freely. A new language is one more file, named in LANGUAGES here.
"""

from collections.abc import Mapping

from newsletter_cli.articles.furniture import ar, en, fa, fr, he, ur
from newsletter_cli.articles.furniture.kinds import Furniture, Label, Tables

LANGUAGES: Mapping[str, Tables] = {
    "ar": ar.TABLES,
    "fa": fa.TABLES,
    "he": he.TABLES,
    "ur": ur.TABLES,
    "en": en.TABLES,
    "fr": fr.TABLES,
}

__all__ = ["LANGUAGES", "Furniture", "Label", "Tables"]
