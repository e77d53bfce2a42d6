"""Colours of CSS as red, green, blue, and the contrast between two of them (WCAG 2.2 §1.4.3)."""

import re
from typing import Final

Colour = tuple[float, float, float]  # each 0 to 255

# The names of HTML 4; mail needs no others.
_NAMES: Final = {
    "black": "000000", "silver": "c0c0c0", "gray": "808080", "grey": "808080", "white": "ffffff", "maroon": "800000",
    "red": "ff0000", "purple": "800080", "fuchsia": "ff00ff", "green": "008000", "lime": "00ff00", "olive": "808000",
    "yellow": "ffff00", "navy": "000080", "blue": "0000ff", "teal": "008080", "aqua": "00ffff", "orange": "ffa500",
    "darkgray": "a9a9a9", "lightgray": "d3d3d3", "darkgrey": "a9a9a9", "lightgrey": "d3d3d3", "brown": "a52a2a",
    "pink": "ffc0cb", "gold": "ffd700", "whitesmoke": "f5f5f5", "dimgray": "696969", "crimson": "dc143c",
}  # fmt: skip
_HEX: Final = re.compile(r"#?([0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})(?![0-9a-z])", re.IGNORECASE)
_RGB: Final = re.compile(
    r"rgba?\(\s*([\d.]+%?)[\s,]+([\d.]+%?)[\s,]+([\d.]+%?)\s*(?:[,/]\s*([\d.]+%?)\s*)?\)", re.IGNORECASE
)
_TOKEN: Final = re.compile(r"#[0-9a-f]{3,8}\b|rgba?\([^)]*\)|[a-z]+", re.IGNORECASE)


def read_colour(text: str, below: Colour) -> Colour | None:
    """The colour a text names, over the colour below it where it is not opaque; None when it names none."""
    word = text.strip().lower()
    if word in _NAMES:
        word = _NAMES[word]
    if match := _HEX.fullmatch(word):
        digits = match[1]
        pairs = [digit * 2 for digit in digits] if len(digits) < 6 else re.findall("..", digits)
        red, green, blue, *alpha = (float(int(pair, 16)) for pair in pairs)
        return _over((red, green, blue), alpha[0] / 255 if alpha else 1.0, below)
    if match := _RGB.fullmatch(word):
        red, green, blue = (_part(part, 255) for part in match.groups()[:3])
        return _over((red, green, blue), _part(match[4], 1) if match[4] else 1.0, below)
    return None


def background_of(value: str, below: Colour) -> Colour | None:
    """The colour in a `background` shorthand; None when there is none in it."""
    found = (read_colour(token, below) for token in _TOKEN.findall(value))
    return next((colour for colour in found if colour is not None), None)


def contrast(one: Colour, other: Colour) -> float:
    """1 (no difference) to 21 (black on white)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: Colour) -> float:
    """Relative luminance, 0 (black) to 1 (white)."""
    parts = [part / 255 for part in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def as_hex(colour: Colour) -> str:
    """#rrggbb."""
    return "#" + "".join(f"{round(part):02x}" for part in colour)


def _part(text: str, whole: float) -> float:
    return min(whole, float(text[:-1]) * whole / 100 if text.endswith("%") else float(text))


def _over(colour: Colour, alpha: float, below: Colour) -> Colour:
    red, green, blue = (top * alpha + under * (1 - alpha) for top, under in zip(colour, below, strict=True))
    return red, green, blue
