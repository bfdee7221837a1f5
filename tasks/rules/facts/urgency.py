"""How soon the customer wants to decide, by handbook's time words; days count from the stated contact day.

Order: words of no plan, words of a time frame, a time limit, urgent words, then 高 and 中 as they were
understood; what the field `urgency` leaves open the need may say (两周内选定供应商).
"""

from collections.abc import Callable, Mapping
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from config.schema import Rules
from tasks.rules.clean.texts import Mask, Text, choose, flat, matches, one_of, parts, put, stated, swap
from tasks.rules.facts.deadlines import LIMIT_IN_TEXT, Limit, days_until, read_limit
from tasks.rules.facts.words import Folded, anywhere, half_width, pick, whole

_NEXT_YEAR = "[明来后]年"
UNKNOWN, URGENT, FRAME, NO_PLAN = range(4)
_STATES = ("unknown", "urgent", "frame", "no_plan")
Codes = NDArray[np.int8]
Rows = NDArray[np.int64]
Dates = NDArray[np.datetime64]


def urgency_state(rows: Folded | pd.DataFrame, rules: Rules, received_on: date) -> pd.Series:
    """urgent, frame, no_plan or unknown, by the columns urgency, urgency_text, need and created (H1-3.3-grade).

    received_on: the business day on which the rows came.
    """
    rows = rows if isinstance(rows, Folded) else Folded(rows)

    def days_of(places: Rows) -> Dates:
        return _contact_days(rows.text("created").take(pa.array(places)), received_on)

    said = _by_text(rows.text("urgency_text"), rules, days_of)
    level = rows.text("urgency")
    said = np.where((said == UNKNOWN) & matches(level, "^高$"), URGENT, said)
    said = np.where((said == UNKNOWN) & matches(level, "^中$"), FRAME, said)
    left = np.flatnonzero(said == UNKNOWN)
    limits = _limits_of(rows.text("need").take(pa.array(left)), rules)
    said[left] = _by_text(limits, rules, lambda places: days_of(left[places]))
    return pick(_STATES[1:], [said == place for place in (URGENT, FRAME, NO_PLAN)], "unknown", rows.index)


def _contact_days(created: Text, received_on: date) -> Dates:
    """The day from which a row's words count, as the row itself writes it, else the day of receipt."""
    written = parts(created, r"^(?P<day>\d{4}-\d{2}-\d{2})")["day"]
    stamps = pc.strptime(written, format="%Y-%m-%d", unit="s", error_is_null=True)
    days = np.asarray(stamps.to_numpy(zero_copy_only=False)).astype("datetime64[D]")
    return np.where(np.isnat(days), np.datetime64(received_on, "D"), days)


def _by_text(texts: Text, rules: Rules, days_of: Callable[[Rows], Dates]) -> Codes:
    """What each text says; `days_of` gives the contact days of the rows that a time limit asks for."""
    coded = texts.dictionary_encode()
    labels = one_of(rules.value("V-URGENCY-LABEL"))
    words = swap(_close(half_width(flat(coded.dictionary))), rf"^(?:{labels})\s*[:为是]?\s*(.)", r"\1")
    which = np.asarray(pc.fill_null(coded.indices, len(words)).to_numpy(zero_copy_only=False), dtype=np.int64)
    fixed = np.array([*_by_words(words, rules), UNKNOWN], dtype=np.int8)[which]
    limits, place = _distinct_limits(words, rules.value("F-TIME-UNITS"))
    limited = np.flatnonzero(place[which] >= 0)
    place = place[which[limited]]
    days = days_until(limits, place, days_of(limited))
    after = np.array([limit.kind in ("after", "next_year") for limit in limits], dtype=bool)
    said = np.abs(fixed)
    said[limited] = _by_days(fixed[limited], days, after[place], rules)
    return said


def _by_words(words: Text, rules: Rules) -> Codes:
    """The state that words alone give; those that give way to a time limit are marked negative."""
    urgent, frame = rules.value("F-URGENT-WORDS"), rules.value("F-FRAME-WORDS")
    states = np.zeros(len(words), dtype=np.int8)
    states[_hit(words, urgent)] = -URGENT
    framed = _hit(words, frame)
    states[framed] = FRAME
    # «明年Q1» is as far away as its first day is
    states[framed & matches(words, _NEXT_YEAR)] = -FRAME
    none = rules.value("F-NO-PLAN-WORDS")
    states[matches(words, anywhere([*none["field"], *none["part"]]))] = NO_PLAN
    return states


def _by_days(fixed: Codes, days: NDArray[np.float64], after: Mask, rules: Rules) -> Codes:
    near = days <= rules.value("F-URGENT-DAYS")
    far = after & (days >= rules.value("F-NO-PLAN-DAYS"))
    by_days = np.where(np.isnan(days), UNKNOWN, np.where(near, URGENT, np.where(far, NO_PLAN, FRAME)))
    with_limit = np.where(by_days != UNKNOWN, by_days, np.abs(fixed))
    return np.where(fixed > 0, fixed, with_limit).astype(np.int8)


def _distinct_limits(words: Text, units: Mapping[str, float]) -> tuple[list[Limit], NDArray[np.int64]]:
    """The time limits among distinct texts, and for each text (and for null, last) the place of its limit or -1."""
    places: dict[Limit, int] = {}
    found: list[int] = []
    for word in words.to_pylist():
        limit = read_limit(word, units)
        found.append(-1 if limit is None else places.setdefault(limit, len(places)))
    return list(places), np.array([*found, -1], dtype=np.int64)


def _limits_of(needs: Text, rules: Rules) -> Text:
    """The time limit or words of no plan in each need, null where it has none."""
    no_plan = one_of(word for word in rules.value("F-NO-PLAN-WORDS")["part"] if not word.isascii())
    other = one_of(rules.value("F-NOT-A-DEADLINE"))
    pattern = rf"(?P<limit>{no_plan}|{LIMIT_IN_TEXT})(?P<other>\p{{Han}}{{0,3}}(?:{other}))?"
    found = parts(_close(needs), pattern)
    return choose(stated(found["other"]), None, found["limit"])


def _hit(words: Text, lists: dict[str, tuple[str, ...]]) -> Mask:
    return matches(words, whole(lists["whole"])) | matches(words, anywhere(lists["part"]))


def _close(texts: Text) -> Text:
    """Text without the spaces behind Chinese characters and digits («2 周内»)."""
    spaced = r"(\p{Han}|\d)\s+"
    return put(texts, matches(texts, spaced), lambda part: swap(part, spaced, r"\1"))
