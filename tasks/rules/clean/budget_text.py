"""What only Python can read of a budget: numerals, 几十万, 七位数, give-or-take, amounts inside a sentence.

Every number of a cell must be accounted for, as an amount or as something else (50人, 3年, 13%税, 营收5000万); a cell
with a number left over, or with amounts that make no range, is not read at all.
"""

import re
from collections.abc import Sequence

from tasks.rules.clean.budget_words import BudgetWords
from tasks.rules.clean.numerals import figures, numeral, plain_numerals

_SCIENTIFIC = re.compile(r"\d+(?:\.\d+)?e\+?\d{1,2}")
# below nothing; a product of price and number; more or less than an amount (比去年20万略多)
_NO_AMOUNT = re.compile(
    r"不考虑|^[-负]|[*×]\d|\d[*×]|\dx\d"
    r"|[比较][^,;]{0,8}\d[\d.]*[百千万亿wk]*元?(?:的?预算)?[要还更再]?(?:略微?|稍微?)?[多少高低贵]"
)
_LEVEL = re.compile(r"([\d一二三两]*[十百千]*[万亿])(?:元)?(?:级别?|量级)|([\d一二三四五六七八九十]+)位数")
_SEVERAL = re.compile(
    r"(?<![十百千\d一二两三四五六七八九])(?P<part>[大小])?[几数](?P<tens>十|百|千)?(?:个(?=[万亿]))?(?P<unit>万|亿|千|百)?"
)
_THOUSAND_ODD = re.compile(r"([一二两三四五六七八九十百千\d]*[千百十])(?=[多余来](?:万|亿))")
_FIGURE = "一二两三四五六七八九"
# What people say, applied in this order.
_SPOKEN: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"千万(?=别|不|勿|要)"), ""),  # «by all means», no ten million
    (re.compile(r"(?<=\d),(?=\d{4}(?!\d))"), ""),  # 10,0000
    (re.compile(r"^(?:单位|预算|金额)*([万千]元?|亿元?)(\d[\d.~-]*)$"), r"\2\1"),  # 万元100
    (
        re.compile(
            r"^(?=(?:千?[万亿]|[千百](?=元))元?(?:以|之|左右|上下|起))|(?<=^[上过近超约])(?=千?[万亿](?:元|以|之|左右|$))"
        ),
        "1",
    ),  # 上万
    (re.compile(r"(?<=\d)w(?=\d{1,4}(?![\d.w万]))"), "万"),  # 1w5
    (re.compile(r"(?<=[十百千])把(?=万)"), "来"),  # 百把万
    (re.compile(rf"(?<![{_FIGURE}十百千\d])([百千万])把(?=个?[元块]|$)"), r"1\1"),  # 万把块
    (re.compile(r"半个?(?=[百千]?[万亿])"), "0.5"),
    (re.compile("廿"), "二十"),
    (re.compile("卅"), "三十"),
    (re.compile(rf"(?<![{_FIGURE}十\d])百八十(?=[万元块]|$)"), "80-100"),  # somewhat below the round number
    (re.compile(rf"(?<![{_FIGURE}十\d])千八百(?=[万元块]|$)"), "800-1000"),
    (re.compile(rf"([{_FIGURE}])[、,](?=[{_FIGURE}][十百千万])"), r"\1"),  # 三、四十万
    (re.compile(rf"(?<=[万亿])(?=[{_FIGURE}十百千\d.]+[万亿])(?<!亿)"), "~"),  # 二十万三十万, but 1亿2千万
)
_ASIDE = "#"  # left where a number stood: no range goes across it
_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_YEAR = re.compile(r"(?:fy)?(?<!\d)(?:20[1-4]\d|[2-4]\d)年(?:度|内|底|初|的)?|(?<!\d)20[1-4]\d(?=预算)|fy\d{2,4}")
_DATE = re.compile(r"20[1-4]\d[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)|(?<!\d)\d{1,2}/\d{1,2}(?=之?前)")
_QUARTER = re.compile(r"(?<![a-z])[qh][1-4](?!\d)")
_TAX = re.compile(r"\d+(?:\.\d+)?[%个]?点?(?:增值)?(?:税点?|专票|发票)")
_SHARE = re.compile(r"(?:±|\+/?-|浮动|加减|正负)(\d+(?:\.\d+)?)%")
_PERCENT = re.compile(r"\d+(?:\.\d+)?(?:-\d+(?:\.\d+)?)?(?:%|个点)")
_GIVE_OR_TAKE = re.compile(r"[,、]?(?:上下)?(?:±|\+/?-|浮动|加减|正负|上下)")
_BETWEEN = re.compile(r"(?:\+(?=[-~到至])|,)?可?(?:[-~到至或者和与]|or|to|and|上浮到)*")
_SIDE_BY_SIDE = re.compile(r"[,、/]")


def rewrite(text: str, words: BudgetWords) -> str:
    """Return the text in a form that the grammar reads, or as it is."""
    if _NO_AMOUNT.search(text) or words.price.search(text):
        return text
    if _SCIENTIFIC.fullmatch(text):
        return figures(float(text)) if float(text) < 1e15 else text
    written = _in_figures(_alone(text, words))
    if words.plain.match(re.sub(words.fillers, r"\1", written)) and not words.glued.search(written):
        return written
    return _said(written, words) or text


def _in_figures(text: str) -> str:
    for pattern, replacement in _SPOKEN:
        text = pattern.sub(replacement, text)
    text = _SEVERAL.sub(_several, _THOUSAND_ODD.sub(_whole_number, _LEVEL.sub(_level, text)))
    return plain_numerals(text)


def _alone(text: str, words: BudgetWords) -> str:
    """Return the text without numbers that are no money, and without money that is no budget."""
    for pattern in (_PHONE, _DATE, _YEAR, _QUARTER, _TAX, words.counted, words.other_money):
        text = pattern.sub(_ASIDE, text)
    return text.strip(_ASIDE + " ")


def _said(text: str, words: BudgetWords) -> str | None:
    """Return the one amount or the one range of a sentence as the grammar reads it."""
    share = _SHARE.search(text)
    text = _PERCENT.sub(_ASIDE, text[: share.start()] + text[share.end() :] if share else text)
    found = list(words.number.finditer(text))
    if not found or len(found) > 3:
        return None
    gaps = _gaps(text, found)
    if len(found) == 3:
        return _limited(found, gaps, words)
    if len(found) == 2:
        return _two(found, gaps, words)
    (number,) = found
    if not (number["unit"] or words.with_currency(text, number)):
        return None
    if share:
        return _around(number[0], float(share[1]) / 100, words)
    return words.bound(gaps[0], gaps[1]) + number[0]


def _gaps(text: str, found: Sequence[re.Match[str]]) -> list[str]:
    ends = [0, *(match.end() for match in found)]
    starts = [*(match.start() for match in found), len(text)]
    return [text[end:start] for end, start in zip(ends, starts, strict=True)]


def _two(found: Sequence[re.Match[str]], gaps: Sequence[str], words: BudgetWords) -> str | None:
    first, second = found
    before, between, after = gaps
    low, high = (words.yuan(match["figure"], match["unit"] or second["unit"]) for match in found)
    if _GIVE_OR_TAKE.fullmatch(between) and high < low:
        return f"{figures(low - high)}-{figures(low + high)}元"
    plain = re.sub(words.fillers, r"\1", between)
    if _SIDE_BY_SIDE.fullmatch(plain) and not first["unit"] and (plain == "," or high > 10 * low):
        return None  # a list's number, a comma for a point
    if _BETWEEN.fullmatch(plain) or _SIDE_BY_SIDE.fullmatch(plain):
        # no word for «to» stands where one amount ends and a lower one begins
        rising = low < high or (plain and first["unit"])
        limit = words.bound("", after)
        return f"{first[0].replace('+', '')}-{second[0]}{'以上' if limit == '≥' else ''}" if rising else None
    head = re.split(r"[\s,;、]", between, maxsplit=1)[0]
    first_bound = words.bound(before, "") or words.bound("", head)
    second_bound = words.bound("", after) or words.bound(between, "")
    if second_bound == "≤" and first_bound != "≤" and second["unit"] and low <= high:
        return f"{figures(low)}-{figures(high)}元"
    return None


def _limited(found: Sequence[re.Match[str]], gaps: Sequence[str], words: BudgetWords) -> str | None:
    """Return a range with a limit over it (20-30万，最多不超过35万) from its lower end to the limit."""
    low, high, limit = (words.yuan(match["figure"], match["unit"] or found[1]["unit"]) for match in found)
    is_limit = "≤" in (words.bound(gaps[2], ""), words.bound("", gaps[3])) and found[2]["unit"]
    if is_limit and re.fullmatch("[-~到至]", gaps[1]) and low < high <= limit:
        return f"{figures(low)}-{figures(limit)}元"
    return None


def _around(amount: str, share: float, words: BudgetWords) -> str | None:
    match = words.number.fullmatch(amount)
    yuan = words.yuan(match["figure"], match["unit"]) if match else 0.0
    return f"{figures(yuan * (1 - share))}-{figures(yuan * (1 + share))}元" if 0 < share < 1 else None


def _level(match: re.Match[str]) -> str:
    """Write «百万级» as 1000000-10000000元, and «七位数» alike."""
    value = numeral(match[1] or match[2])
    if value is None or value <= 0 or (match[2] and not 3 <= value <= 10):
        return match[0]
    low = 10.0 ** (value - 1) if match[2] else value
    return f"{figures(low)}-{figures(low * 10)}元"


def _whole_number(match: re.Match[str]) -> str:
    """Write the 一千 of «一千多万» with figures: its 千 is no unit there."""
    value = numeral(match[1])
    return match[0] if value is None else figures(value)


def _several(match: re.Match[str]) -> str:
    """Write «几十万» as 10-100万, «小几十万» as its lower half and «大几十万» as its upper one."""
    low = numeral(match["tens"]) if match["tens"] else 1.0
    if not low or not (match["tens"] or match["unit"]):
        return match[0]
    ends = {"小": (low, low * 5), "大": (low * 5, low * 10)}.get(match["part"] or "", (low, low * 10))
    return "-".join(map(figures, ends)) + (match["unit"] or "")
