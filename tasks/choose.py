"""Another owner for leads that somebody has: chosen company by company, as if nobody had them."""

from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import Config
from tasks.arrival import Arrival
from tasks.ownership import loads_of, unit_of
from tasks.rules.assign import assign
from tasks.rules.owner_rules import strength
from tasks.rules.share import Standing
from tasks.standings import read_turns, write_turns


def choose_others(
    conn: Connection, leads: pd.DataFrame, arrival: Arrival, config: Config
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Let the rules choose for each company by its strongest lead, its present owner left out; the choices too.

    leads: lead_id, account_id, old_owner and what `assign` asks of a lead. Gives them with owner, owner_rule (the
    rule, or why nobody could) and choice.
    """
    day, turns = arrival.local.date(), read_turns(conn, arrival.local.date())
    loads, today, standings = loads_of(conn), dict(turns.today), dict(turns.standings)
    units = companies_of(leads, config)
    parts: list[pd.DataFrame] = []
    choices: list[dict[str, Any]] = []
    changed: dict[str, Standing] = {}
    for owner in sorted(units["old_owner"].fillna("").unique()):
        mine = units[(units["old_owner"].fillna("") == owner).to_numpy()].reset_index(drop=True)
        others = [person for person in config.roster.people if person.id != owner]
        result = assign(mine, others, config.rules, day, loads=loads, today=today, standings=standings)
        loads, today, standings = loads | result.loads, today | result.today, standings | result.standings
        changed |= result.standings
        chosen = result.frame.assign(unit=mine["unit"])
        chosen["choice"] += np.where(chosen["choice"] < 0, 0, len(choices))
        choices += result.choices
        parts.append(chosen)
    write_turns(conn, turns, changed, today, arrival)
    given = pd.concat(parts).set_index("unit").reindex(unit_of(leads)).reset_index(drop=True)
    rule = given["rule"].fillna(given["reason"])
    columns = {"owner": given["owner"].array, "owner_rule": rule.array, "choice": given["choice"].array}
    return leads.assign(**columns), choices


def companies_of(leads: pd.DataFrame, config: Config) -> pd.DataFrame:
    """One row a company (`unit`), its strongest lead, with how many leads go with it; owned by nobody."""
    ranked = leads.assign(unit=unit_of(leads).array, strength=strength(leads, config.rules)).sort_values(
        ["strength", "lead_id"], ascending=[False, True]
    )
    units = ranked.drop_duplicates("unit").sort_values("lead_id").reset_index(drop=True)
    nobody = pd.Series(pd.NA, index=units.index, dtype="str")
    return units.assign(leads=units["unit"].map(ranked.groupby("unit").size()), held=0, owner=nobody, hint=nobody)
