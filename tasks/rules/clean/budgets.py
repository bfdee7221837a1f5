"""Budgets in every written form to lowest and highest yuan (H2-1-quality: a range or «to be confirmed»).

One grammar, read by RE2 over the distinct texts: bound, number, unit, «to» number, unit, bound. What does not fit
(Chinese numerals, 几十万, 百万级, words around the amount) is rewritten once per distinct text and read again.
A single amount is both ends; «at most» and «at least» leave the other end open; undecided is unknown.
"""

import re
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tasks.rules.clean.budget_words import BudgetWords
from tasks.rules.clean.numerals import figures, numeral, plain_numerals
from tasks.rules.clean.texts import (
    TEXT,
    Mask,
    Text,
    choose,
    flat,
    half_width,
    mapped,
    mask_of,
    matches,
    numbers,
    parts,
    placed,
    spread,
    stated,
    swap,
    worded,
)  # fmt: skip

Yuan: TypeAlias = npt.NDArray[np.float64]
_THOUSANDS = (r"(\d),(\d{3})(?:,(\d{3}))?(?:,(\d{3}))?(\D|$)", r"\1\2\3\4\5")
_LEAN = (
    (r"[\s\p{Z}'\"`=]+", ""),
    (r"[〜∼]", "~"),
    (r"(\d)。(\d)", r"\1.\2"),
    _THOUSANDS,
    _THOUSANDS,  # «300,000-500,000»: a match takes the character after it along
    (r"(\d)\.0+(\D|$)", r"\1\2"),
    (r"[(\[](?:单位:?)?((?:百|千|万|亿|[kw])?元?)[)\]]", r"\1"),  # «100-200(万元)» says its unit in brackets
    (r"^\[([^\[\],]+),([^\[\],]+)\]$", r"\1-\2"),
    (r"\([^()]*\)|[:。!?;\[\]]+|^~+", ""),
)


def read_budgets(values: Text, words: BudgetWords) -> dict[str, Any]:
    """Return budget_min, budget_max (yuan; NaN = open or unknown) and budget_state for a column of cells."""
    found = spread(values, lambda texts: _read(texts, words))
    found["budget_state"] = choose(stated(values), flat(found["budget_state"]), "blank")
    return found


def _read(texts: Text, words: BudgetWords) -> dict[str, Any]:
    lean = _lean(texts)
    foreign = matches(lean, words.foreign)
    groups = _groups(lean, words)
    rest = ~stated(groups["low"]) & ~foreign
    if rest.any():
        unread = lean.filter(pa.array(rest))
        written = mapped(unread, lambda text: rewrite(text, words))
        changed = mask_of(pc.not_equal(written, unread))
        rest[rest] = changed
        again = _groups(written.filter(pa.array(changed)), words)
        groups = {name: placed(groups[name], rest, again[name]) for name in groups}
    low, high = _ends(groups, words)
    # A zero is what a form sends when nobody chose, never a budget.
    zero = ~foreign & (np.fmax(np.nan_to_num(low), np.nan_to_num(high)) <= 0) & stated(groups["low"])
    unread = zero | foreign | ~stated(groups["low"]) | _beyond_belief(lean, groups, low, high, words)
    low[unread], high[unread] = np.nan, np.nan
    undecided = zero | (unread & ~foreign & (matches(lean, words.unknown) | ~worded(lean)))
    state = choose(unread, "bad", choose(np.isnan(low) | np.isnan(high), "open", "stated"))
    return {"budget_min": low, "budget_max": high, "budget_state": choose(undecided, "unknown", state)}


def _lean(texts: Text) -> Text:
    lean = pc.utf8_lower(half_width(texts))
    for pattern, replacement in _LEAN:
        lean = swap(lean, pattern, replacement)
    return lean


def _groups(lean: Text, words: BudgetWords) -> dict[str, Text]:
    return parts(swap(lean, words.fillers, r"\1"), words.grammar)


def _ends(groups: dict[str, Text], words: BudgetWords) -> tuple[Yuan, Yuan]:
    low, high = numbers(groups["low"]), numbers(groups["high"])
    low_unit, high_unit = _factor(groups["low_unit"], words), _factor(groups["high_unit"], words)
    single, bare_low, bare_high = np.isnan(high), np.isnan(low_unit), np.isnan(high_unit)
    low_yuan, high_yuan = low * np.nan_to_num(low_unit, nan=1.0), high * np.nan_to_num(high_unit, nan=1.0)
    # «20-30万» shares its unit, «5000-1万» does not; «10万-20» takes the unit of the first.
    shares = ~single & bare_low & ~bare_high & ((low * high_unit <= high_yuan) | (low < 1000))
    first = np.where(shares, low * high_unit, low_yuan)
    second = np.where(bare_high & ~bare_low & (high < first), high * low_unit, high_yuan)
    second = np.where(single, _reach(groups, low, first), second)
    first, second = np.fmin(first, second), np.fmax(first, second)
    # «10-20万以内» still says where it begins.
    at_most = _bound(groups, words.at_most) & single
    at_least = (_bound(groups, words.at_least) | matches(groups["low_vague"], r"\+")) & ~at_most
    return np.where(at_most, np.nan, first), np.where(at_least, np.nan, second)


def _beyond_belief(lean: Text, groups: dict[str, Text], low: Yuan, high: Yuan, words: BudgetWords) -> Mask:
    """Tell where a number has no unit and is too small to be yuan (20-30), or is too large to be money."""
    most = np.fmax(np.nan_to_num(low), np.nan_to_num(high))
    bare = ~stated(groups["low_unit"]) & ~stated(groups["high_unit"])
    return (bare & (most < words.bare_from) & ~matches(lean, words.currency)) | (most >= words.below)


def _bound(groups: dict[str, Text], words: str) -> Mask:
    return matches(groups["before"], rf"^(?:{words})$") | matches(groups["after"], rf"^(?:{words})$")


def _reach(groups: dict[str, Text], low: Yuan, first: Yuan) -> Yuan:
    """Return the upper end of one amount: «20多万» reaches 30万, «十几万» 20万, a plain one itself."""
    more = matches(groups["low_vague"], "多|余|几") | matches(groups["after"], "^(?:多|余)$")
    step = np.ones_like(low)
    with np.errstate(invalid="ignore"):  # four hundred nines are infinite
        for power in (10.0, 100.0, 1000.0, 10000.0):
            step = np.where(np.mod(low, power) == 0, power, step)
    return np.where(more & (low > 0), first * (1 + step / np.where(low > 0, low, 1.0)), first)


def _factor(units: Text, words: BudgetWords) -> Yuan:
    known = pa.array(list(words.units), TEXT)
    factors = np.array([*words.units.values(), np.nan])
    places = pc.fill_null(pc.index_in(units, value_set=known), len(known)).to_numpy(zero_copy_only=False)
    return factors[np.asarray(places, dtype=np.int64)]


_SCIENTIFIC = re.compile(r"\d+(?:\.\d+)?e\+?\d{1,2}")
_LEVEL = re.compile(r"([\d一二三两]*[十百千]*[万亿])(?:元)?级别?")
_SEVERAL = re.compile(r"(?<![十百千\d一二两三四五六七八九])[几数](十|百|千)?(万|亿|千|百)?")
_PERIOD = re.compile(r"(?:/|每)(?:月|天|日|周|季|人|台|套|点|次|小时)|一(?:台|套|点|人|次|月|天)$")
_THOUSAND_ODD = re.compile(r"([一二两三四五六七八九十百千\d]*[千百十])(?=[多余来](?:万|亿))")
_BOUNDED = r"^(?:{0})|(?:{0})$"
# What people say, applied in this order.
_SPOKEN: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<=\d),(?=\d{4}(?!\d))"), ""),  # 10,0000
    (re.compile(r"^(?:单位)?([万千]元?|亿元?)(\d[\d.~-]*)$"), r"\2\1"),  # 万元100
    (re.compile(r"^(?=[万亿]元?(?:以|之|左右|上下|起))|(?<=^[上过近超约])(?=[万亿](?:元|以|之|左右|$))"), "1"),  # 上万
    (re.compile(r"(?<=\d)w(?=\d{1,4}$)"), "万"),  # 1w5
    (re.compile(r"(?<=[十百千])把(?=万)"), "来"),  # 百把万
)


def rewrite(text: str, words: BudgetWords) -> str:
    """Return the text in a form that the grammar reads, or as it is."""
    if text.startswith("-") or _PERIOD.search(text):  # no amount, or a price
        return text
    if _SCIENTIFIC.fullmatch(text):
        return figures(float(text)) if float(text) < 1e15 else text
    level = _LEVEL.search(text)
    if level and (value := numeral(level[1])):
        return f"{figures(value)}-{figures(value * 10)}"
    for pattern, replacement in _SPOKEN:
        text = pattern.sub(replacement, text)
    text = plain_numerals(_SEVERAL.sub(_several, _THOUSAND_ODD.sub(_whole_number, text)))
    if re.match(words.grammar, re.sub(words.fillers, r"\1", text)):
        return text
    with_unit = re.compile(rf"\d[来多余几+]?(?:{words.unit})")
    found = [match[0] for match in words.amount.finditer(text) if with_unit.search(match[0])]
    at_most = re.compile(_BOUNDED.format(words.at_most))
    if len(found) == 2 and not at_most.search(found[0]) and at_most.search(found[1]):
        bare = [re.search(rf"\d[\d.]*(?:{words.unit})?", amount) for amount in found]
        return "-".join(match[0] for match in bare if match)
    return found[0] if len(found) == 1 else text


def _whole_number(match: re.Match[str]) -> str:
    """Write the 一千 of «一千多万» with figures: its 千 is no unit there."""
    value = numeral(match[1])
    return match[0] if value is None else figures(value)


def _several(match: re.Match[str]) -> str:
    """Write «几十万» as 10-100万."""
    low = numeral(match[1]) if match[1] else 1.0
    return f"{figures(low)}-{figures(low * 10)}{match[2] or ''}" if low and (match[1] or match[2]) else match[0]
