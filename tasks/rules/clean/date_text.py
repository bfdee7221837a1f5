"""Dates that only Python can read, written anew in a form that the patterns over columns read."""

import re

from tasks.rules.clean.numerals import plain_numerals

_MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})[A-Z]*\.?"
_YEAR = r"(?P<year>(?:19|20)\d{2}|\d{2})"
_DAY = r"(?P<day>\d{1,2})(?:ST|ND|RD|TH)?(?:\s+OF(?=\s))?"
_THEN = r"[\s,].*|(?<=\d{4}):.*"
_ENGLISH = (
    re.compile(rf"(?:[A-Z]{{3,9}},?\s+)?{_DAY}[\s/-]*{_MONTH}[\s,/-]*{_YEAR}(?P<time>{_THEN})?"),
    re.compile(rf"(?:[A-Z]{{3,9}},?\s+)?{_MONTH}\s*{_DAY},?\s+{_YEAR}(?P<time>{_THEN})?"),
    # What JavaScript and Unix write: Thu Jan 15 2026 10:00:00 GMT+0800 (CST), Thu Jan 15 10:00:00 CST 2026
    re.compile(rf"[A-Z]{{3}}\s+{_MONTH}\s+{_DAY}(?P<time>\s+[\d:]+)\s+(?:[A-Z]{{3,4}}\s+)?{_YEAR}"),
    re.compile(rf"{_MONTH}[\s/-]+{_DAY}[\s/-]+(?P<year>(?:19|20)\d{{2}})(?P<time>{_THEN})?"),
    re.compile(rf"(?P<year>(?:19|20)\d{{2}})[\s/-]*{_MONTH}[\s/-]*{_DAY}(?P<time>{_THEN})?"),
    re.compile(rf"{_MONTH}[\s,]*(?P<year>(?:19|20)\d{{2}})(?P<day>)(?P<time>)"),
    re.compile(rf"(?P<year>(?:19|20)\d{{2}})\s*{_MONTH}(?P<day>)(?P<time>)"),
    re.compile(rf"{_MONTH}\s+{_DAY}(?P<year>)(?P<time>)"),
    re.compile(rf"{_DAY}[\s-]+{_MONTH}(?P<year>)(?P<time>)"),
)
_FILLERS = re.compile(r"^(?:今年|本年|本月的?)|左右|前后|大约|大概|约|\((?:CST|.*TIME|.*时间)\)$|\s*(?:CST|北京时间)$")
_INSIDE = re.compile(
    r"(?:19|20)\d{2}[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[T\s]+\d{1,2}:\d{2})?|(?<![\d年])\d{1,2}月\d{1,2}[日号]",
)
_SERIALISED = re.compile(r"^/DATE\((\d+)(?:[+-]\d{4})?\)/$")
# CST is China's own; the others are named in exports of foreign systems.
_HOURS = {"EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "BST": 1, "CET": 1, "CEST": 2,
          "JST": 9, "KST": 9, "HKT": 8, "SGT": 8}  # fmt: skip
_ABBREVIATION = re.compile(rf"(?<=[\dM])\s*\(?({'|'.join(_HOURS)})\)?$")
_REPUBLIC = re.compile(r"^民国(\d{2,3})年")  # the first year of Taiwan's calendar is 1912
_SEVERAL = re.compile(r"[\d\s:./年月日号T+~～至到-]+")
_MORE_DAYS = re.compile(r"\d[日号]?\s*(?:[、,~～至到或和及-]|--)\s*\d{1,2}[日号]")
_DATE = r"(?:19|20)?\d{2}[-/.年]\d{1,2}[-/.月]\d{1,2}[日号]?"
# Before a day, after it or until it: that day is not the one that the text says.
_BESIDE = re.compile(
    rf"(?:截至|截止|不晚于|不迟于|早于|晚于|迟于|BEFORE|AFTER|UNTIL|BY)\s*{_DATE}|{_DATE}(?:(?:之|以)[前后]|[前后](?!后))\W*$"
)
_PART_OF_DAY = "[上下]午|晚上?|早上?|[AP]M"
# Other signs between, and what stands around a date and its time, applied in this order.
_SPELLINGS = (
    (re.compile(r"^((?:19|20)?\d{2})\s*([_,·、])\s*(\d{1,2})\s*\2\s*(\d{1,2})(?!\d)"), r"\1-\3-\4"),
    (re.compile(r"^((?:19|20)\d{2})[-/.](\d{1,2})月[-/.](\d{1,2})"), r"\1-\2-\3"),
    (re.compile(r"^(\d{1,2})\s*月\s*(\d{1,2})\s*[日号],?\s*((?:19|20)\d{2}年)"), r"\3\1月\2日"),
    (re.compile(r"(?<=年)的"), ""),
    (re.compile(r"(?<=\d)。(?=\d)"), "."),
    (re.compile(r"^((?:19|20)\d{2})(?=[一二三四五六七八九十]+月)"), r"\1年"),
    (re.compile(r"^((?:19|20)\d{2})(\d{2})(\d{2})\s*(?=[上下中凌早晚])"), r"\1-\2-\3 "),
    (re.compile(rf"^({_DATE})-(?=\d{{1,2}}:\d)"), r"\1 "),
    (re.compile(rf"^({_DATE})\s*[-/|T]$"), r"\1"),
    (
        re.compile(rf"^((?:{_PART_OF_DAY})?\s*\d{{1,2}}:\d{{2}}(?::\d{{2}})?\s*(?:{_PART_OF_DAY})?)[\s,]+({_DATE})$"),
        r"\2 \1",
    ),
    # a database writes 00 for the part of a date that it does not know
    (re.compile(r"^((?:19|20)\d{2})[-/.]00[-/.]00(?:[\sT]0?0:00(?::00)?)?$"), r"\1"),
    (re.compile(r"^((?:19|20)\d{2})([-/.]\d{1,2})[-/.]00(?:[\sT]0?0:00(?::00)?)?$"), r"\1\2"),
    (re.compile(r"^((?:19|20)\d{2}[-/]\d{1,2})[-/]$"), r"\1"),
    (re.compile(r"(?<=:\d{2})\s*([+-]\d{2}:?\d{2})\s*\(?[A-Z]{3,4}\)?$"), r"\1"),  # +0000 UTC
    (re.compile(rf"^({_DATE})\s*(?:\||@|AT\s|ON\s)\s*"), r"\1 "),
    (re.compile(r"\b([AP])\.\s?M\.?"), r"\1M"),
    (re.compile(r"(?<=\s)(\d{1,2})\s?([AP]M)$"), r"\1:00 \2"),
    (re.compile(r"(?<=[\s日号]\d)H(?=\d{2}$)|(?<=[\s日号]\d{2})H(?=\d{2}$)|(?<=\s\d{2})\.(?=\d{2}$)"), ":"),
)


def rewrite(text: str) -> str:
    """Return the upper-case text in a form that the patterns read, or as it is."""
    text = _SERIALISED.sub(r"\1", _FILLERS.sub("", text).strip())
    text = _ABBREVIATION.sub(lambda match: f"{_HOURS[match[1]]:+03d}:00", text)
    for spelling, replacement in _SPELLINGS:
        text = spelling.sub(replacement, text)
    for form in _ENGLISH:
        if match := form.fullmatch(text):
            return _year_first(match)
    if re.search("[年月点]", text):
        text = text.replace("廿", "二十").replace("卅", "三十")
        text = _figures(text)
    return _REPUBLIC.sub(lambda match: f"{int(match[1]) + 1911}年", text)


def date_inside(text: str) -> str:
    """Return the only date in a sentence, or the text as it is; of several dates none is chosen."""
    if _MORE_DAYS.search(text) or _BESIDE.search(text):
        return text
    inside = list(dict.fromkeys(_INSIDE.findall(text)))
    return inside[0] if len(inside) == 1 and not _SEVERAL.fullmatch(text) else text


_AT = re.compile(r"^[\s,:]*(?:AT\s+)?")


def _year_first(match: re.Match[str]) -> str:
    month = _MONTHS.index(match["month"]) + 1
    if not match["year"]:
        return f"{month}-{match['day']}"
    year = match["year"] if len(match["year"]) == 4 else f"20{match['year']}"
    if not match["day"]:
        return f"{year}-{month}"
    return f"{year}-{month}-{match['day']} {_AT.sub('', match['time'] or '')}".strip()


def _figures(text: str) -> str:
    """Write 二〇二六年三月十五日两点 with figures; 十 before 月 or 日 is no unit of an amount."""
    return re.sub(
        r"[零〇一二两三四五六七八九十廿卅壹贰叁肆伍陆柒捌玖拾]+(?:(?=[年月日号点时分])|$)",
        lambda match: plain_numerals(match[0]),
        text,
    )
