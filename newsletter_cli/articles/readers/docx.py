"""Word files to HTML (mammoth's one door; an extra). What is tracked is taken as if accepted; comments are counted.

The archive is judged before anything of it is parsed: size, what it grows to, and that its XML declares no entities.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from xml.parsers.expat import ExpatError

from newsletter_cli.errors import ConfigError, RefusedError

LIMIT: Final = 20 * 1024 * 1024  # bytes of the file
_INFLATED: Final = 100 * 1024 * 1024
_RATIO: Final = 100
_SMALL: Final = 1024 * 1024  # bytes; below, no ratio is a danger: a sheet of zeros packs 1 : 1000
_FILES: Final = 5000
_STYLES: Final = """
p[style-name='Title'] => h1:fresh
p[style-name='العنوان'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
"""
_PICTURES: Final = {b"\x89PNG\r\n\x1a\n": ".png", b"\xff\xd8\xff": ".jpg", b"GIF87a": ".gif", b"GIF89a": ".gif"}
_BACK: Final = re.compile(r'<a href="#(?:foot|end)note-ref-\d+">[^<]*</a>')


@dataclass(frozen=True, slots=True)
class Document:
    """A Word file as HTML that is not yet safe."""

    html: str
    pictures: Mapping[str, bytes]  # the name that stands as src in the HTML → its bytes
    notes: tuple[str, ...]  # what was left out, one sentence each


def read_document(data: bytes, name: str) -> Document:
    """A .docx file.  Nothing outside the file is read.

    Raises RefusedError UNREADABLE (not a .docx, too large, a bomb, damaged) and ConfigError EXTRA.
    """
    archive = _judged(data, name)
    try:
        import mammoth  # lazy: an extra
    except ImportError as error:
        raise ConfigError(
            "EXTRA",
            f"{name} needs mammoth, which is not installed.",
            facts=[("file", name)],
            fix='pip install "newsletter-cli[docx]"',
        ) from error
    shelf = _Shelf()
    try:
        comments = _comments(archive)
        html = mammoth.convert_to_html(
            io.BytesIO(data),
            style_map=_STYLES,
            include_embedded_style_map=False,
            external_file_access=False,
            convert_image=mammoth.images.img_element(shelf.take),
        ).value
    # What a damaged file makes mammoth raise has no base class.
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, ExpatError, RecursionError) as error:
        raise _refused(name, "it is damaged") from error
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise _refused(name, "it is damaged") from error
    counted = f"{comments} comment{'' if comments == 1 else 's'} of the document left out."
    return Document(_BACK.sub("", html), shelf.pictures, (*([counted] if comments else []), *shelf.notes))


def _judged(data: bytes, name: str) -> zipfile.ZipFile:
    if len(data) > LIMIT:
        raise _refused(name, "it is larger than 20 MB")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _refused(name, "it is no .docx file") from error
    entries = archive.infolist()
    if "word/document.xml" not in archive.namelist():
        raise _refused(name, "it is no .docx file: there is no document in it")
    inflated, packed = sum(entry.file_size for entry in entries), sum(entry.compress_size for entry in entries)
    if len(entries) > _FILES or inflated > _INFLATED or (inflated > _SMALL and inflated > _RATIO * max(1, packed)):
        raise _refused(name, "it would grow too large when unpacked")
    if any(entry.flag_bits & 1 for entry in entries):
        raise _refused(name, "it is protected by a password")
    for entry in entries:
        if entry.filename.endswith((".xml", ".rels")):
            _judge_xml(archive, entry, name)
    return archive


def _judge_xml(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> None:
    """Word writes no document types; entities are how a small file becomes a large one, or reads another."""
    try:
        text = archive.read(entry).replace(b"\0", b"")  # also in UTF-16
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise _refused(name, "it is damaged") from error
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise _refused(name, "its XML declares entities")


def _refused(name: str, reason: str) -> RefusedError:
    return RefusedError(
        "UNREADABLE", f"{name} cannot be read: {reason}.", facts=[("file", name)], fix="save it in Word as .docx anew"
    )


def _comments(archive: zipfile.ZipFile) -> int:
    if "word/comments.xml" not in archive.namelist():
        return 0
    return len(re.findall(rb"<w:comment[\s>]", archive.read("word/comments.xml")))


class _Shelf:
    """The pictures of one document."""

    def __init__(self) -> None:
        self.pictures: dict[str, bytes] = {}
        self.notes: tuple[str, ...] = ()

    def take(self, image: Any) -> dict[str, str]:
        """The attributes of an <img>; a picture that cannot be had is left out with a note."""
        try:
            with image.open() as stream:
                data = bytes(stream.read())
        # A picture that lies outside the file, which is not opened, or is missing in it.
        except (OSError, KeyError, ValueError):
            return self.left_out("is not in the file")
        ending = next((ending for start, ending in _PICTURES.items() if data.startswith(start)), "")
        if not ending:
            return self.left_out(f"is {image.content_type or 'of an unknown kind'}, not PNG, JPEG or GIF")
        file = f"picture-{len(self.pictures) + 1}{ending}"
        self.pictures[file] = data
        return {"src": file}

    def left_out(self, reason: str) -> dict[str, str]:
        self.notes += (f"A picture of the document is left out: it {reason}.",)
        return {}
