"""state(facts, rules, as_of): what each lead is at a moment, and by which rule; the one projector of leads."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from config.schema import Rules
from tasks.rules.decide import grade_of, lead_facts
from tasks.rules.due import NEVER, Reckoner
from tasks.rules.lifecycle.deals import DEAL, deals, missing
from tasks.rules.lifecycle.heard import hear
from tasks.rules.lifecycle.pauses import months_later, stretches
from tasks.rules.lifecycle.records import CONFIRMED
from tasks.rules.lifecycle.tiers import probabilities, stages_of, tiers_of
from tasks.rules.promises import targets_of
from tasks.rules.tables import first_match

#: Statuses that are kept by this projector; every other one (archived, joined, reverted, history) is told by settling.
ALIVE = ("new", "owned", "in_progress", "pool")
ENDED = ("won", "lost")
BY_HAND, CONFIRMED_BY, STALLED = "A-PERSON", "L-CONFIRMED", "L-STALL-B"
#: What is compared and kept of a lead.
KEPT = (
    "status", "tier", "tier_rule", "stage", "stage_rule", "state_rule", "grade", "grade_rule", "pause_kind",
    "paused_until", "probability", "probability_rule", "phase", "missing", "hints",
)  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What is known of some leads at a moment; times naive UTC.

    leads: lead_id, status (stored), verdict, grade and grade_rule (last decided by rows or a person), opened_at, owner,
    owner_rule, owner_since, silent_at (when silence ended it), and the facts on which it was decided.
    records: follow-ups (records.COLUMNS, deals.DEAL, person, probability). words: lead_id, field (tier, stage, grade,
    closing), said, since, actor; of closing also result, DEAL and `at`, when it happened.
    """

    leads: pd.DataFrame
    records: pd.DataFrame
    words: pd.DataFrame


def state(facts: Facts, rules: Rules, as_of: np.datetime64, reckoner: Reckoner) -> pd.DataFrame:
    """One row a lead, in the order of facts.leads: lead_id, KEPT, then, since, moved_at, place, ended_at, actor, DEAL,
    state_at.

    then: what its rule says; since: from when it applies; moved_at: the last progress; state_at: when time alone
    changes it next (NaT: never).
    """
    as_of = as_of.astype("datetime64[us]")
    leads, rows = _gathered(facts, rules, reckoner)
    leads = _graded(leads, rules)
    leads = _timed(leads, rules, as_of, reckoner)
    alive = leads["status"].isin((*ALIVE, *ENDED)).to_numpy(dtype=bool)
    table = pd.DataFrame({name: leads[name] for name in ("outcome", "pause", "silence", "tried", "given_by", "stall")})
    table = table.assign(grade=leads["grade"], graded_by=np.where(leads["said_grade"].notna(), "person", "machine"))
    where = np.where(alive, first_match(table, rules.lifecycle), -1)
    then = np.array([*(rule.then for rule in rules.lifecycle), ""], dtype=object)[where]
    ids = np.array([*(rule.id for rule in rules.lifecycle), None], dtype=object)[where]
    leads = leads.assign(then=then, state_rule=pd.array(ids, dtype="str"))
    leads["status"] = _status(leads, alive)
    # what has ended is not paused
    for name in ("pause_kind", "paused_until"):
        leads[name] = leads[name].where(~leads["status"].isin(ENDED))
    leads = _ended(leads, rules, as_of, reckoner.zone)
    leads = leads.assign(**stages_of(leads, rules))
    leads = leads.assign(**tiers_of(leads, rules))
    leads["said_probability"] = leads["said_probability"].where(~leads["status"].isin(ENDED))
    leads = leads.assign(**probabilities(leads, rules))
    leads = _downgraded(leads, rows, rules, as_of, reckoner)
    leads["phase"] = _phases(leads, rules)
    leads["missing"] = missing(leads, rules)
    leads["hints"] = _hints(leads, rules)
    return _passed_on(leads, alive)


def _gathered(facts: Facts, rules: Rules, reckoner: Reckoner) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each lead with what its follow-ups and people say of it, and the stretches in which each was not paused."""
    leads = facts.leads.reset_index(drop=True)
    if facts.records.empty and facts.words.empty:
        said, none = _of_nobody(facts, rules, reckoner)
        same = np.zeros(len(leads), dtype=np.int64)
        return leads.assign(**{str(name): said[name].array.take(same) for name in said}), none
    return _told_of(leads, facts, rules, reckoner)


def _of_nobody(facts: Facts, rules: Rules, reckoner: Reckoner) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What is said of a lead of which nobody has said anything; the same of every such lead of some rules."""
    key = (rules.version, reckoner.zone)
    if key not in _nobody:
        _nobody.clear()
        one = pd.DataFrame({"lead_id": pd.Series([0], dtype="int64")})
        said, none = _told_of(one, facts, rules, reckoner)
        _nobody[key] = said.drop(columns="lead_id"), none
    return _nobody[key]


_nobody: dict[tuple[str, str], tuple[pd.DataFrame, pd.DataFrame]] = {}


def _told_of(leads: pd.DataFrame, facts: Facts, rules: Rules, reckoner: Reckoner) -> tuple[pd.DataFrame, pd.DataFrame]:
    heard = hear(facts.records, rules, reckoner.zone)
    rows, of_lead = heard.rows, heard.of_lead
    said = of_lead.reindex(leads["lead_id"]).reset_index(drop=True)
    leads = leads.assign(**{str(name): said[name] for name in said})
    for name in (*CONFIRMED, "changed"):
        leads[name] = leads[name].fillna(False).astype("bool")
    closing = facts.words[facts.words["field"] == "closing"]
    ends = deals(rows, closing, rules).reindex(leads["lead_id"]).reset_index(drop=True)
    leads = leads.assign(**{str(name): ends[name] for name in ends})
    leads["outcome"] = leads["outcome"].fillna("none").astype("str")
    leads["contracted"] = leads["contract_number"].notna()
    words = facts.words.sort_values("since", kind="stable")
    moved = rows[rows["moves"]].groupby("lead_id")["recorded_at"].max().reindex(leads["lead_id"]).reset_index(drop=True)
    confirmed = rows[rows[list(CONFIRMED)].any(axis=1)].groupby("lead_id")["recorded_at"].max()
    confirmed = confirmed.reindex(leads["lead_id"]).reset_index(drop=True)
    leads["any_confirmed"] = confirmed.notna()
    for name, fact in (("tier", moved), ("grade", confirmed)):
        word = _word(words, name).reindex(leads["lead_id"]).reset_index(drop=True)
        stands = word["since"].notna() & ~(fact > word["since"]).fillna(False)
        leads[f"said_{name}"] = word["said"].where(stands)
    word = _word(words, "stage")
    leads["said_stage"] = word["said"].reindex(leads["lead_id"]).array
    since = word["since"].reindex(rows["lead_id"]).array
    later = rows[(rows["recorded_at"] > pd.Series(since)).fillna(False).to_numpy(dtype=bool)]
    leads["place_after"] = later.groupby("lead_id")["place"].max().reindex(leads["lead_id"]).array
    leads["said_probability"] = _said_probability(rows).reindex(leads["lead_id"]).array
    return leads, stretches(of_lead, heard.spans)


def _word(words: pd.DataFrame, field: str) -> pd.DataFrame:
    mine = words[words["field"] == field].drop_duplicates("lead_id", keep="last")
    return mine.set_index("lead_id")[["said", "since"]]


def _said_probability(rows: pd.DataFrame) -> pd.Series:
    """What a person stated last, until something has moved since."""
    said = rows[rows["probability"].notna()].drop_duplicates("lead_id", keep="last").set_index("lead_id")
    moved = rows[rows["moves"]].groupby("lead_id")["at"].max().reindex(said.index)
    stated: pd.Series = said["probability"].astype("float64").where(~(moved > said["at"]).fillna(False))
    return stated


def _timed(leads: pd.DataFrame, rules: Rules, as_of: np.datetime64, reckoner: Reckoner) -> pd.DataFrame:
    """What time has done: whether a pause holds, whether silence and stall are over, and when they will be."""
    ended = leads["status"].isin(ENDED).to_numpy(dtype=bool)
    owned = leads["owner"].notna().to_numpy(dtype=bool) & ~ended
    until = _at(leads, "pause_until")
    holds = (until > as_of) & ~ended
    resumed = np.fmax(_at(leads, "resumed_at"), np.where(until <= as_of, until, NEVER.astype("datetime64[us]")))
    quiet = np.fmax(np.fmax(_at(leads, "last_contact_at"), _at(leads, "owner_since")), resumed)
    moved = np.fmax(np.fmax(_at(leads, "first_contact_at"), _at(leads, "progress_at")), resumed)
    silence_at = _due(leads, "silence", np.where(owned, quiet, NEVER), rules, reckoner)
    stall_at = _due(leads, "stall", np.where(ended, NEVER, moved), rules, reckoner)
    silent = _at(leads, "silent_at")
    silence_at = np.where(np.isnat(silent), silence_at, silent)
    tried = leads["unanswered"].fillna(0).to_numpy(dtype=np.float64) >= rules.value("L-SILENT-ATTEMPTS")
    tried |= ~np.isnat(silent)
    by_person = (leads["owner_rule"] == BY_HAND).fillna(False).to_numpy(dtype=bool)
    pause = leads["pause"].where(holds).fillna("none").astype("str")
    return leads.assign(
        pause=pause,
        pause_kind=leads["pause_kind"].where(holds).astype("str"),
        paused_until=pd.Series(until, index=leads.index).where(holds),
        silence=_over(silence_at, as_of), stall=_over(stall_at, as_of), silence_at=silence_at, stall_at=stall_at,
        tried=np.where(tried, "yes", "no"),
        given_by=np.where(~owned, "nobody", np.where(by_person, "person", "machine")),
        resumed_at=resumed,
    )  # fmt: skip


def _due(leads: pd.DataFrame, watches: str, base: np.ndarray, rules: Rules, reckoner: Reckoner) -> np.ndarray:
    """When the promise that watches this falls due, as its clock reckons it; NaT where none is made."""
    rule = next(iter(rules.watching(watches)), None)
    due = np.full(len(leads), NEVER)
    base = base.astype("datetime64[s]")
    if rule is not None:
        target = targets_of(leads, rule)
        asked = ~np.isnat(base) & (target != "")
        keys = reckoner.calendars.keys(leads["owner"], np.full(len(leads), rule.hours))
        none = np.full(int(asked.sum()), "", dtype=object)
        due[asked] = reckoner.due(base[asked], target[asked], keys[asked], none)
    return due.astype("datetime64[us]")


def _over(due: np.ndarray, as_of: np.datetime64) -> np.ndarray:
    return np.where(np.isnat(due), "none", np.where(due <= as_of, "over", "runs"))


def _status(leads: pd.DataFrame, alive: np.ndarray) -> pd.Series:
    owned, then = leads["owner"].notna(), leads["then"]
    followed = leads["follow_ups"].fillna(0) > 0
    is_pool = (then == "pool") | (~owned & (leads["status"] == "pool"))
    found = pd.Series("new", index=leads.index, dtype="str").mask(owned, "owned").mask(owned & followed, "in_progress")
    found = found.mask(is_pool, "pool").mask(then.isin(ENDED), then.astype("str"))
    return found.where(pd.Series(alive, index=leads.index), leads["status"])


def _ended(leads: pd.DataFrame, rules: Rules, as_of: np.datetime64, zone: str) -> pd.DataFrame:
    """When and why leads ended, and since when each stands as it does."""
    silent = (leads["state_rule"] == "L-LOST-SILENT").to_numpy(dtype=bool)
    ended_at = np.where(silent, leads["silence_at"].to_numpy("datetime64[us]"), _at(leads, "ended_at"))
    ended_at = np.where(leads["status"].isin(ENDED), ended_at, NEVER.astype("datetime64[us]"))
    reason = leads["lost_reason"].astype("object").where(~silent, rules.value("L-SILENT-REASON"))
    care = months_later(pd.Series(ended_at, index=leads.index), int(rules.value("L-CARE-MONTHS")), zone)
    won = (leads["status"] == "won").to_numpy(dtype=bool)
    in_care = won & (care <= pd.Timestamp(as_of)).fillna(False).to_numpy(dtype=bool)
    paused, then = leads["pause"] != "none", leads["then"]
    following = leads["progress_at"].fillna(leads["first_contact_at"]).fillna(leads["owner_since"])
    following = following.fillna(leads["opened_at"])
    resumed = pd.Series(leads["resumed_at"].to_numpy("datetime64[us]"), index=leads.index)
    following = following.where(~(resumed > following).fillna(False), resumed)
    stalled = then.isin(("alarm", "downgrade"))
    since = np.select(
        [then.isin(ENDED), then == "pool", (then == "paused") & paused, stalled],
        [ended_at, _at(leads, "silence_at"), _at(leads, "pause_since"), _at(leads, "stall_at")],
        following.to_numpy("datetime64[us]"),
    )
    next_at = np.fmin(*(_ahead(leads, name, as_of) for name in ("silence_at", "stall_at")))
    next_at = np.where(leads["status"].isin(ENDED), NEVER.astype("datetime64[us]"), next_at)
    next_at = np.where(paused & leads["status"].isin(ALIVE), _at(leads, "paused_until"), next_at)
    next_at = np.where(won & ~in_care, care.to_numpy("datetime64[us]"), next_at)
    moved = np.fmax(_at(leads, "progress_at"), ended_at)
    moved = np.where(np.isnat(moved), _at(leads, "first_contact_at"), moved)
    return leads.assign(
        ended_at=ended_at, lost_reason=reason, in_care=in_care, since=since, state_at=next_at, moved_at=moved
    )


def _ahead(leads: pd.DataFrame, name: str, as_of: np.datetime64) -> np.ndarray:
    at = _at(leads, name)
    return np.where(at > as_of, at, NEVER.astype("datetime64[us]"))


def _graded(leads: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """The grade: a person's until a newly confirmed fact, else by facts where some are confirmed."""
    grade, rule = leads["grade"].astype("object"), leads["grade_rule"].astype("object")
    again = (leads["any_confirmed"] & leads["said_grade"].isna() & grade.notna()).to_numpy(dtype=bool)
    if again.any():
        mine = leads[again]
        confirmed = {
            "need_state": mine["need_state"].where(~mine["need"], "clear"),
            "chain_state": mine["chain_state"].where(~mine["chain"], "complete"),
        }
        confirmed["chain_state"] = confirmed["chain_state"].where(~mine["changed"], "partial")
        facts = lead_facts(mine.assign(**confirmed), rules).assign(verdict=mine["verdict"])
        if "budget_state_fact" in mine:
            facts["budget_state_fact"] = mine["budget_state_fact"].fillna(facts["budget_state_fact"])
        found = grade_of(facts, rules)["grade"].astype("object")
        other = (found != grade[again]).fillna(False)
        places = other.index[other]
        grade.loc[places], rule.loc[places] = found[places], CONFIRMED_BY
    return leads.assign(grade=grade.astype("str"), grade_rule=rule.astype("str"))


def _downgraded(
    leads: pd.DataFrame, stretches_: pd.DataFrame, rules: Rules, as_of: np.datetime64, reckoner: Reckoner
) -> pd.DataFrame:
    """Leads that have stalled once since their last progress are C: a pause after it changes nothing, progress does."""
    row = next((rule for rule in rules.lifecycle if rule.then == "downgrade"), None)
    if row is None or stretches_.empty:
        return leads
    index = leads.set_index("lead_id")
    about = index.reindex(stretches_["lead_id"]).reset_index()
    due = _due(about, "stall", _at(stretches_, "base"), rules, reckoner)
    end = np.fmin(_at(stretches_, "until"), as_of)
    end = np.fmin(end, np.asarray(about["ended_at"], dtype="datetime64[us]"))
    stalled = set(stretches_.loc[due <= end, "lead_id"])
    asked = pd.DataFrame({"stall": "over", "grade": leads["grade"]}).assign(
        graded_by=np.where(leads["said_grade"].notna(), "person", "machine")
    )
    for name in ("outcome", "pause", "silence", "tried", "given_by"):
        asked[name] = "none" if name in ("outcome", "pause", "silence") else leads[name]
    down = leads["lead_id"].isin(stalled).to_numpy(dtype=bool) & (first_match(asked, (row,)) == 0)
    down &= leads["verdict"].ne("invalid").to_numpy(dtype=bool)
    return leads.assign(
        grade=leads["grade"].mask(down, "C").astype("str"),
        grade_rule=leads["grade_rule"].mask(down, STALLED).astype("str"),
    )


def _phases(leads: pd.DataFrame, rules: Rules) -> pd.Series:
    """The rule whose phase says how the lead stands: its stage, or where it stands beside the stages."""
    stage = np.array([rule.id for rule in rules.stages], dtype=object)[leads["place"].to_numpy(dtype=np.int64)]
    kind, status = leads["pause_kind"], leads["status"]
    chosen = [status == "lost", status == "pool", leads["then"].eq("paused") & (kind == "reactivate"),
              leads["then"].eq("paused")]  # fmt: skip
    values = ["lost", "pool", "reactivate", "hold"]
    return pd.Series(np.select(chosen, values, stage), index=leads.index).astype("str")


def _hints(leads: pd.DataFrame, rules: Rules) -> pd.Series:
    """The rules that say something to the owner now, joined by |."""
    marks = {
        "L-CHANNEL": leads["calls"].fillna(0) >= rules.value("L-CHANNEL"),
        "L-CALLS-A-DAY": leads["busy_day"].fillna(0) >= rules.value("L-CALLS-A-DAY"),
        "L-CHANGE-WORDS": leads["changed"],
        "L-STALL": leads["then"].isin(("alarm", "downgrade")),
        "T-KEEN": leads["tier"] == "高意向",
    }
    found = pd.Series("", index=leads.index, dtype="str")
    open_ = leads["status"].isin(ALIVE)
    for rule, where in marks.items():
        found = found.where(~(where & open_), found + "|" + rule)
    return found.str.slice(1)


def _passed_on(leads: pd.DataFrame, alive: np.ndarray) -> pd.DataFrame:
    """The columns that are told; of leads that others keep only their status."""
    told_ = leads[
        ["lead_id", *KEPT, "then", "since", "moved_at", "place", "ended_at", "actor", *DEAL, "state_at"]
    ].copy()
    others = ~alive
    if others.any():
        for name in (*KEPT[1:], "state_at"):
            told_[name] = told_[name].where(alive)
    return told_


def _at(leads: pd.DataFrame, name: str) -> np.ndarray:
    return np.asarray(leads[name], dtype="datetime64[us]")


__all__ = ["ALIVE", "ENDED", "KEPT", "Facts", "state"]
