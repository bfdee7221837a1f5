"""Who decides: the decision chain as written, and whether the contact's own position can."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from config.schema import Rules
from tasks.rules.clean.texts import Text, matches, one_of, swap
from tasks.rules.facts.words import Folded, anywhere, half_width, pick, read_once, whole

# «Manager Wang» as 王总, but neither 总监 (director) nor 总部 (head office).
_BOSS = r"\p{Han}(?:总|董)(?:$|[^监部公机承体务工裁])"
_OTHER, _YES, _UNKNOWN = range(3)


def chain_state(rows: Folded | pd.DataFrame, rules: Rules) -> pd.Series:
    """complete, partial or unknown, by the column `chain` (H1-3.3-grade).

    Complete: it names who decides and no step is still open. Unknown: blank, or «not known».
    """

    def read(texts: Text) -> Any:
        texts = half_width(texts)
        still_open = matches(texts, anywhere(rules.value("F-CHAIN-OPEN-WORDS")))
        deciding = [*rules.value("F-CHAIN-DECIDES-WORDS"), *rules.value("F-CHAIN-DECIDERS")]
        still_open |= matches(texts, _before(deciding, **rules.value("F-CHAIN-WAITS")))
        # the general manager's assistant is not the general manager
        said = swap(texts, rf"{anywhere(deciding)}的?(?:{one_of(rules.value('F-NO-DECIDER-TITLES'))})", "，")
        said = swap(said, _before(deciding, **rules.value("F-CHAIN-NOT")), "，")
        decides = matches(said, anywhere(deciding)) | matches(said, _BOSS)
        nothing = matches(texts, rf"{whole(rules.value('F-CHAIN-NONE-WORDS'))}|^[^\p{{L}}\p{{N}}]*$")
        return np.select([nothing, decides & ~still_open], [_UNKNOWN, _YES], _OTHER)

    rows = rows if isinstance(rows, Folded) else Folded(rows)
    state = read_once(rows.text("chain"), read, _UNKNOWN)
    return pick(["unknown", "complete"], [state == _UNKNOWN, state == _YES], "partial", rows.index)


def _before(deciding: Sequence[str], words: Sequence[str], gap: int, next_to: Sequence[str] = ()) -> str:
    """A pattern for one of the words, then who or what decides at most `gap` letters behind it, or right behind."""
    near = f"|{one_of(next_to)}" if next_to else ""
    return rf"(?:{anywhere(words)}[\p{{L}} ]{{0,{gap}}}{near}){anywhere(deciding)}"


def title_state(rows: Folded | pd.DataFrame, rules: Rules) -> pd.Series:
    """decider, other or unknown, by the column `title` (H1-3.2-soft)."""

    def read(texts: Text) -> Any:
        texts = half_width(texts)
        can = matches(texts, anywhere(rules.value("F-DECIDER-TITLES")))
        cannot = matches(texts, anywhere(rules.value("F-NO-DECIDER-TITLES")))
        return np.where(can & ~cannot, _YES, _OTHER)

    rows = rows if isinstance(rows, Folded) else Folded(rows)
    state = read_once(rows.text("title"), read, _UNKNOWN)
    return pick(["unknown", "decider"], [state == _UNKNOWN, state == _YES], "other", rows.index)
