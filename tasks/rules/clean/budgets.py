"""Budgets in every written form to lowest and highest yuan (H2-1-quality: a range or «to be confirmed»).

One grammar, read by RE2 over the distinct texts: bound, number, unit, «to» number, unit, bound. What does not fit
(Chinese numerals, 几十万, 百万级, words around the amount) is rewritten once per distinct text and read again.
A single amount is both ends; «at most» and «at least» leave the other end open; undecided is unknown.
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tasks.rules.clean.budget_text import rewrite
from tasks.rules.clean.budget_words import BudgetWords
from tasks.rules.clean.texts import (
    SIGNS,
    TEXT,
    Mask,
    Text,
    choose,
    flat,
    half_width,
    holding,
    mapped,
    mask_of,
    matches,
    numbers,
    parts,
    placed,
    spread,
    stated,
    swap,
    without_numbering,
    worded,
)  # fmt: skip

Yuan: TypeAlias = npt.NDArray[np.float64]
_THOUSANDS = (r"(\d),(\d{3})(?:,(\d{3}))?(?:,(\d{3}))?(\D|$)", r"\1\2\3\4\5")
_LEAN = (
    # an interval with its unit behind the bracket: [50,100]万 is no 50,100万
    (r"^[\[(]\s*(\d[\d.]*)\s*[,~-]\s*(\d[\d.]*)\s*[\])]\s*((?:[百千]?万|亿|[kw千])元?)$", r"\1-\2\3"),
    # «1 200 000元» is one number, «20 30万» are two
    (r"(^|[^\d\s]\s*)(\d{1,3})\s(\d{3})(?:\s(\d{3}))?(\s*元|\s*$)", r"\1\2\3\4\5"),
    (r"(\d)[\s\p{Z}]+(\d)", r"\1~\2"),
    (r"[\s\p{Z}'\"`=]+", ""),
    (r"[〜∼→⇒]|\.{2,}|-+>", "~"),
    (r"(\d)。(\d)", r"\1.\2"),
    (r"(\d):(\d)", r"\1#\2"),  # a share or a time of day
    (r"([a-z])\.", r"\1"),  # approx. 200k
    _THOUSANDS,
    _THOUSANDS,  # «300,000-500,000»: a match takes the character after it along
    (r"(\d)\.0+(\D|$)", r"\1\2"),
    (r"[(\[](?:单位:?)?((?:百|千|万|亿|[kw])?元?)[)\]]", r"\1"),  # «100-200(万元)» says its unit in brackets
    (r"\([^()]*(\+/?-|±)([^()]*)\)", r"\1\2"),  # 20万(±10%)
    (r"^([^\d一二三四五六七八九十百千万亿几()]*)\(([^()]*\d[^()]*)\)$", r"\1,\2"),  # «待定(20万左右)»
    (r"^\[([^\[\],]+),([^\[\],]+)\]$", r"\1-\2"),
)
# Signs that a rewriting looks for: all but letters, figures, + < % * / and a dash.
_ODD = SIGNS & ~np.isin(np.arange(256), [ord(sign) for sign in "+<%*/-"])
_NOTES = (r"\([^()]*\)|[:。!?;\[\]]+|^~+", "")
_DATE_OR_CODE = r"^0\d|^20[1-3]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$"
_NUMBERED_NOTES = r"\([^()]*\d[^()]*\)"


def read_budgets(values: Text, words: BudgetWords) -> dict[str, Any]:
    """Return budget_min, budget_max (yuan; NaN = open or unknown) and budget_state for a column of cells."""
    found = spread(values, lambda texts: _read(texts, words))
    found["budget_state"] = choose(stated(values), flat(found["budget_state"]), "blank")
    return found


def _read(texts: Text, words: BudgetWords) -> dict[str, Any]:
    lean, noted = _lean(texts)
    # «5万(美元)» is foreign, «20万(约3万美元)» is not.
    foreign = matches(noted, words.foreign)
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


def _lean(texts: Text) -> tuple[Text, Text]:
    """Return the texts without needless signs, and the same with the notes in brackets that hold no number."""
    lean = pc.utf8_lower(half_width(without_numbering(texts)))
    odd = holding(lean, _ODD)
    part = lean.filter(pa.array(odd))
    for pattern, replacement in _LEAN:
        part = swap(part, pattern, replacement)
    noted = placed(lean, odd, swap(part, _NUMBERED_NOTES, ""))
    return placed(lean, odd, swap(part, *_NOTES)), noted


def _groups(lean: Text, words: BudgetWords) -> dict[str, Text]:
    bare = swap(lean, words.fillers, r"\1")
    # What stands between two numbers is no filler: 2024年预算20万 is no 202420万.
    glued = mask_of(pc.not_equal(bare, lean)) & ~matches(lean, r"^\D*[\d.]+\D*$")
    glued[glued] = matches(lean.filter(pa.array(glued)), words.glued.pattern)
    bare = choose(glued, None, bare) if glued.any() else bare
    groups = parts(bare, words.amounts)
    rest = stated(bare) & ~stated(groups["low"])
    bounded = parts(bare.filter(pa.array(rest)), words.grammar)
    return {name: placed(groups[name], rest, bounded[name]) for name in groups}


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
    at_least = (_bound(groups, words.at_least) | (matches(groups["low_vague"], r"\+") & single)) & ~at_most
    return np.where(at_most, np.nan, first), np.where(at_least, np.nan, second)


def _beyond_belief(lean: Text, groups: dict[str, Text], low: Yuan, high: Yuan, words: BudgetWords) -> Mask:
    """Tell where a number has no unit and is no yuan (20-30, a year, a date, a phone), or is too large to be money."""
    least = np.fmin(np.nan_to_num(low), np.nan_to_num(high))
    most = np.fmax(np.nan_to_num(low), np.nan_to_num(high))
    bare = ~stated(groups["low_unit"]) & ~stated(groups["high_unit"]) & ~matches(lean, words.currency)
    first, last = words.years
    year = ((least >= first) & (least <= last)) | ((most >= first) & (most <= last))
    phone = (least > 0) & (most / words.apart > least)
    low_bare = (least > 0) & (least < words.bare_from)  # 几十, 4-5
    other = (most < words.bare_from) | low_bare | year | phone | matches(lean, _DATE_OR_CODE)
    return (bare & other) | (most >= words.below)


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
