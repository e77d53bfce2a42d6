"""An independent reader of encoded-words, to the letter of RFC 2047 (the standard library's is lenient)."""

import base64
import quopri
import re

_WORD = re.compile(r"=\?([^?]+)\?([BbQq])\?([^?]*)\?=")


def decoded(field: str) -> str:
    """A field's value: each word decodes alone, white space between two words is dropped, other white space is kept."""
    unfolded = field.replace("\r\n", "")
    written, end, after_word = [], 0, False
    for match in _WORD.finditer(unfolded):
        between = unfolded[end : match.start()]
        if not (after_word and between.isspace()):
            written.append(between)
        charset, kind, data = match.groups()
        raw = base64.b64decode(data, validate=True) if kind in "Bb" else quopri.decodestring(data, header=True)
        written.append(raw.decode(charset))  # strict: a word that ends inside a letter fails here
        end, after_word = match.end(), True
    return "".join(written) + unfolded[end:]
