"""Pictures of an imported article: their files are copied beside it, under names made from its slug."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from newsletter_cli.articles.model import Article, Block, Figure, ListBlock, Note, Picture, Quote
from newsletter_cli.newsroom import atomic_write

LIMIT: Final = 5 * 1024 * 1024  # bytes of one picture
_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF87a", ".gif"),
    (b"GIF89a", ".gif"),
)


def with_pictures(article: Article, change: Callable[[Picture], Picture]) -> Article:
    """The article with each of its pictures, also those inside quotes and lists, changed."""
    image = change(article.image) if article.image else None
    return replace(article, image=image, blocks=tuple(_changed(block, change) for block in article.blocks))


def _changed(block: Block, change: Callable[[Picture], Picture]) -> Block:
    match block:
        case Figure(picture):
            return Figure(change(picture))
        case Quote(blocks):
            return Quote(tuple(_changed(inner, change) for inner in blocks))
        case Note(blocks):
            return Note(tuple(_changed(inner, change) for inner in blocks))
        case ListBlock():
            items = tuple(tuple(_changed(inner, change) for inner in item) for item in block.items)
            return replace(block, items=items)
        case _:
            return block


def pictures_of(article: Article) -> tuple[Picture, ...]:
    """Every picture, the lead one first."""
    found: list[Picture] = []

    def seen(picture: Picture) -> Picture:
        found.append(picture)
        return picture

    with_pictures(article, seen)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Copy:
    """A picture file to write beside the article."""

    path: Path
    data: bytes


@dataclass(slots=True)
class Copier:
    """Turns the paths of one article's pictures into names beside it; writes nothing until `write`."""

    source_folder: Path | None  # of the imported file; None: standard input
    target_folder: Path
    slug: str
    given: Path | None = None  # the file named by --image; may lie anywhere
    held: Mapping[str, bytes] = field(default_factory=dict)  # pictures that came inside a document
    copies: list[Copy] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # source → name beside the article

    def take(self, picture: Picture) -> Picture:
        """The picture with its new name; as it was, with a warning, when its file cannot be had."""
        if not picture.source or "://" in picture.source:
            return picture
        if picture.source not in self.names:
            self.names[picture.source] = self.copied(picture.source)
        return replace(picture, source=self.names[picture.source])

    def copied(self, source: str) -> str:
        path = self.file_of(source)
        data = self.held.get(source) or (_bytes(path) if path else None)
        if data is None:
            self.warnings.append(f"The picture {source} was not found; put it beside the article.")
            return source
        ending = next((ending for signature, ending in _SIGNATURES if data.startswith(signature)), "")
        if not ending or len(data) > LIMIT:
            self.warnings.append(f"The picture {source} is no PNG, JPEG or GIF of at most 5 MB; it was not copied.")
            return source
        name = self.free_name(ending, data)
        self.copies.append(Copy(self.target_folder / name, data))
        return name

    def file_of(self, source: str) -> Path | None:
        """The file, when the editor named it, or it lies in the imported file's own folder."""
        if self.given is not None and source == self.given.name:
            return self.given
        if self.source_folder is None:
            return None
        path = (self.source_folder / source).resolve()
        return path if path.is_relative_to(self.source_folder.resolve()) else None

    def free_name(self, ending: str, data: bytes) -> str:
        taken = {copy.path.name for copy in self.copies}
        number = 1
        while True:
            name = f"{self.slug}{f'-{number}' if number > 1 else ''}{ending}"
            path = self.target_folder / name
            if name not in taken and (not path.exists() or path.read_bytes() == data):
                return name
            number += 1

    def write(self) -> None:
        """Write the copies."""
        for copy in self.copies:
            copy.path.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(copy.path, copy.data)


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() and path.stat().st_size <= LIMIT + 1 else None
    except OSError:
        return None
