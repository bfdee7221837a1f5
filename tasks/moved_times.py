"""What follow-ups kept and began of the promises about their leads, where a correction tells it otherwise (H1-3.4).

Another time, no progress, no plan, another lead: what is promised of a lead stands as if that had been told at once.
K-FIRST met by a call at ten is late where the call was at six; a milestone taken back begins no two weeks anew.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import ClockRule, Rules
from models.db import look_up
from tasks.clocks import CLOCK_COLUMNS, watched, write_changed, write_clocks
from tasks.record_rows import RECORD_COLUMNS, typed_records
from tasks.rules.borders import Span, told_anew
from tasks.rules.clockwork import LATE, MET, VOID, Moved, begin, ended, timed
from tasks.rules.due import NEVER, Reckoner, same_times
from tasks.rules.lifecycle.pauses import pause_spans
from tasks.rules.lifecycle.records import noted, told

#: What begins each kind of promise anew: any contact, progress or the first contact, a case.
_BORDERS = {
    "cadence": "contact", "silence": "contact", "recycle": "contact", "care": "contact", "stall": "progress",
    "case": "case",
}  # fmt: skip
#: What ends once, by the fact that ends it, and what begins once, by the fact that begins it.
_STOPS = {"verification": "first_contact_at", "first_contact": "first_contact_at", "plan": "plan_at"}
_STARTS = {"plan": "first_contact_at", "change": "changed_at"}
_CLOCKS = f"SELECT {CLOCK_COLUMNS} FROM wanted w JOIN clock c ON c.lead_id = w.key AND c.subject_id = 0"
_RECORDS = f"""
SELECT {", ".join(f"f.{name}" for name in RECORD_COLUMNS)}, f.superseded_by
FROM wanted w JOIN follow_up f ON f.lead_id = w.key
"""
_CHECKED = "SELECT l.id AS lead_id, l.verified_at AS checked_at FROM wanted w JOIN lead l ON l.id = w.key"
_LEADS = "SELECT l.id AS lead_id, l.owner, l.closed_at FROM wanted w JOIN lead l ON l.id = w.key"


def move_times(conn: Connection, rows: pd.DataFrame, rules: Rules, reckoner: Reckoner) -> None:
    """Let the clocks about leads run as if corrected follow-ups had been told at once as they are now.

    rows: follow-ups as stored, with from_id: the lead of the one that each corrects.
    """
    mine = rows[rows["corrects"].notna().to_numpy(dtype=bool)]
    if mine.empty:
        return
    leads = both_leads(mine)
    every = look_up(conn, leads, "BIGINT", _RECORDS)
    stands = every["superseded_by"].isna()
    old = every["id"].isin(mine["corrects"].astype("int64"))
    before, after = (
        _said(every[kept.to_numpy(dtype=bool)], rules, reckoner.zone)
        for kept in ((stands & ~every["id"].isin(mine["id"])) | old, stands)
    )
    clocks = look_up(conn, leads, "BIGINT", _CLOCKS)
    checked = look_up(conn, leads, "BIGINT", _CHECKED).set_index("lead_id")["checked_at"]
    parts = []
    for rule in rules.sla:
        of_rule = clocks[(clocks["policy"] == rule.id).to_numpy(dtype=bool)]
        if rule.watches in _BORDERS:
            parts.append(_bordered(of_rule, _BORDERS[rule.watches], before, after))
        elif rule.watches in (*_STOPS, *_STARTS):
            parts.append(_once(of_rule, rule, checked, before, after))
    moved = [part for part in [*parts, _unpaused(clocks, before, after)] if len(part)]
    if moved:
        write_moved(conn, _one_each(moved), rows["recorded_at"].max(), rules, reckoner)


def both_leads(rows: pd.DataFrame) -> pd.Series:
    """The leads of follow-ups, and those of the ones that they correct, each once, in order."""
    every: pd.Series = pd.concat([rows["lead_id"], rows["from_id"].dropna()]).astype("int64")
    return every.drop_duplicates().sort_values()


def changes_lead(rows: pd.DataFrame) -> np.ndarray:
    """Which follow-ups correct one that was recorded on another lead (bool)."""
    return (rows["from_id"] != rows["lead_id"]).fillna(False).to_numpy(dtype=bool)


class _Told:
    """What follow-ups say of their leads: the borders by kind and lead, the facts of a lead, the pauses."""

    def __init__(self, borders: pd.DataFrame, of_lead: pd.DataFrame, spans: pd.DataFrame, changes: pd.DataFrame):
        self.borders, self.of_lead, self.spans, self.changes = borders, of_lead, spans, changes

    def times(self, kind: str, lead: int) -> set[pd.Timestamp]:
        """The borders of one kind of a lead."""
        mine = (self.borders["kind"] == kind) & (self.borders["lead_id"] == lead)
        return {_second(one) for one in self.borders.loc[mine, "at"]}

    def fact(self, name: str, leads: pd.Series) -> np.ndarray:
        """A time that is said of each lead."""
        return np.asarray(self.of_lead[name].reindex(leads), dtype="datetime64[s]")

    def wakes(self, lead: int) -> set[pd.Timestamp]:
        """When pauses of a lead ended."""
        mine = self.spans[self.spans["lead_id"] == lead]
        return {_second(one) for name in ("until", "cut") for one in mine[name].dropna()}


def _said(records: pd.DataFrame, rules: Rules, zone: str) -> _Told:
    rows = noted(typed_records(records.drop(columns="superseded_by")), rules)
    spans = pause_spans(rows, rules, zone)
    first = rows.drop_duplicates("lead_id")
    kinds = {"contact": [rows], "progress": [rows[rows["moves"]], first], "case": [rows[rows["case"]]]}
    borders = pd.concat(
        [part[["lead_id", "at"]].assign(kind=kind) for kind, parts in kinds.items() for part in parts],
        ignore_index=True,
    )
    return _Told(borders, told(rows, spans, zone), spans, rows.loc[rows["changed"], ["lead_id", "at"]])


def _bordered(clocks: pd.DataFrame, kind: str, before: _Told, after: _Told) -> pd.DataFrame:
    """The clocks of a rule that have other borders now; `part_of` a clock that is a new one."""
    found = []
    for lead in clocks["lead_id"].astype("int64").unique().tolist():
        mine = clocks[(clocks["lead_id"] == lead).to_numpy(dtype=bool)]
        was, now = before.times(kind, lead), after.times(kind, lead)
        if was == now:
            continue
        spans = [
            Span(int(one), _second(start), _second(end), ending if isinstance(ending, str) else "")
            for one, start, end, ending in zip(mine["id"], mine["started_at"], mine["ended_at"], mine["ending"],
                                               strict=True)
        ]  # fmt: skip
        changed = told_anew(spans, was - now, now - was, now, after.wakes(lead))
        found += [(one.clock_id, one.start, one.end, one.ending, one.new) for one in changed]
    told_of = pd.DataFrame(found, columns=["id", "start", "end", "how", "new"])
    return clocks.merge(told_of.astype({"id": clocks["id"].dtype}), on="id")


def _once(clocks: pd.DataFrame, rule: ClockRule, checked: pd.Series, before: _Told, after: _Told) -> pd.DataFrame:
    """The clocks of a rule that begin and end once, and now at another time, or not at all."""
    lead = clocks["lead_id"].astype("int64")
    start, end = (np.asarray(clocks[name], dtype="datetime64[s]") for name in ("started_at", "ended_at"))
    how = clocks["ending"].fillna("").to_numpy(dtype=object)
    other = np.zeros(len(clocks), dtype=bool)
    kept = np.isin(how, (MET, LATE))
    if rule.watches in _STOPS:
        was, now = (side.fact(_STOPS[rule.watches], lead) for side in (before, after))
        if rule.watches == "verification":
            word = np.asarray(checked.reindex(lead), dtype="datetime64[s]")
            was, now = np.fmin(was, word), np.fmin(now, word)
        moves = kept & ~same_times(was, now) & (end == np.maximum(was, start))
        end, other = np.where(moves, now, end), other | moves
    if rule.watches in _STARTS:
        was, now = (side.fact(_STARTS[rule.watches], lead) for side in (before, after))
        if rule.watches == "change":
            # one whose chain was confirmed since is still one that was told
            still = pd.MultiIndex.from_frame(after.changes.astype({"at": "datetime64[s]"}))
            stays = pd.MultiIndex.from_arrays([lead, pd.Series(start)]).isin(still)
            back = kept & stays & (now == start) & ~same_times(was, now)
            end, other = np.where(back, NEVER, end), other | back
            moves = (was == start) & ~stays & (how != VOID)
        else:
            moves = (was == start) & ~same_times(was, now) & (how != VOID)
        gone = moves & np.isnat(now)
        start, other = np.where(moves & ~gone, now, start), other | moves
        end, how = np.where(gone, start, end), np.where(gone, VOID, how)
    clocks = clocks.assign(start=start, end=end, how=how, new=False)
    return clocks[other].reset_index(drop=True)


def _unpaused(clocks: pd.DataFrame, before: _Told, after: _Told) -> pd.DataFrame:
    """Running clocks that stood, or stand, still for a pause that is told no more."""
    gone = _pauses_of(before) - _pauses_of(after)
    if not gone or clocks.empty:
        return clocks.iloc[:0].assign(start=NEVER, end=NEVER, how="", new=False)
    runs = clocks[clocks["ended_at"].isna().to_numpy(dtype=bool)].reset_index(drop=True)
    paused = [
        None if (int(lead), _second(at)) in gone else at
        for lead, at in zip(runs["lead_id"], runs["paused_at"], strict=True)
    ]
    spans = [
        ";".join(span for span in str(text).split(";")
                 if span and (int(lead), pd.Timestamp(span.split("/")[0])) not in gone)
        for lead, text in zip(runs["lead_id"], runs["pauses"].fillna(""), strict=True)
    ]  # fmt: skip
    now = runs.assign(paused_at=pd.Series(paused, dtype="datetime64[us]"), pauses=pd.Series(spans, dtype="str"))
    other = (now["paused_at"].isna() != runs["paused_at"].isna()) | (now["pauses"] != runs["pauses"].fillna(""))
    return now.assign(start=runs["started_at"], end=NEVER, how="", new=False)[other.to_numpy(dtype=bool)]


def _pauses_of(said: _Told) -> set[tuple[int, pd.Timestamp]]:
    return {(int(lead), _second(at)) for lead, at in zip(said.spans["lead_id"], said.spans["since"], strict=True)}


def _one_each(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """One row a clock: what is told of its pauses goes into what is told of its times."""
    typed = [part.astype(dict.fromkeys(("start", "end"), "datetime64[s]")) for part in parts]
    rows = pd.concat(typed, ignore_index=True)
    last = rows.drop_duplicates("id", keep="last").set_index("id")
    for name in ("paused_at", "pauses"):
        rows[name] = rows["id"].map(last[name]).array
    return rows[rows["new"] | ~rows.duplicated(["id", "new"])].reset_index(drop=True)


def write_moved(
    conn: Connection, rows: pd.DataFrame, known: pd.Timestamp, rules: Rules, reckoner: Reckoner
) -> None:  # fmt: skip
    """Store clocks with other times; of a closed lead none runs again. `known` (naive UTC): when that became known.

    rows: stored clocks with start, end (NaT: it runs) and how it ended; `new`: it is a part of that clock.
    """
    leads = rows["lead_id"].astype("int64").drop_duplicates().sort_values()
    about = look_up(conn, leads, "BIGINT", _LEADS).set_index("lead_id")
    after_end = rows["policy"].map(watched(rules)).isin(("care", "archive")).to_numpy(dtype=bool)
    closed = about["closed_at"].notna().reindex(rows["lead_id"]).to_numpy(dtype=bool) & ~after_end
    stops = closed & (rows["end"].isna() & rows["ended_at"].notna()).to_numpy(dtype=bool)
    rows = rows.assign(end=rows["end"].mask(stops, rows["ended_at"]), how=rows["how"].mask(stops, VOID))
    owner = about["owner"].reindex(rows["lead_id"]).reset_index(drop=True)
    parts: dict[bool, list[pd.DataFrame]] = {False: [], True: []}
    for rule in rules.sla:
        mine = (rows["policy"] == rule.id).to_numpy(dtype=bool)
        if not mine.any():
            continue
        keys = reckoner.calendars.keys(owner[mine].reset_index(drop=True), np.full(int(mine.sum()), rule.hours))
        some = rows[mine].reset_index(drop=True).assign(key=keys)
        new = some["new"].to_numpy(dtype=bool)
        fresh = some[new][["lead_id", "subject_id", "person", "target", "key"]].assign(started_at=some["start"][new])
        # what a week asked of the clock that it is a part of is asked of another week
        fresh["target"] = fresh["target"].str.split(" week ").str[0].astype("object")
        begun = begin(fresh, rule, rules, reckoner) if new.any() else fresh
        parts[True].append(_ended(begun, some[new], reckoner))
        nothing = pd.Series(pd.NA, index=some.index, dtype="Int64")
        old = some.assign(
            started_at=some["start"], ended_at=NEVER, ending=nothing.astype("str"), used_minutes=nothing,
            over_minutes=nothing, breached_at=some["breached_at"].where(some["ended_at"].isna()),
        )[~new]  # fmt: skip
        fixed = rule.watches == "next_action"
        parts[False].append(_ended(timed(old, rule, reckoner, fixed=fixed), some[~new], reckoner))
    changed, begun = (pd.concat(parts[kind], ignore_index=True) for kind in (False, True))
    # one that ends makes room for the one that runs in its place
    runs = changed["ended_at"].isna().to_numpy(dtype=bool)
    for some in (changed[~runs], changed[runs]):
        write_changed(conn, some, known)
    write_clocks(conn, Moved(begun, pd.DataFrame()), known)


def _ended(clocks: pd.DataFrame, said: pd.DataFrame, reckoner: Reckoner) -> pd.DataFrame:
    """Clocks with their ends, where they have one."""
    if clocks.empty:
        return clocks
    over = said["end"].notna().to_numpy(dtype=bool)
    how = np.where(said["how"] == VOID, VOID, MET)[over]
    done = ended(clocks[over], np.asarray(said["end"], dtype="datetime64[s]")[over], how, reckoner)
    kept = [part for part in (clocks[~over], done) if len(part)]
    return pd.concat(kept, ignore_index=True)


def _second(at: object) -> pd.Timestamp:
    return pd.Timestamp(at).floor("s") if at is not None and not pd.isna(at) else pd.NaT  # type: ignore[arg-type,call-overload,return-value]
