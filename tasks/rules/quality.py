"""How good what arrives is: figures by channel, source, team, entrant and month. Pure.

H1-3.2-verify (invalid ones archived for the analysis of channels), H1-5.1-checklist (teams that leave out required
fields), H1-3.1-day (entered in time).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from config.schema import Rules

#: By what figures can be told apart.
DIMENSIONS = ("channel", "source", "team", "entrant", "month")
OUTCOMES = ("created", "merged", "updated", "rejected", "held")
VERDICTS = ("valid", "to_verify", "invalid")
GRADES = ("A", "B", "C")


def tally(rows: pd.DataFrame, leads: pd.DataFrame, by: str, omissions: Mapping[str, str]) -> pd.DataFrame:
    """Count by one dimension; index: its values, blank for what is not known, in their order.

    rows: DIMENSIONS, outcome, issues (ids joined by |), late (bool), n. leads: DIMENSIONS, verdict, verdict_rule,
    grade, n, each lead at the row that made it. omissions: rule id → field. Columns: rows, the outcomes, `late`,
    `omission:FIELD`, `leads`, the verdicts, `grade:X`, `invalid:RULE`.
    """
    counted = pd.DataFrame({"rows": rows.groupby(by)["n"].sum()})
    parts = [
        counted,
        _spread(rows, by, "outcome").reindex(columns=list(OUTCOMES)),
        rows[rows["late"]].groupby(by)["n"].sum().rename("late"),
        _spread(_omitted(rows, omissions), by, "field").add_prefix("omission:"),
        leads.groupby(by)["n"].sum().rename("leads"),
        _spread(leads, by, "verdict").reindex(columns=list(VERDICTS)),
        _spread(leads, by, "grade").reindex(columns=list(GRADES)).add_prefix("grade:"),
        _spread(leads[leads["verdict"] == "invalid"], by, "verdict_rule").add_prefix("invalid:"),
    ]
    return pd.concat(parts, axis=1).fillna(0).astype("int64").sort_index()


def often_missing(rows: pd.DataFrame, omissions: Mapping[str, str], most: int) -> pd.DataFrame:
    """List teams that left out more than `most` required fields in a month: month, team, rows, omissions.

    A team that is not known is nobody's, and is not listed.
    """
    missing = _omitted(rows, omissions)
    missing = missing[missing["team"] != ""]
    counted = missing.groupby(["month", "team"])["n"].sum().rename("omissions").reset_index()
    received = rows.groupby(["month", "team"])["n"].sum().rename("rows").reset_index()
    found = counted[counted["omissions"] > most].merge(received, on=["month", "team"])
    return found.sort_values(["month", "omissions", "team"], ascending=[True, False, True], ignore_index=True)


def neglect_rules(rules: Rules) -> frozenset[str]:
    """The rules by which a lead goes to the pool because its owner did not follow it."""
    tables = [rule.id for rule in rules.lifecycle if rule.then == "pool"]
    return frozenset([*tables, *(rule.id for rule in rules.watching("recycle"))])


def entered_late(contact: pd.Series, received: pd.Series, days: int) -> pd.Series:
    """Tell which rows came more than so many business days after their stated contact.

    contact: text that begins with a full date, or anything else for a time nobody stated; received: dates. Business
    days are weekdays here; a contact on a weekend counts from the next one.
    """
    stated = pd.to_datetime(contact.str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
    known = stated.notna().to_numpy()
    late = np.zeros(len(contact), dtype=bool)
    first = stated[known].to_numpy().astype("datetime64[D]")
    start = np.busday_offset(first, 0, roll="forward")
    late[known] = np.busday_count(start, received[known].to_numpy().astype("datetime64[D]")) > days
    return pd.Series(late, index=contact.index)


def _omitted(rows: pd.DataFrame, omissions: Mapping[str, str]) -> pd.DataFrame:
    """One line for each omitted field of each combination."""
    each = rows[rows["issues"] != ""].reset_index(drop=True)
    each = each.assign(field=each["issues"].str.split("|")).explode("field")
    each = each.assign(field=each["field"].map(dict(omissions))).dropna(subset="field")
    # two checks of one field are one omission
    return each.reset_index(names="place").drop_duplicates(["place", "field"])


def _spread(counts: pd.DataFrame, by: str, column: str) -> pd.DataFrame:
    return counts.pivot_table(index=by, columns=column, values="n", aggfunc="sum", fill_value=0)


def combined(figures: Mapping[str, pd.DataFrame], order: Sequence[str] = DIMENSIONS) -> pd.DataFrame:
    """Put the figures of all dimensions under each other: by, value, and the figures."""
    parts = [figures[by].reset_index(names="value").assign(by=by) for by in order if by in figures]
    whole = pd.concat(parts, ignore_index=True)
    numbers = [str(column) for column in whole if column not in ("by", "value")]
    return whole[["by", "value"]].join(whole[numbers].fillna(0).astype("int64"))
