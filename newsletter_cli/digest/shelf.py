"""The pictures of one rendering: read once, named once, and what could not be read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from newsletter_cli.articles.pictures import pictures_of
from newsletter_cli.digest.facts import Facts
from newsletter_cli.digest.fitting import HEAVIEST, Limits, Memory, fitted, weight_of_one
from newsletter_cli.digest.model import Entry, LostPicture, PlacedPicture, Size, StoredPicture
from newsletter_cli.digest.pictures import PictureError, PictureFile, is_online, picture_bytes
from newsletter_cli.mail.content import InlinePicture
from newsletter_cli.newsroom import Newsroom

COLUMN: Final = 528  # pixels: 600 less two margins of 36
LOGO: Final = 240


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture ready to be shown."""

    src: str
    width: int


def shelf_for(facts: Facts, entries: Sequence[Entry]) -> "Shelf":
    """The shelf of a rendering of these articles: the more pictures they have, the lighter is each."""
    shown = {(entry.article.path, one) for entry in entries for one in _shown(entry)}
    return Shelf(
        facts.root,
        facts.public_url,
        facts.pictures_inside,
        facts.domain,
        weight_of_one(len(shown) + bool(facts.logo)),
        Memory(Newsroom(facts.root).data / "pictures"),
    )


def _shown(entry: Entry) -> set[str]:
    """Files that an article shows in its size."""
    article = entry.article
    if entry.size is Size.FULL:
        sources = [picture.source for picture in pictures_of(article)]
    else:
        sources = [article.image.source] if entry.size is Size.CARD and article.image else []
    return {source for source in sources if source and not is_online(source)}


@dataclass(slots=True)
class Shelf:
    """Where a rendering finds its pictures and leaves word of those it could not find."""

    root: Path  # the newsroom's folder
    base_url: str  # of the reader pages, ASCII, no slash at the end
    inside: bool  # True: into the message (cid); False: published at /a/{hash}
    domain: str  # of the sender, for Content-IDs
    weight: int = HEAVIEST  # bytes that each picture may have
    memory: Memory | None = None  # of pictures that were drawn before
    stored: dict[str, StoredPicture] = field(default_factory=dict)
    carried: dict[str, InlinePicture] = field(default_factory=dict)
    lost: list[LostPicture] = field(default_factory=list)
    placed: list[PlacedPicture] = field(default_factory=list)

    def place(self, source: str, *, beside: Path, slug: str, key: str, widest: int = COLUMN) -> Placed | None:
        """The picture of a source, or None when it has none or it is lost (then it is noted).

        source: as written in the article.  beside: folder of that article.  slug, key: for the notes.
        """
        found = self._find(source, beside, slug, key, widest) if source else None
        if found is not None:
            self.placed.append(PlacedPicture(slug, key, source, found.src))
        return found

    def _find(self, source: str, beside: Path, slug: str, key: str, widest: int) -> Placed | None:
        if is_online(source):
            if not source.lower().startswith("https:"):
                self.lost.append(LostPicture(slug, key, f"{source[:60]} is not https"))
                return None
            return Placed(source, widest)
        try:
            data = picture_bytes(source, beside=beside, inside=self.root)
            file = fitted(data, source, Limits(widest, self.weight), self.memory)
        except PictureError as error:
            self.lost.append(LostPicture(slug, key, str(error), error.foreign or ""))
            return None
        return Placed(self._keep(file), min(file.size.width, widest))

    def _keep(self, file: PictureFile) -> str:
        if self.inside:
            # Half of the hash names a picture well enough, and keeps the field short.
            content_id = f"{file.hash[:32]}@{self.domain}"
            self.carried[file.hash] = InlinePicture(content_id, file.size.media_type, file.data)
            return f"cid:{content_id}"
        self.stored[file.hash] = StoredPicture(file.hash, file.size.media_type, file.data)
        return f"{self.base_url}/a/{file.hash}"
