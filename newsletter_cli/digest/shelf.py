"""The pictures of one rendering: read once, named once, and what could not be read."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from newsletter_cli.digest.model import LostPicture, PlacedPicture, StoredPicture
from newsletter_cli.digest.pictures import PictureError, PictureFile, is_online, read_picture
from newsletter_cli.mail.content import InlinePicture

COLUMN: Final = 528  # pixels: 600 less two margins of 36
LOGO: Final = 240


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture ready to be shown."""

    src: str
    width: int


@dataclass(slots=True)
class Shelf:
    """Where a rendering finds its pictures and leaves word of those it could not find."""

    root: Path  # the newsroom's folder
    base_url: str  # of the reader pages, ASCII, no slash at the end
    inside: bool  # True: into the message (cid); False: published at /a/{hash}
    domain: str  # of the sender, for Content-IDs
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
            file = read_picture(source, beside=beside, inside=self.root)
        except PictureError as error:
            self.lost.append(LostPicture(slug, key, str(error)))
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
