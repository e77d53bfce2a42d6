"""What a single line of a page is, asked of the tables of all languages: furniture, a name, an agency, a caption.

Pure questions; the tables lie in `furniture`, and every comparison is of folded words.
"""

import re
from collections.abc import Mapping
from typing import Final

from newsletter_cli.articles.furniture import LANGUAGES, Furniture
from newsletter_cli.language import fold

_EDGES: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_PARTS: Final = re.compile(r"\s*[|•·\t]\s*|\s+[/–—-]\s+|/| {2,}")
_CRUMBS: Final = re.compile(r"\s*(?:[>›»→\\]|::)\s*|\s+/\s+")
_OUTSIDE: Final = " \"'«»“”()[]/\\|.,،:;؛–—-_"
_WORD: Final = re.compile(r"[^\W\d_]+")
_RIGHTS_LENGTH: Final = 150
_BEFORE_RIGHTS: Final = 40
_COUNT_LENGTH: Final = 50
_BEGINNING_LENGTH: Final = 320
_CAPTION_LENGTH: Final = 170
_CLOCK: Final = re.compile(
    r"(?:الساعه|ساعت|at|à)?\s*\d{1,2}\s*[:.h]\s*\d{2}(?::\d{2})?\s*"
    r"(?:(?:صباحا|مساء|مساءا|ظهرا|عصرا|ص|م|ت ?م|a\.?m\.?|p\.?m\.?|gmt|utc|بتوقيت .{2,20})\s*)*"
)
_INITIALS: Final = re.compile(r"(?:[^\W\d_]{1,2}[ ./\\-]+){1,7}[^\W\d_]{1,2}\.?")
_FAMILY: Final = re.compile(r"[^\W\d_][^\W\d_.'’׳״\"-]*(?:[.'’׳״\"-][^\W\d_]*)*\.?")


def _all(field: str) -> frozenset[str]:
    return frozenset(fold(word) for tables in LANGUAGES.values() for word in getattr(tables, field))


def _furniture_table() -> dict[str, Furniture]:
    tables = (item for tables in LANGUAGES.values() for item in tables.furniture.items())
    return {fold(line): kind for kind, lines in tables for line in lines}


_FURNITURE: Final[Mapping[str, Furniture]] = _furniture_table()
_INVITATIONS: Final = tuple(_all("invitations"))
_BEGINNINGS: Final = tuple(_all("beginnings"))
_RIGHTS: Final = tuple(words for words in _all("rights") if len(words) > 9)
_SECTIONS: Final = _all("sections")
_HOME: Final = _all("home")
_COUNTED: Final = frozenset(word for text in _all("counted") for word in text.split())
_NUMBERED: Final = _all("numbered")
_TICKERS: Final = _all("tickers")
_AGENCIES: Final = _all("agencies")
_PRESS: Final = _all("press")
_PLACES: Final = _all("places")
_NAMES: Final = _all("names")
_CAPTIONS: Final = _all("caption_signs")
_MORE_FROM: Final = tuple(map(fold, ("More from", "المزيد من", "Plus de", "بیشتر از")))
# Words inside names; without one, a name has three words and four are a headline: «محمد صلاح يقود ليفربول».
_OF: Final = frozenset(
    map(fold, ("عبد", "بن", "ابن", "بنت", "ولد", "أبو", "آل", "الدين", "de", "ben", "bin", "el", "al", "van"))
)
_ROW: Final = frozenset({Furniture.SHARE, Furniture.NAVIGATION, Furniture.TEXT_SIZE, Furniture.STORIES})


# --- furniture -------------------------------------------------------------------------------------------------


def furniture_of(line: str) -> Furniture | None:
    """The kind of furniture a whole line is; also a row of buttons, a row of crumbs, a count beside its word."""
    folded = fold(line)
    bare = _EDGES.sub("", folded)
    found = _FURNITURE.get(folded) or _FURNITURE.get(bare)
    if found:
        return found
    if len(folded) <= _RIGHTS_LENGTH and (_claims_rights(folded) or _is_copyright(folded)):
        return Furniture.RIGHTS
    if len(folded) <= 40 and folded.startswith(_MORE_FROM):
        return Furniture.STORIES
    if len(folded) <= _BEGINNING_LENGTH and folded.startswith(_BEGINNINGS):
        return Furniture.NAVIGATION
    if not bare:
        return Furniture.NAVIGATION if len(folded) <= 12 and sum(map(str.isdigit, folded)) <= 4 else None
    if is_count(folded):
        return Furniture.COUNTER
    if is_page_number(folded):
        return Furniture.NUMBER
    if _is_end_mark(folded):
        return Furniture.END
    return Furniture.NAVIGATION if _is_row(line) or is_crumbs(line) else None


def _claims_rights(folded: str) -> bool:
    """«جميع الحقوق محفوظة» at its beginning, or behind a name; further on it is the end of some other sentence."""
    places = [place for words in _RIGHTS if (place := folded.find(words)) >= 0]
    return bool(places) and min(places) <= _BEFORE_RIGHTS


def _is_copyright(folded: str) -> bool:
    """© or "copyright" with a year; © with a name alone is the credit of a picture."""
    return folded.startswith(("©", "copyright", "(c)")) and bool(re.search(r"\d{4}", folded))


def is_count(folded: str) -> bool:
    """«125 مشاركة», "4 min read": a number, and only words that are counted."""
    words = _WORD.findall(folded)
    return len(folded) <= _COUNT_LENGTH and bool(words) and any(map(str.isdigit, folded)) and _COUNTED.issuperset(words)


def is_page_number(folded: str) -> bool:
    """«کد خبر: 1403020805123»."""
    match = re.fullmatch(r"(.{1,20}?)\s*[:：#]?\s*[\w./-]*\d[\w./-]*", folded)
    return bool(match) and match is not None and match[1].strip(" :#") in _NUMBERED


def _is_end_mark(folded: str) -> bool:
    """«/انتهى/», «// انتهى //», «انتهای پیام/ 258», «(النهاية) ف ن ك»."""
    match = re.match(r"[\W_]*([^\W\d_]+(?: [^\W\d_]+)?)[\W_]+[\w ./\\-]{0,12}$", folded)
    return bool(match) and match is not None and _FURNITURE.get(match[1]) is Furniture.END


def ends_with_end_mark(line: str) -> str:
    """The line without «(النهاية)» at its end; "" when there is none."""
    match = re.search(r"\s*[(/\\#*-]+\s*([^\W\d_]+(?: [^\W\d_]+)?)\s*[)/\\#*-]+\s*$", line)
    if match and match.start() and _FURNITURE.get(fold(match[1])) is Furniture.END:
        return line[: match.start()]
    agency = re.search(r"(?<=[.۔…؟?!»])\s*[(/\[]([^()/\[\]]{2,25})[)/\]]\s*$", line)
    if agency and is_agency(agency[1]):
        return line[: agency.start()]
    return ""


def _is_row(line: str) -> bool:
    """Buttons, sections or page numbers beside each other."""
    parts = [part.strip() for part in re.split(r"[|•·/\t,،]| {2,}", line) if part.strip()]
    words = parts if len(parts) > 1 else line.split()
    if re.search(r"\d{4}", fold(line)):
        return False  # a year: rather a line of facts
    kinds = [_row_part(fold(word)) for word in words]
    named = sum(kind and not word.isdigit() for kind, word in zip(kinds, words, strict=True))
    if len(parts) > 1:
        # Where bars part them, one name that we do not know may stand among those that we do.
        return all(kinds) or (len(parts) > 2 and named >= 2 and len(max(parts, key=len)) <= 25)
    return all(kinds) and (len(words) > 2 or (len(words) == 2 and not any(fold(word) in _SECTIONS for word in words)))


def _row_part(folded: str) -> bool:
    return _FURNITURE.get(folded) in _ROW or folded in _SECTIONS or folded in _HOME or folded.isdigit()


def is_crumbs(line: str) -> bool:
    """«الرئيسية › أخبار › محليات»: where in the site the page is."""
    text = line.strip(" -–>»›/")
    dashed = [fold(part) for part in re.split(r"\s[-–]\s", text)]
    if len(dashed) > 1 and all(map(_begins_with_section, dashed)):
        return True  # «أخبار المحافظات - أخبار حلب»: some sites part their crumbs with dashes
    parts = [fold(part) for part in _CRUMBS.split(text) if part.strip()]
    if len(parts) < 2:
        return False
    known = sum(map(_begins_with_section, parts))
    return parts[0] in _HOME or (all(len(part) <= 30 for part in parts) and known * 2 >= len(parts))


def _begins_with_section(folded: str) -> bool:
    return folded in _SECTIONS or (" " in folded and folded.split()[0] in _SECTIONS and len(folded.split()) <= 4)


def last_crumb(line: str) -> str:
    """The end of a row of crumbs, which may be the headline."""
    return _CRUMBS.split(line.strip())[-1]


def begins_invitation(line: str) -> bool:
    """Whether a line invites to sign up."""
    return fold(line).startswith(_INVITATIONS)


def names_logo(line: str) -> bool:
    """ "Logo" with the name beside it."""
    words = fold(line).split()
    return 1 < len(words) <= 5 and bool({"logo", "شعار", "לוגו"} & {words[0], words[-1]})


def is_latin_name(line: str) -> bool:
    """One to three Latin words and nothing else, such as a wordmark."""
    return bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9.&'’+-]*(?: [A-Za-z0-9.&'’+-]+){0,2}", line)) and len(line) <= 30


def is_section(line: str) -> bool:
    """The name of a part of a newspaper, perhaps with "in" before it."""
    folded = re.sub(r"^(?:في|ضمن|in|dans|در|ב) ", "", fold(line).strip(_OUTSIDE))
    return folded in _SECTIONS


def is_home(line: str) -> bool:
    """The first entry of a menu."""
    return fold(line).strip(_OUTSIDE) in _HOME


def is_ticker(line: str) -> bool:
    """«عاجل | …», "BREAKING: …"."""
    head = re.split(r"\s*[|:：]\s*|\s+[-–—]\s+|\.\.+\s*", fold(line), maxsplit=1)
    return len(head) > 1 and head[0] in _TICKERS


def is_clock(line: str) -> bool:
    """An hour and nothing else, such as before an entry of a live report."""
    return bool(_CLOCK.fullmatch(fold(line).strip(" |-–•()[]")))


def is_code(line: str) -> bool:
    """What agencies put under a report: initials of who wrote it, an hour, a number."""
    folded = fold(line).strip("()=*#.- ")
    letters = sum(map(str.isalpha, folded))
    digits = sum(map(str.isdigit, folded))
    return (
        bool(_INITIALS.fullmatch(folded))
        or is_clock(line)
        or (len(folded) <= 30 and digits >= 3 and (letters <= 3 or digits * 2 > letters))
    )


# --- people, places, agencies ----------------------------------------------------------------------------------


def parts_of(line: str) -> list[str]:
    """What bars, dashes and slashes part in a line."""
    return [part for part in (part.strip(_OUTSIDE + "\u200f\u200e") for part in _PARTS.split(line)) if part]


def is_agency(text: str) -> bool:
    """An agency by its name, or words such as «وكالات»."""
    return fold(text).strip(_OUTSIDE) in _AGENCIES


def is_place(text: str) -> bool:
    return fold(text).strip(_OUTSIDE) in _PLACES


def names_press(text: str) -> bool:
    """«صحيفة الحقل»: begins like the name of who publishes."""
    words = fold(text).split()
    return 1 < len(words) <= 5 and words[0].strip(_OUTSIDE) in _PRESS


def is_name(text: str) -> bool:
    """Two or three words beginning with a first name, or initials with points."""
    words = text.strip().rstrip(":").split()
    if re.fullmatch(r"[^\W\d_]\.\s?(?:[^\W\d_]\.?\s?)?(?:[^\W\d_]+)?", text.strip()):
        return True
    longest = 5 if any(fold(word) in _OF for word in words) else 3
    if not 2 <= len(words) <= longest or len(text) > 40 or not all(_FAMILY.fullmatch(word) for word in words):
        return False
    return fold(words[0]) in _NAMES or fold(words[0]).rstrip(".") in _NAMES


def may_be_name(text: str) -> bool:
    """Two or three words of letters, whatever they are."""
    words = text.split()
    return 2 <= len(words) <= 3 and len(text) <= 28 and all(_FAMILY.fullmatch(word) for word in words)


def agency_in(line: str) -> str:
    """The agency that a short line names, alone or beside a place: «القاهرة - أ ش أ», «حلب (سانا)–»; else ""."""
    if len(line) > 60:
        return ""
    if is_agency(line):
        return line.strip(_OUTSIDE)
    parts = facts_of(line)
    found = [part for part in parts if is_agency(part)]
    rest = [part for part in parts if part not in found]
    if not found or not all(is_place(part) or is_name(part) or len(part.split()) <= 2 for part in rest):
        return ""
    kept = [part for part in parts if not is_place(part) and not is_name(part)]
    return " - ".join(kept) if len(kept) <= 2 else found[0]


def agency_of(line: str) -> str:
    """The first agency among the parts of a line, or ""."""
    return next((part for part in facts_of(line) if is_agency(part)), "")


def facts_of(line: str) -> list[str]:
    """What bars, dashes, slashes and brackets part in a line."""
    spread = re.sub(r"[(/\[]\s*([^()/\[\]]+?)\s*[)/\]]", r" | \1 | ", line)
    parts = (part for text in parts_of(spread) for part in re.split(r"(?<=\w)[-–—](?=\w)", text))
    return [part for text in parts if (part := text.strip(_OUTSIDE))]


def name_in(line: str) -> str:
    """The reporters whom a short line names, alone or beside a place: «عمان - عمر العبادي»; else ""."""
    if len(line) > 70:
        return ""
    bare = line.strip(" -–—|:")
    if is_name(bare):
        return bare
    parts = [part for part in re.split(r"\s*[|/،,:]\s*|\s+[-–—]\s+|[-–—]\s+", bare) if part]
    names = [part for part in parts if is_name(part)]
    rest = [part for part in parts if part not in names and not is_place(part) and not is_agency(part)]
    if not names:
        return ""
    others = [part for part in rest if _is_like_a_name(part)]
    # «كفر الشيخ - أشرف مصباح»: one or two words parted by a dash from a name are a place we do not know.
    unknown = len(rest) - len(others)
    if unknown and not (unknown == len(names) == 1 and len(parts) == 2 and re.search(r"\s[-–—]\s", bare)):
        return ""
    if unknown and len(rest[0].split()) > 2:
        return ""
    return "، ".join(part for part in parts if part in names or part in others)


def _is_like_a_name(text: str) -> bool:
    words = text.split()
    return 2 <= len(words) <= 3 and text == text.title() and text.isascii()


# --- captions --------------------------------------------------------------------------------------------------


def has_caption_sign(line: str) -> bool:
    """«… - أرشيفية», «… (رويترز)», «جانب من …», «… تصوير: جاد»: words that stand with pictures."""
    if len(line) > _CAPTION_LENGTH:
        return False
    folded = fold(line)
    if folded.startswith("©") or re.search(r"©\s*\w|\bphoto ?:|צילום ?:|تصوير ?[:/]|عدسه ?[:/]|عكس ?:|فوٹو ?:", folded):
        return True
    last = re.search(r"[(\[]([^()\[\]]{2,50})[)\]]\W*$", folded)
    ends = [last[1]] if last else []
    ends += re.split(r"\s+[-–—|/]\s+|\s*\|\s*|/|[-–—]\s+", folded)[1:][-1:]
    words = {word.strip(_OUTSIDE) for end in ends for word in (end, *re.split(r"\s*[-–—/:|]\s*|\s", end))}
    begins = any(folded.startswith(sign + " ") for sign in _CAPTIONS if " " in sign)
    return begins or bool(words & _CAPTIONS) or any(end.strip(_OUTSIDE) in _AGENCIES for end in ends)
