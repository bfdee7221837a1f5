"""What a day's plan holds, whom it leaves what, and what was done of it: pure decisions over frames."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

#: Sections whose leads a plan should not leave out.
DUE = ("overdue", "due")


def prefilled(rows: pd.DataFrame, stand_ins: Mapping[str, str], sections: tuple[str, ...]) -> pd.DataFrame:
    """Lay out each person's plan from what a day asks: person, lead_id, section (the most urgent), instead_of.

    rows: person, section, lead_id of a day. stand_ins: who does what of a person who is away; without one it is left.
    """
    rank = {name: place for place, name in enumerate(sections)}
    away = rows["person"].map(dict(stand_ins)).astype("str")
    laid = rows.assign(
        instead_of=rows["person"].where(away.notna()).astype("str"), person=away.fillna(rows["person"]),
        rank=rows["section"].map(rank).fillna(len(rank)),
    )  # fmt: skip
    # what is a person's own comes before what he does for another
    laid = laid.assign(other=laid["instead_of"].notna()).sort_values(["person", "other", "rank"], kind="stable")
    laid = laid.drop_duplicates(["person", "lead_id"]).sort_values(["person", "rank"], kind="stable")
    return laid.drop(columns=["rank", "other"]).reset_index(drop=True)


def left_out(items: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    """Of what falls due on the day (rows of `asked`), those that no plan keeps.

    asked: person, lead_id, section. items: person, lead_id, kept.
    """
    kept = pd.MultiIndex.from_frame(items.loc[items["kept"].to_numpy(dtype=bool), ["person", "lead_id"]])
    due = asked[asked["section"].isin(DUE).to_numpy(dtype=bool)]
    missing = ~pd.MultiIndex.from_frame(due[["person", "lead_id"]]).isin(kept)
    return due[missing].reset_index(drop=True)


def done(items: pd.DataFrame, touched: pd.Series) -> pd.DataFrame:
    """Mark what of a plan was done: the leads kept in it that a follow-up of the day touched, or that are closed.

    Adds `done`. A lead that went to somebody else before anything was done of it is no longer asked of him.
    """
    kept = items[items["kept"].to_numpy(dtype=bool)].reset_index(drop=True)
    was_done = np.isin(kept["lead_id"].to_numpy(), touched.to_numpy()) | kept["closed_at"].notna().to_numpy(dtype=bool)
    gone = kept["moved"].to_numpy(dtype=bool) & ~was_done
    return kept.assign(done=was_done)[~gone].reset_index(drop=True)
