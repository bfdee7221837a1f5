"""Whether a need names something: it is vague when nothing is left of it without the empty words."""

import re
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from config.schema import Rules
from tasks.rules.clean.texts import PATTERNS, Mask, Text, matches, one_of, stated, swap
from tasks.rules.facts.junk import test_pattern
from tasks.rules.facts.words import Folded, pick, read_once, whole

_CLEAR, _VAGUE, _NONE = range(3)
# A link says nothing, whatever letters it has.
_LINK = r"https?://\S*"


def need_state(rows: Folded | pd.DataFrame, rules: Rules) -> pd.Series:
    """clear, vague or none, by the column `need` (H1-3.2-hard; F-NEED-EMPTY-WORDS)."""
    rows = rows if isinstance(rows, Folded) else Folded(rows)
    needs = rows.text("need")
    state = read_once(needs, lambda texts: _states(texts, rules), _NONE)
    return pick(["none", "vague"], [(state == _NONE) | ~stated(needs), state == _VAGUE], "clear", rows.index)


def _states(texts: Text, rules: Rules) -> Any:
    states = np.full(len(texts), _CLEAR, dtype=np.int8)
    # Most needs have letters that no empty word has; only the others need the slow look.
    near = np.flatnonzero(~matches(texts, _telling_pattern(rules)))
    part = texts.take(pa.array(near))
    states[near[_is_vague(part, rules)]] = _VAGUE
    states[near[matches(part, whole(rules.value("F-NEED-NONE-WORDS")))]] = _NONE
    return states


def _is_vague(texts: Text, rules: Rules) -> Mask:
    left = swap(texts, _empty_pattern(rules.value("F-NEED-EMPTY-WORDS")), "")
    short = np.asarray(pc.less(pc.utf8_length(left), int(rules.value("F-NEED-LETTERS"))))
    return short | matches(texts, test_pattern(rules))


def _empty_pattern(words: dict[str, tuple[str, ...]]) -> str:
    # A count of people says how big the customer is, not what he needs; then whatever is no letter.
    parts = [_LINK, one_of(words["phrases"]), r"\d+\s*人", one_of(words["letters"])]
    return rf"{'|'.join(parts)}|\b(?:{one_of(words['english'])})\b|[^\p{{L}}]+"


def _telling_pattern(rules: Rules) -> str:
    """A text with this many letters that no word of the lists has is clear; the contrary says nothing."""
    empty, test = rules.value("F-NEED-EMPTY-WORDS"), rules.value("F-TEST-WORDS")
    words = [*empty["phrases"], *empty["letters"], *test["words"], *test["beside"], *rules.value("F-NEED-NONE-WORDS")]
    return _telling(tuple(words), int(rules.value("F-NEED-LETTERS")))


@lru_cache(PATTERNS)
def _telling(words: tuple[str, ...], count: int) -> str:
    letters = "".join(sorted({letter for letter in "".join(words) if not letter.isascii()} | {"人"}))
    # Only Chinese letters: those of a link or of an English word prove nothing.
    telling = rf"[^\x00-\x{{2fff}}\P{{L}}{re.escape(letters)}]"
    return rf"{telling}(?:[\s\S]*{telling}){{{max(count - 1, 0)}}}"
