"""One chunk becomes leads: matched, decided, numbered, owned and recorded in one transaction."""

from time import perf_counter

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from config.schema import Config
from models.db import begin, take_ids
from tasks import record
from tasks.arrival import Arrival
from tasks.batches import add_counts
from tasks.neighbours import ROW_COLUMNS, Neighbours, load_neighbours
from tasks.ownership import own_leads
from tasks.rules.cluster import Cluster, cluster
from tasks.rules.decide import decide
from tasks.rules.deliveries import Deliveries, follow_records
from tasks.rules.keys import hash_text, identity_keys, profile_keys
from tasks.rules.survive import survive

REACH = "C-REACH"
_TRIES = 5


def settle_chunk(
    engine: Engine, arrival: Arrival, chunk: int, prepared: pd.DataFrame, config: Config
) -> dict[str, float] | None:
    """Settle one prepared chunk and give its seconds by step; None when it was settled before.

    A clash with another worker over the same person or company rolls back and starts anew.
    """
    for attempt in range(_TRIES):
        try:
            with begin(engine) as conn:
                if not _claim(conn, arrival.batch_id, chunk, len(prepared)):
                    return None
                return _Settling(conn, arrival, config).run(prepared)
        except (IntegrityError, OperationalError) as error:
            if attempt + 1 == _TRIES or not _is_clash(error):
                raise
    raise AssertionError("unreachable")


def regroup(conn: Connection, arrival: Arrival, leads: tuple[int, ...], config: Config) -> None:
    """Group the stored rows of leads anew after a person's judgement, and decide what changes."""
    _Settling(conn, arrival, config, leads).run(_no_rows())


def _no_rows() -> pd.DataFrame:
    """Make a prepared frame without rows, with the types of one that has some."""
    types = {"budget_min": "float64", "budget_max": "float64", "contact_at": "datetime64[us]"}
    types |= {"content_key": "int64", "line": "int64", "rejected": "bool"}
    columns = [*ROW_COLUMNS[1:-2], "sheet", "line", "raw", "issues", "rejected", "first_contact", "note"]
    columns += ["status_text", "entrant", "entry_team"]
    return pd.DataFrame({column: pd.Series(dtype=types.get(column, "str")) for column in columns})


def _claim(conn: Connection, batch_id: int, chunk: int, rows: int) -> bool:
    """Take the chunk: only who finds the batch at this chunk may settle it."""
    taken = conn.execute(
        text("UPDATE batch SET chunks = chunks + 1, rows = rows + :rows WHERE id = :id AND chunks = :chunk"),
        {"id": batch_id, "chunk": chunk, "rows": rows},
    )
    return taken.rowcount == 1


def _is_clash(error: Exception) -> bool:
    said = str(error).lower()
    return isinstance(error, IntegrityError) or "deadlock" in said or "locked" in said or "serialize" in said


class _Settling:
    """The steps of one chunk, in order; each notes its seconds."""

    def __init__(
        self, conn: Connection, arrival: Arrival, config: Config, leads: tuple[int, ...] = ()
    ) -> None:
        self.conn, self.arrival, self.config, self.leads = conn, arrival, config, leads
        self.rules = config.rules
        self.seconds: dict[str, float] = {}
        self._last = perf_counter()

    def run(self, prepared: pd.DataFrame) -> dict[str, float]:
        """Carry the chunk from prepared rows to stored leads."""
        rows = self._number_rows(prepared)
        near = self._find(rows)
        rows, known = self._address(rows, near)
        deliveries = self._follow(rows, known)
        self._note("look up")
        union = _union(rows, known, near)
        found = cluster(
            union,
            pd.concat([_stands_for(near.rows), deliveries.repeats, deliveries.superseded]),
            near.leads,
            near.judged,
            near.identities.loc[near.identities["contact_id"].isna(), "key"],
            self.rules.value("D-PLACEHOLDER-COMPANIES"),
        )
        self._note("match")
        affected = self._affected(found, union, near)
        leads = self._decide(found, affected, union, near)
        self._note("decide")
        if self.arrival.batch_id is not None:
            outcome = _outcomes(rows, found, deliveries)
            record.write_rows(self.conn, self.arrival.batch_id, rows, outcome, deliveries)
            required = {rule.id for rule in self.rules.checklist if rule.level == "required"}
            add_counts(self.conn, self.arrival.batch_id, rows, outcome, required)
        leads = record.write_people(self.conn, leads, found, near)
        self._note("write rows")
        own_leads(self.conn, leads, found, near, self.arrival, self.config)
        self._note("own and write leads")
        return self.seconds

    def _number_rows(self, prepared: pd.DataFrame) -> pd.DataFrame:
        rows = prepared.reset_index(drop=True)
        rows.index = pd.Index(take_ids(self.conn, "submission", len(rows)), name="id")
        rows["accepted"] = ~rows["rejected"]
        rows["named"] = self._is_named(rows)
        rows["joinable"] = rows["accepted"] | rows["named"] | rows["lead_ref"].notna()
        return rows

    def _is_named(self, rows: pd.DataFrame) -> pd.Series:
        """Whether a rejected row still counts once its person is known: only nobody to reach, but a full name."""
        others = "|".join(rule.id for rule in self.rules.checklist if rule.rejects and rule.id != REACH)
        reach_only = rows["issues"].str.contains(rf"(?:^|\|){REACH}(?:\||$)")
        reach_only &= ~rows["issues"].str.contains(rf"(?:^|\|)(?:{others})(?:\||$)")
        return reach_only & rows["company_key"].notna() & rows["contact_key"].notna()

    def _find(self, rows: pd.DataFrame) -> Neighbours:
        """Look up what the rows that may belong to a lead touch in the database."""
        record.lock_accounts(self.conn, rows.loc[rows["joinable"], "company_key"])
        joinable = rows[rows["joinable"]]
        keys = identity_keys(joinable.reset_index(drop=True))["key"].drop_duplicates().sort_values()
        profiles = profile_keys(joinable).dropna().drop_duplicates().astype("int64").sort_values()
        external = joinable["external_id"].fillna(joinable["lead_ref"]).dropna()
        records = pd.Series(hash_text(self._record_text(external))).drop_duplicates().sort_values()
        return load_neighbours(self.conn, joinable, keys, profiles, records, self.leads)

    def _record_text(self, external: pd.Series) -> pd.Series:
        return self.arrival.channel.name + "\x1f" + external

    def _address(self, rows: pd.DataFrame, near: Neighbours) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Tell lead numbers that leadflow knows from those that are somebody else's identifier."""
        known = rows["lead_ref"].isin(near.numbers)
        foreign = rows["lead_ref"].where(~known)
        rows["external_id"] = rows["external_id"].fillna(foreign)
        rows["lead_ref"] = rows["lead_ref"].where(known)
        rows["joinable"] = rows["accepted"] | rows["named"] | known
        rows["record"] = pd.Series(pd.NA, index=rows.index, dtype="Int64")
        has = rows["external_id"].notna() & rows["accepted"]
        rows.loc[has, "record"] = hash_text(self._record_text(rows.loc[has, "external_id"]))
        stored = near.records.merge(near.rows[["id", "content_key"]], left_on="submission_id", right_on="id")
        return rows, stored[["id", "record", "content_key"]]

    def _follow(self, rows: pd.DataFrame, stored: pd.DataFrame) -> Deliveries:
        named = rows.loc[rows["record"].notna(), ["record", "content_key"]].reset_index(names="id")
        return follow_records(named.astype({"record": "int64"}), stored.astype("int64"))

    def _affected(self, found: Cluster, union: pd.DataFrame, near: Neighbours) -> pd.Series:
        """Say for each label whether it must be decided anew: a new row, or other members than before."""
        counted = found.member[found.member["why"] != "repeat"]
        member = counted.join(near.rows.set_index("id")["lead_id"], how="left")
        moved = member["new"] | (
            member["lead_id"].fillna(-1).astype("int64").to_numpy()
            != found.lineage.lead.reindex(member["label"]).to_numpy()
        )
        changed = moved.groupby(member["label"]).any()
        # a lead that loses rows to another is decided anew too
        left = near.rows.loc[near.rows["lead_id"].notna(), ["id", "lead_id"]]
        label = found.member["label"].reindex(left["id"])
        now = found.lineage.lead.reindex(label.to_numpy()).to_numpy()
        losing = left.loc[now != left["lead_id"].to_numpy(), "lead_id"]
        changed |= found.lineage.lead.reindex(changed.index).isin(losing)
        return changed

    def _decide(
        self, found: Cluster, affected: pd.Series, union: pd.DataFrame, near: Neighbours
    ) -> pd.DataFrame:
        """Decide the affected leads anew: survivors of their rows, verdict, grade. Index: label."""
        labels = affected.index[affected]
        counted = found.member[found.member["label"].isin(labels) & (found.member["why"] != "repeat")]
        leads = survive(union.loc[counted.index], counted["label"].to_numpy())
        decided = decide(leads, self.rules)
        facts = [c for c in decided if c not in ("verdict", "verdict_rule", "reasons", "grade", "grade_rule")]
        leads["facts"] = _facts_text(leads, decided[facts])
        for column in ("verdict", "verdict_rule", "reasons", "grade", "grade_rule"):
            leads[column] = decided[column]
        leads["lead_id"] = found.lineage.lead.reindex(leads.index)
        leads["origin_id"] = found.first.reindex(leads.index)
        leads["rows"] = counted.groupby("label").size().reindex(leads.index)
        return leads.sort_values("origin_id")

    def _note(self, step: str) -> None:
        now = perf_counter()
        self.seconds[step] = now - self._last
        self._last = now


def _union(rows: pd.DataFrame, _known: pd.DataFrame, near: Neighbours) -> pd.DataFrame:
    """Put the chunk's joinable rows and the stored ones into one frame, index submission id."""
    columns = [c for c in ROW_COLUMNS if c not in ("id", "same_as", "outcome")]
    fresh = rows.loc[rows["joinable"], [*columns, "accepted"]].assign(new=True)
    if near.rows.empty:
        return fresh
    stored = near.rows.set_index("id")
    stored = stored.assign(accepted=stored["outcome"] != "rejected", new=False)
    return pd.concat([fresh, stored[[*columns, "accepted", "new"]].astype(fresh.dtypes.to_dict())])


def _stands_for(stored: pd.DataFrame) -> pd.Series:
    followed = stored[stored["same_as"].notna()]
    return pd.Series(followed["same_as"].to_numpy(dtype=np.int64), index=followed["id"].to_numpy(), dtype="int64")


def _outcomes(rows: pd.DataFrame, found: Cluster, deliveries: Deliveries) -> pd.Series:
    """Name what became of each row of the chunk."""
    outcome = pd.Series("rejected", index=rows.index, dtype="str")
    member = found.member.index.intersection(rows.index)
    outcome[member] = "merged"
    new = found.lineage.lead.index[found.lineage.lead == 0]
    outcome[outcome.index.intersection(found.first.reindex(new).to_numpy())] = "created"
    updates = deliveries.superseded[deliveries.superseded.isin(rows.index)]
    outcome[member.intersection(updates.to_numpy())] = "updated"
    return outcome


def _facts_text(leads: pd.DataFrame, facts: pd.DataFrame) -> pd.Series:
    """Write the evidence of each lead as fact=code pairs."""
    named = {
        "need": leads["need_state"],
        "chain": leads["chain_state"],
        "urgency": leads["urgency_state"],
        "title": leads["title_state"],
        "junk": leads["junk"].str.replace("|", ",", regex=False),
    }
    named.update({name: facts[name].astype("str") for name in facts})
    text_ = pd.Series("", index=leads.index, dtype="str")
    for name, value in named.items():
        filled = value.notna() & (value != "")
        text_ = text_ + ("|" + name + "=" + value.fillna("")).where(filled, "")
    return text_.str.slice(1)

