"""Pages that an earlier command has inlined: `check` right after `compose` need not do the same work again.

Loading the inliner and running it is a fifth of the life of these commands. It is a function of the page alone, so what
it gave can be kept; what is kept belongs to this newsroom, is thrown away without loss, and is no part of a backup.
"""

import contextlib
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from newsletter_cli.digest.inline import inline
from newsletter_cli.newsroom import write_private

KEPT: Final = 24  # pages: of the issues of a few weeks; a page has some 40 KB
_LOADERS: Final = ("premailer", "cssutils", "cssselect", "lxml", "css_inline", "newsletter_cli.digest.inline")
_NONCE: Final = "\0" * 6  # in place of a page's own


@dataclass(frozen=True, slots=True)
class InlinedPages:
    """A folder of inlined pages, each named by a hash over everything that it depends on."""

    folder: Path  # made when the first page is kept
    keeps: bool = True  # False: only looks, as in a dry run

    def page(self, html: str, inliner: str, nonce: str) -> str:
        """As `inline` gives it.

        nonce: what begins this page's markers after “nl”.  It differs between the draft of a digest and its file
        although the page is the same, so the page is kept without it.  Raises what `inline` raises.
        """
        if "\0" in html:  # no page of ours; it could not be told from the place of a nonce
            return inline(html, inliner)
        neutral = html.replace(f"nl{nonce}", f"nl{_NONCE}")
        path = self.folder / sha256("\0".join((inliner, *map(_edition, _LOADERS), neutral)).encode()).hexdigest()
        found = _read(path)
        if found is None:
            result = inline(html, inliner)
            if self.keeps:
                self._keep(path, result.replace(f"nl{nonce}", f"nl{_NONCE}"))
            return result
        return found.replace(f"nl{_NONCE}", f"nl{nonce}")

    def _keep(self, path: Path, page: str) -> None:
        """Where it cannot be kept, as on a full disk, the next command does the work again."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_private(path, f"{sha256(page.encode()).hexdigest()}\n{page}".encode())
            for old in sorted(self.folder.iterdir(), key=_age, reverse=True)[KEPT:]:
                old.unlink(missing_ok=True)


def _read(path: Path) -> str | None:
    """The page, if it is there and whole."""
    try:
        checksum, _, page = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    return page.decode() if sha256(page).hexdigest().encode() == checksum else None


def _age(path: Path) -> int:
    return path.stat().st_mtime_ns


def _edition(name: str) -> str:
    """What tells one installed version of a library from the next, without loading it or its metadata."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return f"{name} none"
    try:
        file = Path(spec.origin).stat()
    except OSError:  # not a file, as in an archive
        return spec.origin
    return f"{spec.origin} {file.st_mtime_ns} {file.st_size}"
