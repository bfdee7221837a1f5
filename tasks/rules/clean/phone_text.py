"""What only Python can read of a phone cell: several numbers, foreign ones, and why nothing could be read."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from tasks.rules.clean.texts import TEXT, Text

# RE2 and Python read these alike; they expect what `phones.rewrite` leaves («x» before an extension).
# The bounds keep a cell of three thousand brackets from taking a minute.
_COUNTRY = r"[+(]{0,3}\s?(?:0\s?0[\s-]{0,3})?[+(]{0,3}86[)\s.+-]{0,5}"
MOBILE = rf"(?:{_COUNTRY}\(?0?\)?|\(?0)?\(?(?P<mobile>1[\s.-]*[3-9](?:[\s().-]*\d){{9}})"
_AREA = r"10|2\d|[35679]\d{2}|[48](?:0[1-9]|[1-9]\d)"  # 400 and 800 are service numbers
_NUMBER = r"\d{7,8}|\d{3,4}(?:[\s.-]|\s-\s)\d{4}|\d{3}[\s.-]\d{5}|\d{2,4}(?:[\s.-]\d{2}){2,3}"
LAND = (
    rf"(?:{_COUNTRY}(?:\(?0\)?\s*)?\(?|\(?0)(?P<area>{_AREA})[)\s.-]*(?P<number>{_NUMBER})"
    r"(?:(?:\s*[x-]{1,2}\s*|\s+)(?P<ext>\d{1,6}))?"
)
SERVICE = rf"(?:{_COUNTRY})?(?P<service>\(?[48]00\)?(?:[\s.-]*\d){{7}})(?:\s*[x-]\s*(?P<service_ext>\d{{1,6}}))?"

_ANY = re.compile(
    rf"(?<![\d+])(?:{SERVICE}(?!\d)|{LAND}(?![\d:点时月年])|{MOBILE}(?!\d))"
    r"|(?P<foreign>(?:\+|(?<!\d)00)[\s(]*[1-9](?:[\s().-]*\d){6,14})(?!\d)"
)
_LOCAL = re.compile(r"(?<![\d-])(\d{7,8}|\d{4}[\s-]\d{4})(?![\d-])")
_LAST_FIGURES = re.compile(r"\s*[/、]\s*(\d{1,2})\s*")
_LOCAL_ONLY = re.compile(r"\(?[2-9]\d{2,3}[\s.-]?\d{4}\)?(?:\s*x\s*\d{1,6})?")
_GLUED = re.compile(r"(1[3-9]\d{9})[^\d]?(1[3-9]\d{9})")
_FIGURE_SIGNS, _FIGURES = "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "001234567891123456789"
# Seven figures in words or more, in groups or not; fewer may be part of a name (李四).
SPOKEN = rf"[{_FIGURE_SIGNS}](?:[\s\p{{Z}}.()（）．－—-]*[{_FIGURE_SIGNS}]){{6}}"
_SPOKEN_DIGITS = str.maketrans(_FIGURE_SIGNS, _FIGURES)
_FAX = re.compile(r"(?:传真|fax|\bf)[\s.:]*[+(\d][\d\s()-]*")
_NEIGHBOUR = re.compile(r"^\(?(?:852|853|886)\)?[\s-]*\d")
# The library also knows service numbers of other lengths there.
_LENGTHS = {852: (8,), 853: (8,), 886: (8, 9)}
_OF_A_PLACE = re.compile(r"(?<![\d+])\(?0?\d(?:[\s()-]{0,2}\d){6,9}(?!\d)")
_SCIENTIFIC = re.compile(r"^(\d)(?:\.(\d+))?e\+?0?(\d{1,2})$")
_SEQUENCES = ("01234567890123456789", "98765432109876543210")


@dataclass(frozen=True)
class PhoneReader:
    """Reads the cells that patterns over columns leave open; `placeholders` are numbers that nobody has."""

    placeholders: frozenset[str]
    #: Region of ISO 3166, its name, and a pattern for the words that name it.
    places: tuple[tuple[str, str, str], ...] = ()

    @cached_property
    def nobody(self) -> Text:
        """The placeholder numbers as an array."""
        return pa.array(sorted(self.placeholders), TEXT)

    def read(self, both: str) -> str:
        """Return phone, kind, second phone, kind and fault, joined by U+001F, of «cell U+001F rewritten cell»."""
        cell, _, lean = both.partition("\x1f")
        found = self._numbers(lean)
        found += [pair for pair in self._of_a_place(cell, found) if pair not in found]
        if not found:
            return "\x1f".join(["", "", "", "", self._fault(cell.lower().strip(" '\"=`"), lean)])
        first, second = found[0], found[1] if len(found) > 1 else ("", "")
        return "\x1f".join([*first, *second, ""])

    def _numbers(self, lean: str) -> list[tuple[str, str]]:
        mended = _written_out(lean)
        found = list(dict.fromkeys(number for match in _ANY.finditer(mended) if (number := _number(match))))
        found = [pair for pair in found if pair[0] not in self.placeholders]
        if len(found) == 1 and found[0][1].startswith("landline"):
            found += _same_area(found[0][0], _ANY.sub(" ", mended))
        return found or _lost_prefix(mended)

    def region(self, text: str) -> str | None:
        """The name of the region of V-PHONE-PLACES that a text names, else None."""
        return next((name for _, name, words in self.places if re.search(words, text, re.I)), None)

    def _of_a_place(self, cell: str, found: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Read numbers of Hong Kong, Macau or Taiwan as people there write them: 香港 2345 6789, 台湾 0912-345-678.

        Beside a number that is read already only a mobile of Taiwan is none of anything else.
        """
        for region, _, words in self.places:
            if re.search(words, cell, re.I):
                numbers = [number for text in _OF_A_PLACE.findall(cell) if (number := _local(text, region))]
                return [(number, "foreign") for number in numbers if not found or number.startswith("+8869")]
        return []

    def _fault(self, cell: str, lean: str) -> str:
        digits = re.sub(r"\D", "", lean)
        if _SCIENTIFIC.match(lean):
            return "sci_notation"
        if not digits or (re.search(r"[^\W\d_x]", lean) and len(digits) < 7):
            return "text"
        if digits in self.placeholders or is_pattern(digits) or (len(digits) < 7 and "*" not in cell):
            return "placeholder"
        return "no_area" if _LOCAL_ONLY.fullmatch(lean) else "digits"


def in_figures(text: str) -> str:
    """Return the text with figures for digits in words, one for one: 一三八 is 138."""
    return text.translate(_SPOKEN_DIGITS)


def is_pattern(digits: str) -> bool:
    """Tell whether digits are one figure repeated or a plain sequence: 11111111111, 12345678901."""
    return len(set(digits)) == 1 or any(digits in sequence for sequence in _SEQUENCES)


def digits_of(text: str) -> str:
    """Return the digits of a text."""
    return re.sub(r"\D", "", text)


def number_words(words: Iterable[object]) -> frozenset[str]:
    """Return numbers from a rule as texts, however they were written there."""
    return frozenset(str(word) for word in words)


def _number(match: re.Match[str]) -> tuple[str, str] | None:
    if match["mobile"]:
        return digits_of(match["mobile"]), "mobile"
    if match["service"]:
        return digits_of(match["service"]) + (f"-{match['service_ext']}" if match["service_ext"] else ""), "service"
    if match["foreign"]:
        return _foreign(match["foreign"])
    number = digits_of(match["number"])
    if len(number) not in (7, 8) or number[0] in "01":
        return None
    landline = f"0{match['area']}-{number}"
    return (f"{landline}-{match['ext']}", "landline_ext") if match["ext"] else (landline, "landline")


def _same_area(landline: str, rest: str) -> list[tuple[str, str]]:
    """Read the second of «0571-86012345/86012346» and of «0571-86012345/46»."""
    area, number, *extension = landline.split("-")
    last = _LAST_FIGURES.fullmatch(rest)
    if last and not extension:
        return [(f"{area}-{number[: -len(last[1])]}{last[1]}", "landline")]
    local = _LOCAL.search(rest)
    if local is None or local[1][0] in "01":
        return []
    return [(f"{area}-{digits_of(local[1])}", "landline")]


def _foreign(text: str) -> tuple[str, str] | None:
    import phonenumbers  # 20 MB of metadata: loaded when the first foreign number comes

    digits = digits_of(text)
    written = digits.removeprefix("00") if not text.startswith("+") else digits
    if written.startswith("86"):
        return None
    try:
        number = phonenumbers.parse(f"+{written}")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number) or len(set(str(number.national_number))) == 1:
        return None
    near = _LENGTHS.get(number.country_code or 0)
    if near and len(str(number.national_number)) not in near:
        return None
    if re.fullmatch(r"1[3-9]\d{9}", written) and not phonenumbers.is_valid_number(number):
        return written, "mobile"  # «+138…»: no such area in North America
    shape = phonenumbers.PhoneNumberFormat.E164
    shown = phonenumbers.format_number(number, shape)
    # A number that reads otherwise the second time (+44 (0)0 79…) is none.
    return (shown, "foreign") if phonenumbers.format_number(phonenumbers.parse(shown), shape) == shown else None


def _local(text: str, region: str) -> str | None:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    national = str(number.national_number)
    if not phonenumbers.is_possible_number(number) or len(national) not in _LENGTHS.get(number.country_code or 0, ()):
        return None
    # the area is part of a number of Taiwan, whose calls from within begin with 0
    if len(set(national)) == 1 or national[0] in "01" or (region == "TW" and digits_of(text)[0] != "0"):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def place_pattern(words: Iterable[str]) -> str:
    """Return a pattern for one of the words; one of letters a-z stands by itself."""
    return "|".join(rf"(?<![a-z]){re.escape(word)}(?![a-z])" if word.isascii() else word for word in words)


def _lost_prefix(lean: str) -> list[tuple[str, str]]:
    """Read numbers that lost their + (852 …) or, as a spreadsheet number, the zero before the area (57186012345)."""
    glued = _GLUED.fullmatch(lean)
    if glued:
        return [(number, "mobile") for number in glued.groups()]
    if _NEIGHBOUR.match(lean):
        found = _foreign("+" + lean)
        return [found] if found else []
    short = re.fullmatch(rf"\(?({_AREA})[)\s-]*([2-9]\d{{6,7}})(?:\s*[x-]\s*(\d{{1,6}}))?", lean)
    if short is None or is_pattern(short[2]) or not _is_valid_landline(short[1] + short[2]):
        return []
    number = f"0{short[1]}-{short[2]}"
    return [(f"{number}-{short[3]}", "landline_ext") if short[3] else (number, "landline")]


def _is_valid_landline(national: str) -> bool:
    import phonenumbers

    return phonenumbers.is_valid_number(phonenumbers.parse(f"+86{national}"))


def _written_out(lean: str) -> str:
    """Return the text without the fax beside a phone, and a whole scientific number as digits."""
    without_fax = _FAX.sub(" ", lean)
    return _whole_scientific(without_fax if re.search(r"\d{3}", without_fax) else lean)


def _whole_scientific(lean: str) -> str:
    """Write 1.3812345678e+10 out; where digits are gone the text stays as it is."""
    match = _SCIENTIFIC.match(lean)
    if match is None or len(match[2] or "") < int(match[3]) or set((match[2] or "")[int(match[3]) :]) - {"0"}:
        return lean
    return match[1] + match[2][: int(match[3])]
