"""Follow-ups that cannot be recorded because of what the base holds: no such lead, closed, told otherwise before."""

import numpy as np
import pandas as pd

from config.people import Roster
from config.schema import Config
from tasks.rules.follow_up_check import Faults, fault, fault_frame
from tasks.rules.lifecycle.deals import CONTRACT, refused
from tasks.rules.lifecycle.state import ENDED
from tasks.rules.promises import OPEN
from tasks.told_again import told_otherwise

#: Channels through which a person speaks for himself: there he corrects only what he recorded.
_OWN_ONLY = ("page", "api")
_LEADING = ("supervisor", "manager")


def unfit_records(
    rows: pd.DataFrame, known: pd.DataFrame, leads: pd.DataFrame, earlier: pd.DataFrame, config: Config
) -> pd.DataFrame:
    """What is wrong of records of leads that take none, and of those that were recorded before as something else."""
    rows = rows.reset_index(drop=True)
    fresh = ~rows["key"].isin(known.index).to_numpy()
    about = leads.reindex(rows["number"])
    joined = about["into_number"].notna().to_numpy()
    # a customer is cared for
    takes = about["status"].isin([*OPEN, "pool", "won"]).to_numpy(dtype=bool)
    takes = takes & (about["closed_at"].isna() | (about["status"] == "won")).to_numpy(dtype=bool)
    there = rows["number"].isin(leads.index).to_numpy()
    wrong, corrects = _unfit_corrections(rows, fresh, leads, earlier, config)
    takes |= corrects
    other, before = told_otherwise(rows, known), known["id"].reindex(rows["key"]).astype("Int64").astype("str")
    into = about["into_number"].reset_index(drop=True)
    return fault_frame(
        [
            fault(fresh & ~there, "number", "no_lead"),
            fault(fresh & joined, "number", "joined", into),
            fault(fresh & there & ~joined & ~takes, "number", "closed"),
            *wrong,
            fault(other & ~fresh, "at", "differs", before.reset_index(drop=True)),
            fault(other & fresh, "at", "differs_here"),
        ]
    )


def _unfit_corrections(
    rows: pd.DataFrame, fresh: np.ndarray, leads: pd.DataFrame, earlier: pd.DataFrame, config: Config
) -> tuple[Faults, np.ndarray]:
    """What is wrong of records that correct others, and which of them a closed lead takes.

    A closed lead takes one that says of its end what the corrected one says of it.
    """
    about = leads.reindex(rows["number"]).reset_index(drop=True)
    asked = fresh & rows["corrects"].notna().to_numpy(dtype=bool)
    told = earlier.reindex(rows["corrects"].astype("float64")).reset_index(drop=True)
    lead, own = (side["lead_id"].astype("float64").to_numpy() for side in (about, told))
    named = rows["corrects_lead"].notna().to_numpy(dtype=bool)
    first = leads.reindex(rows["corrects_lead"]).reset_index(drop=True)
    # what was joined since stands on the lead that has it now
    named_id = first["lead_id"].astype("float64").to_numpy()
    into = leads["lead_id"].astype("float64").reindex(first["into_number"]).to_numpy()
    fits = (own == np.where(np.isnan(into), named_id, into)) & asked
    there = asked & (own == lead) & (~named | fits)
    moved = fits & (own != lead) & ~np.isnan(lead)
    later = told["superseded_by"]
    again = (there | moved) & later.notna().to_numpy(dtype=bool)
    twice = (there | moved) & ~again & rows["corrects"].where(asked).duplicated().to_numpy()
    other = rows["channel"].isin(_OWN_ONLY).to_numpy() & (told["person"] != rows["person"]).fillna(True).to_numpy(bool)
    ends = told[list(CONTRACT)].notna().any(axis=1) | refused(told, config.rules)
    ends &= told["status"].isin(ENDED)
    number = rows["corrects"].astype("str")
    faults: Faults = [
        fault(asked & ~named & ~there, "corrects", "no_record", number),
        fault(asked & named & ~there & ~moved, "corrects_lead", "no_record", number),
        fault(fresh & named & ~asked, "corrects", "blank"),
        fault(again, "corrects", "corrected", later.astype("Int64").astype("str")),
        fault(twice, "corrects", "corrected_here"),
        fault((there | moved) & ~again & other, "corrects", "others"),
        fault(moved & ~again & ends.to_numpy(dtype=bool), "corrects_lead", "ended_by"),
        *_not_theirs(rows, moved & ~again, about["owner"], told, config.roster),
    ]
    stays = np.ones(len(rows), dtype=bool)
    for name in CONTRACT:
        stays &= rows[name].notna().to_numpy() | told[name].isna().to_numpy()
    stays &= refused(rows, config.rules).to_numpy(dtype=bool) | ~refused(told, config.rules).to_numpy(dtype=bool)
    return faults, there & stays & about["status"].isin(ENDED).to_numpy(dtype=bool)


def _not_theirs(rows: pd.DataFrame, moved: np.ndarray, owner: pd.Series, told: pd.DataFrame, roster: Roster) -> Faults:
    """Records that somebody moves from, or to, a lead of which it is not his to say.

    From the one: who recorded it may too.
    """
    faults: Faults = []
    for field, owners, also in (("corrects_lead", told["owner"], told["person"]), ("number", owner, None)):
        wrong = np.zeros(len(rows), dtype=bool)
        owner_of = owners.astype("object").where(owners.notna(), None).tolist()
        recorded = [None] * len(rows) if also is None else also.astype("object").tolist()
        for place, actor in enumerate(rows["person"].astype("str")):
            mine = recorded[place] == actor or _may(actor, owner_of[place], roster)
            wrong[place] = moved[place] and not mine
        faults.append(fault(wrong, field, "not_his"))
    return faults


def _may(actor: str, owner: str | None, roster: Roster) -> bool:
    """Whether a lead is somebody's to record on: his, one he stands in for, his people's; nobody's is for who leads."""
    person = roster.person(actor)
    if person is None or not person.active:
        return False
    if person.role == "tech":
        # who answers for the technical department does so on any lead
        return True
    if owner is None:
        return person.role in _LEADING
    at = roster.person(owner)
    return roster.speaks_for(actor, owner) or (at is not None and actor in at.deputies)
