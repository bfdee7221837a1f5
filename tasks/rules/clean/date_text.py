"""Dates that only Python can read, written anew in a form that the patterns over columns read."""

import re

from tasks.rules.clean.numerals import plain_numerals

_MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})[A-Z]*\.?"
_YEAR = r"(?P<year>(?:19|20)\d{2}|\d{2})"
_DAY = r"(?P<day>\d{1,2})(?:ST|ND|RD|TH)?"
_ENGLISH = (
    re.compile(rf"(?:[A-Z]{{3,9}},?\s+)?{_DAY}[\s-]*{_MONTH}[\s,-]*{_YEAR}(?P<time>[\s,].*)?"),
    re.compile(rf"(?:[A-Z]{{3,9}},?\s+)?{_MONTH}\s*{_DAY},?\s+{_YEAR}(?P<time>[\s,].*)?"),
    # What JavaScript and Unix write: Thu Jan 15 2026 10:00:00 GMT+0800 (CST), Thu Jan 15 10:00:00 CST 2026
    re.compile(rf"[A-Z]{{3}}\s+{_MONTH}\s+{_DAY}(?P<time>\s+[\d:]+)\s+(?:[A-Z]{{3,4}}\s+)?{_YEAR}"),
)
_FILLERS = re.compile(r"^(?:今年|本年|本月的?)|左右|前后|大约|大概|约|\((?:CST|.*TIME|.*时间)\)$")
_INSIDE = re.compile(
    r"(?:19|20)\d{2}[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[T\s]+\d{1,2}:\d{2})?|(?<!\d)\d{1,2}月\d{1,2}[日号]",
)


def rewrite(text: str) -> str:
    """Return the upper-case text in a form that the patterns read, or as it is."""
    text = _FILLERS.sub("", text).strip()
    for form in _ENGLISH:
        if match := form.fullmatch(text):
            year = match["year"] if len(match["year"]) == 4 else f"20{match['year']}"
            day = f"{year}-{_MONTHS.index(match['month']) + 1}-{match['day']}"
            return f"{day} {(match['time'] or '').strip(' ,')}".strip()
    if re.search("[年月]", text):
        text = _figures(text)
    inside = list(dict.fromkeys(_INSIDE.findall(text)))
    return inside[0] if len(inside) == 1 and not re.fullmatch(r"[\d\s:./年月日号T+-]+", text) else text


def _figures(text: str) -> str:
    """Write 二〇二六年三月十五日 with figures; 十 before 月 or 日 is no unit of an amount."""
    return re.sub(r"[零〇一二三四五六七八九十]+(?=[年月日号点时分])", lambda match: plain_numerals(match[0]), text)
