"""Which lead goes on when rows are grouped anew: the one whose first row is in the group; the oldest."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Lineage:
    """What becomes of leads: `lead` per label (0 = a new one is needed), losers and the revived."""

    lead: pd.Series
    joined: pd.DataFrame
    revived: np.ndarray


def follow(label: pd.Series, accepted: pd.Series, leads: pd.DataFrame) -> Lineage:
    """Decide the lead of each label.

    `label`, `accepted`: by submission id. `leads`: lead_id, origin_id, status. A label with no
    accepted row is no lead: it is absent from `lead`. `joined`: lead_id, into (label).
    """
    alive = np.sort(label[accepted].unique())
    claims = leads.assign(label=label.reindex(leads["origin_id"]).to_numpy())
    claims = claims[claims["label"].isin(alive)].sort_values("lead_id")
    winner = claims.drop_duplicates("label").set_index("label")
    lead = winner["lead_id"].reindex(alive, fill_value=0)
    losers = claims[claims.duplicated("label") & (claims["status"] != "joined")]
    revived = winner.loc[winner["status"] == "joined", "lead_id"].to_numpy()
    return Lineage(lead, losers[["lead_id", "label"]].rename(columns={"label": "into"}), revived)


def first_rows(label: pd.Series, accepted: pd.Series) -> pd.Series:
    """Give each label's first accepted row by arrival: submission id by label."""
    rows = label[accepted]
    return pd.Series(rows.index.to_numpy(), index=rows.to_numpy()).groupby(level=0).min()
