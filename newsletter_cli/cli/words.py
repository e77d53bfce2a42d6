"""The language of this tool's own messages: English in the source, Arabic in locale/ar, by GNU gettext.

What readers of a newsletter see is another matter: that is the `language` room. Help pages stay English.
"""

import gettext
from collections.abc import Mapping
from pathlib import Path
from typing import Final

DOMAIN: Final = "newsletter"
LOCALE: Final = Path(__file__).parent / "locale"
LANGUAGES: Final = ("en", "ar")


def bind_domain() -> None:
    """Tell gettext where our catalogues lie. Before `import typer`: typer takes its words from the default domain."""
    gettext.bindtextdomain(DOMAIN, str(LOCALE))
    gettext.textdomain(DOMAIN)


def language_of(env: Mapping[str, str], setting: str = "auto") -> str:
    """en or ar: the setting, or what LC_ALL, LC_MESSAGES or LANG ask for (the first that is set decides)."""
    if setting in LANGUAGES:
        return setting
    asked = env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    return "ar" if asked.lower().split(".")[0].split("_")[0] == "ar" else "en"


class Words:
    """One language's messages."""

    def __init__(self, language: str) -> None:
        """language: en or ar; any other speaks English."""
        self.language = language
        self._catalogue = gettext.translation(DOMAIN, LOCALE, languages=[language], fallback=True)

    def gettext(self, text: str) -> str:
        """text in this language, or as it is when nobody has translated it yet."""
        return self._catalogue.gettext(text)

    def ngettext(self, one: str, many: str, number: int) -> str:
        """The form for `number`; the caller fills in {n}. Arabic has six of them."""
        return self._catalogue.ngettext(one, many, number)
