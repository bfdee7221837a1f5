"""What no record of a follow-up may say, column by column: all that is wrong of each, at once (H1-3.4-record)."""

from collections.abc import Collection, Iterable
from datetime import date

import numpy as np
import pandas as pd

from config.errors import ConfigError
from config.schema import Rules
from tasks.rules.lifecycle.records import unknown_facts
from tasks.rules.objections import SETTLED, answer_id

RECORD = "U-RECORD"
OUTCOMES = ("answered", "not_reached", "replied_later")
NUMBERS = ("probability", "amount", "contract_amount", "first_payment")
#: Times that must come after the contact itself.
AHEAD = ("next_at", "support_at", "pause_until")
DAYS = ("close_on", "contract_on", "first_payment_on")
PAUSES = ("hold", "reactivate")
MOST_SIGNS, YEARS_AHEAD, MOST_YUAN = 4_000, 5, 1e12
#: The year before which nothing is said of a lead.
FIRST_YEAR = 1990
FAULT_COLUMNS = ("row", "field", "code", "value")
#: What is wrong of one kind; None where nothing is.
Faults = list[pd.DataFrame | None]


def faults_of(
    rows: pd.DataFrame,
    people: Collection[str],
    methods: Collection[str],
    rules: Rules,
    as_of: pd.Timestamp,
    today: date,
) -> pd.DataFrame:
    """Everything that is wrong of records, a row a fault (FAULT_COLUMNS: place of the record, field, code, value).

    rows: fields of a record, blanks NA, times naive UTC, days as ISO text. people: ids of the roster. as_of: naive UTC;
    today: its local day. `value` is told only of fields that have a list to choose from, never a free text.
    """
    needed = rules.value(RECORD)["needed"]
    strange = [name for name in needed if name not in rows]
    if strange:
        raise ConfigError(f"{strange[0]} is no field of a follow-up", file="follow_ups.yaml", rule=RECORD, key="needed")
    blank = [fault(rows[name].isna(), name, "blank") for name in needed]
    told = (_choices(rows, people, methods, rules), _times(rows, as_of), deal_faults(rows, today), blank)
    return fault_frame([fault for kind in told for fault in kind])


def deal_faults(rows: pd.DataFrame, today: date) -> Faults:
    """What is wrong of what records say of a deal, and of any text: days, sums, signs."""
    return [*_days(rows, today), *_sums(rows), *_texts(rows)]


def fault_frame(faults: Iterable[pd.DataFrame | None]) -> pd.DataFrame:
    """Faults in one frame, by record; None: nothing is wrong."""
    found = [one for one in faults if one is not None and len(one)]
    if not found:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in FAULT_COLUMNS}).astype({"row": "int64"})
    return pd.concat(found, ignore_index=True).sort_values("row", kind="stable", ignore_index=True)


def fault(wrong: pd.Series | np.ndarray, field: str, code: str, values: pd.Series | None = None) -> pd.DataFrame | None:
    """The records of which a field is wrong for one reason, a row each; None where there are none."""
    places = np.flatnonzero(np.asarray(wrong, dtype=bool))
    if not len(places):
        return None
    value = values.astype("object").fillna("").to_numpy()[places] if values is not None else ""
    return pd.DataFrame({"row": places, "field": field, "code": code, "value": value}).astype({"row": "int64"})


def _choices(rows: pd.DataFrame, people: Collection[str], methods: Collection[str], rules: Rules) -> Faults:
    lists = {
        "person": ("nobody", people), "next_person": ("nobody", people), "outcome": ("choice", OUTCOMES),
        "method": ("choice", methods), "stage": ("choice", [rule.stage for rule in rules.stages]),
        "pause_kind": ("choice", PAUSES), "settled": ("choice", SETTLED),
    }  # fmt: skip
    found = [
        fault(rows[name].notna() & ~rows[name].isin(list(known)), name, code, rows[name])
        for name, (code, known) in lists.items()
    ]
    codes, uniques = pd.factorize(rows["confirmed"].fillna("").astype("object"))
    strange = pd.Series([", ".join(sorted(set(unknown_facts(str(text), rules)))) for text in uniques], dtype="object")
    strange = strange.take(codes).reset_index(drop=True)
    ids, known = rows["answer"].astype("object").map(answer_id), [rule.id for rule in rules.objections]
    return [
        *found,
        fault(strange != "", "confirmed", "choice", strange),
        fault((ids != "") & ~ids.isin(known), "answer", "no_answer", ids),
    ]


def _times(rows: pd.DataFrame, as_of: pd.Timestamp) -> Faults:
    last = as_of.year + YEARS_AHEAD
    what, when = rows["next_action"].notna(), rows["next_at"].notna()
    found = [
        fault(rows["at"] > as_of, "at", "future"),
        fault(rows["at"].dt.year < FIRST_YEAR, "at", "early"),
        fault(what & ~when, "next_at", "both"),
        fault(when & ~what, "next_action", "both"),
    ]
    for name in AHEAD:
        found += [
            fault(rows[name] <= rows["at"], name, "before"),
            fault(rows[name].dt.year > last, name, "far"),
        ]
    return found


def _days(rows: pd.DataFrame, today: date) -> Faults:
    # days as ISO text sort as days do
    now, last = today.isoformat(), f"{today.year + YEARS_AHEAD}-12-31"
    return [
        *(fault((rows[name] > now).fillna(False), name, "future") for name in ("contract_on", "first_payment_on")),
        *(fault((rows[name] < f"{FIRST_YEAR}-01-01").fillna(False), name, "early") for name in DAYS),
        fault((rows["close_on"] > last).fillna(False), "close_on", "far"),
    ]


def _sums(rows: pd.DataFrame) -> Faults:
    share, *sums = NUMBERS
    return [
        fault(rows[share].notna() & ~rows[share].between(0, 100), share, "percent"),
        *(fault(rows[name].notna() & ~rows[name].between(0, MOST_YUAN, "left"), name, "yuan") for name in sums),
        fault(rows["first_payment"] > rows["contract_amount"], "first_payment", "above"),
    ]


def _texts(rows: pd.DataFrame) -> Faults:
    texts = [str(name) for name in rows if str(rows[name].dtype) in ("str", "object")]
    return [
        *(fault((rows[name].str.len() > MOST_SIGNS).fillna(False), name, "long") for name in texts),
        # a NUL cannot be stored
        *(fault(rows[name].str.contains("\0", regex=False).fillna(False), name, "sign") for name in texts),
    ]
