"""The theme's own words, in the language of the digest or of one article: t("digest.more"), 3 | plural("article")."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from jinja2 import TemplateRuntimeError
from markupsafe import Markup, escape

from newsletter_cli.digest.markup import Writer
from newsletter_cli.language import direction_of, message, plural

_HOLD: Final = "\ue010"  # private use: keeps the place of a value that is markup already


@dataclass(frozen=True, slots=True)
class Words:
    """The reader-facing catalogue as templates use it."""

    language: str
    digits: str
    html: bool  # True: values are isolated and escaped; False: plain text

    def names(self) -> dict[str, Callable[..., object]]:
        """What a template calls."""
        return {"t": self.text, "t_in": self.text_in}

    def text(self, key: str, **values: object) -> str:
        """The text of a key in the digest's language, its places filled."""
        return self.text_in(self.language, key, **values)

    def text_in(self, language: str, key: str, **values: object) -> str:
        """The text of a key in another language, such as an article's."""
        held = {name: value for name, value in values.items() if isinstance(value, Markup)}
        keep = {name: f"{_HOLD}{name}{_HOLD}" for name in held}
        try:
            words = message(key, language, digits=self.digits, **{**values, **keep})
        except (KeyError, TypeError) as error:
            raise TemplateRuntimeError(f"there is no text “{key}” with these values") from error
        if not self.html:
            return words
        filled = Writer(direction_of(language)).text(words)
        for name, value in held.items():
            filled = Markup(filled.replace(keep[name], value))
        return filled

    def plural(self, n: int, key: str) -> str:
        """A counted noun in the digest's language."""
        try:
            words = plural(n, key, self.language, self.digits)
        except KeyError as error:
            raise TemplateRuntimeError(f"there is no counted noun “{key}”") from error
        return escape(words) if self.html else words
