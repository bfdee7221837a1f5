"""Spans of days, months and quarters, read as far as all their days agree: 2024/3/1~3/5 is 2024-03.

Nothing is chosen from a span: neither its beginning nor its end is the day that the text says.
"""

import re
from collections.abc import Callable
from datetime import date

_CLOCK = r"(?:[T\s]+\d{1,2}:\d{2}(?::\d{2})?)?"
_WEEKDAY = r"(?:\s*\(?(?:周|星期|礼拜)[一二三四五六日天]\)?)?"
_AFTER = rf"[日号]?{_WEEKDAY}{_CLOCK}\s*"
_TO = r"\s*(?:-{1,2}|~{1,2}|至|到|或者?|和|及|与|、|,|→|->|TO|AND|OR|&)\s*"
# a slash also stands inside of a date, so as a sign between two dates it wants spaces or 月 and 日
_TO_OR_SLASH = rf"(?:{_TO}|\s+/\s+|(?<=[日号])\s*/\s*)"
# more days of the list: 3月1日、2日、3日
_MORE = rf"{_TO}(?:\d{{1,2}}[日号]?{_TO})*"
_YEAR = r"(?P<y>(?:19|20)\d\d)"
_YEAR_2 = r"(?P<y2>(?:19|20)\d\d)"
_FROM_TO = re.compile(r"^(?:自|从|FROM\s)\s*|(?:之间|期间|展会?|的)$")
# what stands around it: 展会（2024.3.1-3.5）
_AROUND = re.compile(r"^[\u4e00-\u9fff:(\s]+(?=(?:19|20)?\d{2}[-/.年]|\d{1,2}月)|\)$")
_YEAR_OF = r"(?P<y>(?:19|20)\d\d|[23]\d(?=年|\s*Q))年?\s*"
# Feasts that lie in their year with the days around them: 2024年元旦前 is 2023. So do the weeks but the first and last.
_FEAST = (
    r"(?:春节|清明|五一|劳动节|端午|中秋|国庆|十一|双十一|双11|618)节?(?:期间|假期|前后|前|后)?|元旦(?:期间|假期|后)?"
)
_WEEK = r"第(?:[2-9]|[1-4]\d|5[01])周|-?W(?:0?[2-9]|[1-4]\d|5[01])"
_PART_OF_YEAR = (
    r"(?:第?[一二三四1-4](?:个)?季度?|Q\s?[1-4]|[1-4]Q|H[12]|[上下]半年|[春夏秋冬][季天]?|年?[初中底末]|前后"
    rf"|{_FEAST}|{_WEEK})"
)

_NAMES = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
_NAME = rf"({'|'.join(_NAMES)})[A-Z]*\.?"
_DAY = r"(\d{1,2})(?:ST|ND|RD|TH)?"
_ENGLISH_TO = r"\s*(?:-|~|TO|AND|&)\s*"
# English and compact forms -> year, month, day, last month, last day by the number of the group, 0: none
_REWRITTEN: tuple[tuple[re.Pattern[str], tuple[int, int, int, int, int]], ...] = (
    (re.compile(rf"{_NAME}\s*{_DAY}{_ENGLISH_TO}{_DAY}[\s,]+(20\d\d)"), (4, 1, 2, 0, 3)),
    (re.compile(rf"{_DAY}{_ENGLISH_TO}{_DAY}\s+{_NAME}[\s,]+(20\d\d)"), (4, 3, 1, 0, 2)),
    (re.compile(rf"{_NAME}\s*{_DAY}{_ENGLISH_TO}{_NAME}\s*{_DAY}[\s,]+(20\d\d)"), (5, 1, 2, 3, 4)),
    (re.compile(rf"{_DAY}\s+{_NAME}{_ENGLISH_TO}{_DAY}\s+{_NAME}[\s,]+(20\d\d)"), (5, 2, 1, 4, 3)),
)
_COMPACT = re.compile(r"(20\d\d)(0[1-9]|1[0-2])([0-3]\d)")
_INTERVAL = re.compile(r"^((?:19|20)\d\d-\d\d-\d\d)/(?=(?:19|20)\d\d-\d\d-\d\d$)")  # as ISO 8601 writes it
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(form), kind)
    for form, kind in (
        (
            rf"{_YEAR}[-/.年]\s*(?P<m>\d{{1,2}})[-/.月]\s*(?P<d>\d{{1,2}}){_AFTER}{_TO_OR_SLASH}"
            rf"(?:{_YEAR_2}[-/.年])?\s*(?P<m2>\d{{1,2}})[-/.月]\s*(?P<d2>\d{{1,2}}){_AFTER}",
            "days",
        ),
        (
            rf"{_YEAR}[-/.年]\s*(?P<m>\d{{1,2}})[-/.月]\s*(?P<d>\d{{1,2}}){_AFTER}{_MORE}(?P<d2>\d{{1,2}}){_AFTER}",
            "days",
        ),
        (
            rf"(?P<y>)(?P<m>\d{{1,2}})月\s*(?P<d>\d{{1,2}}){_AFTER}{_TO_OR_SLASH}(?P<m2>\d{{1,2}})月\s*"
            rf"(?P<d2>\d{{1,2}}){_AFTER}",
            "days",
        ),
        (rf"(?P<y>)(?P<m>\d{{1,2}})月\s*(?P<d>\d{{1,2}}){_AFTER}{_MORE}(?P<d2>\d{{1,2}}){_AFTER}", "days"),
        (r"(?P<y>)(?P<m>\d{1,2})/(?P<d>\d{1,2})\s*(?:-|~|至|到)\s*(?P<m2>\d{1,2})/(?P<d2>\d{1,2})", "days"),
        (
            rf"{_YEAR}[-/.年]\s*(?P<m>\d{{1,2}})月?\s*(?:~|至|到|-(?=\d{{1,2}}月|(?:19|20)\d\d)|、|和|或)\s*"
            rf"(?:{_YEAR_2}[-/.年])?\s*(?P<m2>\d{{1,2}})月?份?",
            "months",
        ),
        (rf"{_YEAR_OF}(?:的\s*)?[-/ ]?\s*{_PART_OF_YEAR}(?:{_TO}{_PART_OF_YEAR})?", "year"),
        (rf"(?:{_PART_OF_YEAR}|第?[一二三四1-4]季度)[\s,/-]*(?:OF\s)?(?P<y>(?:19|20)\d\d)年?", "year"),
    )
)


def span_inside(text: str, rewrite: Callable[[str], str]) -> str:
    """Return what all days of a span agree on (2024-03, 2024, --03), or the upper-case text as it is.

    rewrite: writes Chinese numerals and English months in figures.
    """
    bare = _AROUND.sub("", text)
    rewritten = (_FROM_TO.sub("", rewrite(one)).strip() for one in (bare, text))
    writings = (_in_figures(bare), *(_FROM_TO.sub("", one).strip() for one in (bare, text)), *rewritten)
    for written in dict.fromkeys(writings):
        for form, kind in _FORMS:
            match = form.fullmatch(written)
            if match and (found := _shared(match.groupdict(), kind)):
                return found
    return text


def _in_figures(text: str) -> str:
    """Write March 1-3, 2024 and 20240301-20240303 with the signs of the patterns."""
    for form, places in _REWRITTEN:
        if match := form.fullmatch(text):
            year, month, day, last_month, last_day = (match[place] if place else "" for place in places)
            last = f"{_NAMES.index(last_month) + 1}-" if last_month else ""
            return f"{year}-{_NAMES.index(month) + 1}-{day}~{last}{last_day}"
    return _INTERVAL.sub(r"\1~", _COMPACT.sub(r"\1-\2-\3", text))


def _shared(parts: dict[str, str | None], kind: str) -> str | None:
    """What both ends say, the larger part first; None for ends that are no days or stand in the wrong order."""
    year = int(parts["y"] or 0) or None
    if year is not None and year < 100:
        year += 2000
    if kind == "year":
        return f"{year}"
    last_year = int(parts.get("y2") or 0) or year
    month = int(parts["m"] or 0)
    last_month = int(parts.get("m2") or month)
    try:
        first = date(year or 2000, month, int(parts.get("d") or 1))
        last = date(last_year or 2000, last_month, int(parts.get("d2") or 1))
    except ValueError:
        return None
    if last < first:
        return None
    if (year, month) == (last_year, last_month):
        if first == last and kind == "days":
            return f"{first:%Y-%m-%d}" if year else f"--{first:%m-%d}"
        return f"{first:%Y-%m}" if year else f"--{month:02d}"
    return f"{year}" if year is not None and year == last_year else None
