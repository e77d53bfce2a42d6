"""CSS into style attributes, once per digest; the one door of premailer, cssutils and css-inline."""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final

from newsletter_cli.errors import ConfigError, RefusedError

_MARKER_ATTRIBUTE: Final = re.compile(r"\s(?:data-premailer|data-css-inline)=(?:\"[^\"]*\"|'[^']*')")
_CLASS_ATTRIBUTE: Final = re.compile(r"\sclass=(?:\"([^\"]*)\"|'([^']*)')")
_STYLE_ELEMENT: Final = re.compile(r"<style\b[^>]*>(.*?)</style>", re.DOTALL)
_CLASS_SELECTOR: Final = re.compile(r"\.([A-Za-z_][\w-]*)")
_TAG: Final = re.compile(r"<[a-zA-Z](?:[^>\"']|\"[^\"]*\"|'[^']*')*>")


def inline(html: str, inliner: str = "premailer") -> str:
    """The page with every rule of its first style element as style attributes.

    inliner: `compose.inliner`; never chosen because it happens to be installed: a version's hash is over the output.
    Style elements marked data-premailer="ignore" stay as they are; class names they do not name are dropped.
    Nothing is fetched.  Raises RefusedError TEMPLATE when the CSS cannot be understood or asks for a file, ConfigError
    EXTRA when the inliner is not installed.
    """
    result = _by_css_inline(html) if inliner == "css-inline" else _by_premailer(html)
    return drop_unused_classes(_TAG.sub(lambda tag: _MARKER_ATTRIBUTE.sub("", tag[0]), result))


def _by_premailer(html: str) -> str:
    if not html.strip():  # its parser answers with an error that speaks of nothing an editor knows
        raise RefusedError("TEMPLATE", "The template made an empty page.", fix="correct the template")
    import cssutils  # lazy: 50 ms that only rendering a digest should pay

    with _no_http_client():
        from premailer import Premailer  # lazy: with cssutils
    # cssutils would shorten #ffffff to #fff; Notes and some checkers want six digits. Set anew for each run: the
    # preference is the library's own global.
    cssutils.ser.prefs.minimizeColorHash = False
    # What it knows of values is for its log alone, which we silence; premailer asks for it all the same where it merges
    # styles, and compiling those patterns takes longer than all the rest of the inlining.
    cssutils.profile.removeProfile(all=True)
    try:
        with _no_fetching():
            result = Premailer(
                html,
                strip_important=False,
                allow_network=False,
                remove_classes=False,
                disable_basic_attributes=["width", "height"],
                disable_validation=True,
                cssutils_logging_level=logging.CRITICAL,
            ).transform(pretty_print=False)
    # premailer and cssutils raise these for CSS they do not understand; there is no base class of theirs.
    except (AttributeError, AssertionError, SyntaxError, ValueError) as error:
        raise RefusedError("TEMPLATE", f"The theme's CSS could not be inlined: {error}") from error
    return str(result)


def _by_css_inline(html: str) -> str:
    try:
        import css_inline  # lazy: an extra
    except ImportError as error:
        raise ConfigError(
            "EXTRA",
            "compose.inliner is css-inline, which is not installed.",
            fix='pip install "newsletter-cli[fast]"',
        ) from error
    try:
        # Without this setting it reads local files and http addresses.
        return str(css_inline.CSSInliner(load_remote_stylesheets=False).inline(html))
    except css_inline.InlineError as error:
        raise RefusedError("TEMPLATE", f"The theme's CSS could not be inlined: {error}") from error


def drop_unused_classes(html: str) -> str:
    """The page without class names that no rule left in its head names."""
    kept = set(_CLASS_SELECTOR.findall("".join(_STYLE_ELEMENT.findall(html))))

    def smaller(match: re.Match[str]) -> str:
        names = [name for name in (match[1] or match[2] or "").split() if name in kept]
        return f' class="{" ".join(names)}"' if names else ""

    return _TAG.sub(lambda tag: _CLASS_ATTRIBUTE.sub(smaller, tag[0]), html)


@contextmanager
def _no_http_client() -> Iterator[None]:
    """While it lasts, `import requests` finds an empty module.

    premailer asks for it when it is loaded, only to fetch style sheets, which it may not do here; the client and what
    comes with it take as long to load as a digest to be drawn.
    """
    absent = "requests" not in sys.modules
    if absent:
        sys.modules["requests"] = ModuleType("requests")
    try:
        yield
    finally:
        if absent:
            del sys.modules["requests"]


@contextmanager
def _no_fetching() -> Iterator[None]:
    """While it lasts, a stylesheet that asks for another file fails the build instead of being answered.

    `allow_network=False` does not stop @import: cssutils opens http and file addresses by itself.
    """
    import cssutils.util  # lazy: with premailer

    def refuse(url: str) -> None:
        raise RefusedError("TEMPLATE", f"The theme's CSS asks for {url}; nothing is fetched while composing.")

    before = cssutils.util._defaultFetcher
    cssutils.util._defaultFetcher = refuse
    try:
        yield
    finally:
        cssutils.util._defaultFetcher = before
