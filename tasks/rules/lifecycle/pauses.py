"""Pauses of leads: agreed by a person, after two attempts without answer, or after long without progress."""

import numpy as np
import pandas as pd

from config.schema import Rules
from tasks.rules.zones import local_times

ATTEMPTS, MONTHS, HOLD_DAYS = "L-SILENT-ATTEMPTS", "L-PAUSE-MONTHS", "L-HOLD-DAYS"
#: What a pause is called: 待激活 (reactivate) or 暂缓 (hold).
REACTIVATE, HOLD = "reactivate", "hold"
_NEVER = np.datetime64("NaT", "us")
# of several that hold at a time, which one is told
_RANK = {"person": 2, "silent": 1, "hold": 0}


def pause_spans(rows: pd.DataFrame, rules: Rules, zone: str) -> pd.DataFrame:
    """Every pause that `noted` follow-ups began: lead_id, pause, kind, since, until (as planned), cut.

    cut: the follow-up that ended it, NaT where none did. A person's pause is ended by any later follow-up; that after
    silence by an answer; that of a lead without progress by progress; each also by a person's later pause.
    """
    at = rows["at"]
    by_person = rows["pause_until"].notna() | rows["pause_event"].notna()
    month = months_later(at, int(rules.value(MONTHS)), zone)
    person = _spans(rows, by_person, "person", rows["pause_until"].fillna(month), pd.Series(True, index=rows.index))
    person["kind"] = rows.loc[by_person, "pause_kind"].fillna(HOLD).array
    silent = (rows["unanswered"] == int(rules.value(ATTEMPTS))) & ~by_person
    silent_spans = _spans(rows, silent, "silent", month, rows["answered"] | by_person)
    hold_spans = _spans(rows, _holds(rows, rules) & ~by_person, "hold", month, rows["moves"] | by_person)
    silent_spans["kind"], hold_spans["kind"] = REACTIVATE, HOLD
    return pd.concat([person, silent_spans, hold_spans], ignore_index=True)


def standing(spans: pd.DataFrame) -> pd.DataFrame:
    """Of each lead (index) the pause that no follow-up has ended, and resumed_at: when the last ended one ended."""
    spans = spans.assign(rank=spans["pause"].map(_RANK).astype("float64"))
    open_ = spans[spans["cut"].isna()].sort_values(["lead_id", "rank", "since"])
    now = open_.drop_duplicates("lead_id", keep="last").set_index("lead_id")[["pause", "kind", "since", "until"]]
    now.columns = ["pause", "pause_kind", "pause_since", "pause_until"]
    over = spans[spans["cut"].notna()]
    ended = over["until"].where(over["until"] < over["cut"], over["cut"])
    return now.join(ended.groupby(over["lead_id"]).max().rename("resumed_at"), how="outer")


def stretches(found: pd.DataFrame, spans: pd.DataFrame) -> pd.DataFrame:
    """The times since the last progress in which each lead was not paused: lead_id, base, until (NaT: it goes on).

    found: index lead_id, first_contact_at and progress_at.
    """
    start = found["progress_at"].fillna(found["first_contact_at"])
    parts = spans.sort_values(["lead_id", "since"], kind="stable")
    parts = parts.assign(start=start.reindex(parts["lead_id"]).array)
    parts = parts[(parts["since"] >= parts["start"]).to_numpy(dtype=bool)]
    end = parts["until"].where(~(parts["cut"] <= parts["until"]).fillna(False), parts["cut"])
    latest = end.groupby(parts["lead_id"]).cummax()
    before = latest.groupby(parts["lead_id"]).shift()
    base = before.where((before > parts["start"]).fillna(False), parts["start"])
    closed = pd.DataFrame({"lead_id": parts["lead_id"], "base": base, "until": parts["since"]})
    last = latest.groupby(parts["lead_id"]).max().reindex(start.index)
    on = pd.DataFrame({"lead_id": start.index, "base": last.where((last > start).fillna(False), start).array})
    never = pd.Series(pd.NaT, index=on.index, dtype="datetime64[us]")
    return pd.concat([closed, on.assign(until=never)], ignore_index=True)


def _spans(rows: pd.DataFrame, begins: pd.Series, pause: str, until: pd.Series, ends: pd.Series) -> pd.DataFrame:
    """Pauses that begin with some follow-ups and are cut by the next one that ends them."""
    begins = begins.fillna(False).astype("bool")
    if not begins.any():
        never = pd.Series([], dtype="datetime64[us]")
        said = {"lead_id": rows["lead_id"].array[:0], "pause": pd.array([], dtype="str")}
        return pd.DataFrame(said | dict.fromkeys(("since", "until", "cut"), never))
    # the next ending follow-up behind each, of the same lead
    marked = rows["at"].where(ends.astype("bool"))
    behind = marked.groupby(rows["lead_id"]).shift(-1)
    cut = behind.groupby(rows["lead_id"]).bfill()
    return pd.DataFrame(
        {
            "lead_id": rows.loc[begins, "lead_id"].array,
            "pause": pause,
            "since": rows.loc[begins, "at"].array,
            "until": until[begins].astype("datetime64[us]").array,
            "cut": cut[begins].astype("datetime64[us]").array,
        }
    )


def _holds(rows: pd.DataFrame, rules: Rules) -> pd.Series:
    """The first answered follow-up that finds its lead without progress for so long."""
    moved = rows["at"].where(rows["moves"].astype("bool"))
    before = moved.groupby(rows["lead_id"]).ffill()
    first = rows.groupby("lead_id")["at"].transform("min")
    since = before.fillna(first)
    late = (rows["at"] - since >= pd.Timedelta(days=int(rules.value(HOLD_DAYS)))) & rows["answered"] & ~rows["moves"]
    # one for each stretch without progress
    again = late.astype("int64").groupby([rows["lead_id"], since]).cumsum()
    return late & (again == 1)


def months_later(at: pd.Series, months: int, zone: str) -> pd.Series:
    """The same clock time so many months later, in the zone's days; times naive UTC."""
    at = at.astype("datetime64[us]")
    if at.isna().all():
        return at
    local = local_times(at, zone) + pd.DateOffset(months=months)
    placed = local.dt.tz_localize(zone, ambiguous=False, nonexistent="shift_forward")
    return placed.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[us]")
