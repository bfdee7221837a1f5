"""One chunk becomes leads: matched, decided, numbered, owned and recorded in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine

from config.schema import Config, Rules
from models.db import begin, take_ids, write
from models.side import SideWriter
from tasks import record
from tasks.arrival import Arrival
from tasks.batches import add_counts
from tasks.blocked import blocks_of_leads
from tasks.neighbours import ROW_COLUMNS, Neighbours, find_numbers, load_neighbours
from tasks.ownership import own_leads
from tasks.points import reached
from tasks.rules.cluster import FOLLOWERS, Cluster, cluster
from tasks.rules.corrections import correct_leads, decided_by_hand
from tasks.rules.decide import decide
from tasks.rules.deliveries import Deliveries, follow_records, resolve
from tasks.rules.keys import among, begins_anew, identity_keys, known_by, profile_keys, record_keys
from tasks.rules.survive import survive
from tasks.state import keep_current
from tasks.turns import Clash, Turn

# what a row can be recognised by
_KNOWN_BY = (
    "company_key",
    "contact_key",
    "phone",
    "phone_kind",
    "phone2",
    "phone2_kind",
    "email",
    "email_kind",
    "content_key",
)
Settled = TypeVar("Settled")
_TRIES = 5
# what the databases call a row that another worker made first, a serialization failure, a deadlock, a lock held
_CLASHES = ("23505", "40001", "40P01", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_BUSY")


@dataclass(frozen=True)
class Judgement:
    """What a person said of a lead's rows: its first row from now on, and submission_id, key, verdict of each word."""

    lead_id: int
    origin_id: int
    said: pd.DataFrame


def settle_chunk(
    engine: Engine,
    arrival: Arrival,
    chunk: int,
    prepared: pd.DataFrame,
    config: Config,
    side: SideWriter | None = None,
    meanwhile: Callable[[], None] = lambda: None,
    part: tuple[int, bool] = (0, True),
) -> dict[str, float] | None:
    """Settle one prepared chunk and give its seconds by step; None when it was settled before.

    `part`: the rows are those of the chunk behind so many, and whether they are its last ones.
    `side` carries out the writes, where there are many, and `meanwhile` is called while they end.
    A clash with another worker over the same person or company rolls back and starts anew.
    """
    for attempt in range(_TRIES):
        try:
            with side.transaction(meanwhile) if side else begin(engine) as conn:
                if not _claim(conn, arrival, chunk, part, len(prepared)):
                    return None
                # who was in another's way once goes first
                turn = Turn(conn, first=attempt > 0)
                return _Settling(conn, arrival, config, turn).run(prepared)
        except Exception as error:
            if attempt + 1 == _TRIES or not _is_clash(error):
                raise
    raise AssertionError("unreachable")


def settle_batch(
    engine: Engine, claim: Callable[[Connection], tuple[Arrival, pd.DataFrame] | None], config: Config
) -> bool:
    """Settle what `claim` takes within the transaction, as one batch of its own; False where it takes nothing.

    A clash with another worker rolls back and starts anew.
    """
    for attempt in range(_TRIES):
        try:
            with begin(engine) as conn:
                taken = claim(conn)
                if taken is None:
                    return False
                arrival, prepared = taken
                _Settling(conn, arrival, config, Turn(conn, first=attempt > 0)).run(prepared)
                return True
        except Exception as error:
            if attempt + 1 == _TRIES or not _is_clash(error):
                raise
    raise AssertionError("unreachable")


def in_turn(engine: Engine, work: Callable[[Connection], Settled]) -> Settled:
    """Do work in one transaction; a clash with another worker rolls it back and starts it anew."""
    for attempt in range(_TRIES):
        try:
            with begin(engine) as conn:
                return work(conn)
        except Exception as error:
            if attempt + 1 == _TRIES or not _is_clash(error):
                raise
    raise AssertionError("unreachable")


def settle_rows(conn: Connection, arrival: Arrival, prepared: pd.DataFrame, config: Config) -> None:
    """Settle prepared rows within an open transaction, in whose turn nobody else's is."""
    _Settling(conn, arrival, config, Turn(conn, first=True)).run(prepared)


def regroup(conn: Connection, arrival: Arrival, judgement: Judgement, config: Config) -> None:
    """Group the stored rows of a lead anew after a person's judgement, and decide what changes."""
    _Settling(conn, arrival, config, Turn(conn, first=True), judgement).run(_no_rows())


def decide_again(
    conn: Connection, arrival: Arrival, leads: Sequence[int], config: Config, *, touched: bool = False
) -> None:
    """Group the stored rows of leads (ids) anew and decide them, as after something that was known of them changed.

    touched: also what no person has decided about those that a person has touched.
    """
    if leads:
        turn = Turn(conn, first=True)
        _Settling(conn, arrival, config, turn, asked=tuple(leads), touched=touched).run(_no_rows())


def _no_rows() -> pd.DataFrame:
    """Make a prepared frame without rows, with the types of one that has some."""
    types = {"budget_min": "float64", "budget_max": "float64", "contact_at": "datetime64[us]"}
    types |= {"content_key": "int64", "line": "int64", "rejected": "bool"}
    columns = [*ROW_COLUMNS[1:-2], "sheet", "line", "raw", "issues", "rejected", "first_contact", "note"]
    columns += ["status_text", "entrant", "entry_team"]
    return pd.DataFrame({column: pd.Series(dtype=types.get(column, "str")) for column in columns})


def _claim(conn: Connection, arrival: Arrival, chunk: int, part: tuple[int, bool], rows: int) -> bool:
    """Take the chunk, or the next part of it: only who finds the batch there may settle it."""
    before, last = part
    statement = "UPDATE batch SET chunks = chunks + :over, part = :part, rows = rows + :rows"
    statement += " WHERE id = :id AND chunks = :chunk AND part = :before"
    after = {"over": int(last), "part": 0 if last else before + rows}
    return write(conn, statement, id=arrival.batch_id, chunk=chunk, rows=rows, before=before, **after) == 1


def _is_clash(error: Exception) -> bool:
    if isinstance(error, Clash):
        return True
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None) or getattr(cause, "code", None)
    return str(code).startswith(_CLASHES)


class _Settling:
    """The steps of one chunk, in order; each notes its seconds."""

    def __init__(
        self,
        conn: Connection,
        arrival: Arrival,
        config: Config,
        turn: Turn,
        judgement: Judgement | None = None,
        asked: tuple[int, ...] = (),
        *,
        touched: bool = False,
    ) -> None:
        self.conn, self.arrival, self.config, self.turn, self.judgement = conn, arrival, config, turn, judgement
        self.asked, self.touched = (judgement.lead_id,) if judgement else asked, touched
        self.rules, self.by = config.rules, known_by(config.rules)
        self.seconds: dict[str, float] = {}
        self._last = perf_counter()

    def run(self, prepared: pd.DataFrame) -> dict[str, float]:
        """Carry the chunk from prepared rows to stored leads."""
        rows = self._number_rows(prepared)
        named = find_numbers(self.conn, rows["lead_ref"])
        rows = self._address(rows, named["number"])
        near = self._find(rows, named)
        deliveries = self._follow(rows, near)
        self._note("look up")
        if self.arrival.batch_id is not None:
            # the most there is to write: now, so that it can be under way while the rest is decided
            record.write_rows(self.conn, self.arrival.batch_id, rows)
        union = _union(rows, near)
        found = cluster(
            union,
            pd.concat([_stands_for(near.rows), deliveries.repeats, deliveries.superseded]),
            near.leads,
            near.judged,
            pd.Index(near.identities.loc[near.identities["contact_id"].isna(), "key"]),
            self.rules.value("D-PLACEHOLDER-COMPANIES"),
            self.by,
        )
        self._note("match")
        affected = self._affected(found, union, near)
        leads = self._decide(found, affected, union, near)
        del union
        self._note("decide")
        outcome = _outcomes(rows, found, deliveries)
        # from here on one worker after the other: people, numbers, loads and assignments follow commits
        self.turn.take(near, rows.index)
        record.write_deliveries(self.conn, deliveries, near)
        if self.arrival.batch_id is not None:
            add_counts(self.conn, self.arrival.batch_id, rows["issues"], outcome)
        leads = record.write_people(self.conn, leads, found, near, self.arrival, self.rules)
        self._note("write rows")
        followed = own_leads(self.conn, leads, found, near, outcome, self.arrival, self.config)
        if followed:
            keep_current(self.conn, followed, self.arrival, self.config)
        self._note("own and write leads")
        reached("in-transaction")
        return self.seconds

    def _number_rows(self, prepared: pd.DataFrame) -> pd.DataFrame:
        rows = prepared.reset_index(drop=True)
        rows.index = pd.Index(take_ids(self.conn, "submission", len(rows)), name="id")
        rows["accepted"] = ~rows["rejected"]
        rows["named"] = _is_named(rows, self.rules)
        return rows

    def _find(self, rows: pd.DataFrame, named: pd.DataFrame) -> Neighbours:
        """Look up what the rows that may belong to a lead touch in the database."""
        joinable = rows.loc[rows["joinable"], list(_KNOWN_BY)]
        keys = identity_keys(joinable.reset_index(drop=True), self.by)["key"].drop_duplicates().sort_values()
        profiles = profile_keys(joinable if self.by.names else joinable.iloc[:0])
        profiles = profiles.dropna().drop_duplicates().astype("int64").sort_values()
        records = rows["record"].dropna().drop_duplicates().astype("int64").sort_values()
        said = self.judgement
        near = load_neighbours(self.conn, named, keys, profiles, records, self.by, self.asked)
        if said:
            # not read again: it is written in this transaction
            near.judged = pd.concat([near.judged, said.said]).drop_duplicates(ignore_index=True)
            near.leads.loc[near.leads["lead_id"] == said.lead_id, "origin_id"] = said.origin_id
        if self.touched:
            near.leads.loc[near.leads["lead_id"].isin(self.asked), "touched_at"] = None
        return near

    def _address(self, rows: pd.DataFrame, numbers: pd.Series) -> pd.DataFrame:
        """Tell lead numbers that leadflow knows from those that are somebody else's identifier."""
        known = pd.Series(among(rows["lead_ref"], numbers), rows.index)
        foreign = rows["lead_ref"].where(~known)
        rows["external_id"] = rows["external_id"].fillna(foreign)
        rows["lead_ref"] = rows["lead_ref"].where(known)
        rows["joinable"] = rows["accepted"] | rows["named"] | known
        channel = self.arrival.channel
        anew = begins_anew(rows["external_id"], self.rules) if channel.kind == "folder" else None
        rows["record"] = record_keys(rows.assign(channel=channel.name), anew)
        return rows

    def _follow(self, rows: pd.DataFrame, near: Neighbours) -> Deliveries:
        stored = near.records.merge(near.rows[["id", "content_key"]], left_on="submission_id", right_on="id")
        stored = stored[["id", "record", "content_key"]]
        named = rows.loc[rows["record"].notna(), ["record", "content_key"]].reset_index(names="id")
        return follow_records(named.astype({"record": "int64"}), stored.astype("int64"))

    def _affected(self, found: Cluster, union: pd.DataFrame, near: Neighbours) -> pd.Series:
        """Say for each label whether it must be decided anew: a new row, or other members than before."""
        counted = found.member[~found.member["why"].isin(FOLLOWERS)]
        member = counted.join(near.rows.set_index("id")["lead_id"], how="left")
        moved = member["new"] | (
            member["lead_id"].fillna(-1).astype("int64").to_numpy()
            != found.lineage.lead.reindex(member["label"]).to_numpy()
        )
        changed: pd.Series = moved.groupby(member["label"]).any()
        # a lead that loses rows to another is decided anew too
        left = near.rows.loc[near.rows["lead_id"].notna(), ["id", "lead_id"]]
        label = found.member["label"].reindex(left["id"])
        now = found.lineage.lead.reindex(label.to_numpy()).to_numpy()
        losing = left.loc[now != left["lead_id"].to_numpy(), "lead_id"]
        return changed | found.lineage.lead.reindex(changed.index).isin([*losing, *self.asked])

    def _decide(self, found: Cluster, affected: pd.Series, union: pd.DataFrame, near: Neighbours) -> pd.DataFrame:
        """Decide the affected leads anew: survivors of their rows, verdict, grade. Index: label."""
        labels = affected.index[affected]
        counted = found.member[found.member["label"].isin(labels) & ~found.member["why"].isin(FOLLOWERS)]
        leads = survive(union.loc[counted.index], counted["label"].to_numpy())
        lead_of = found.lineage.lead.reindex(leads.index)
        leads = correct_leads(leads, lead_of, near.words)
        leads["blocked"] = blocks_of_leads(
            self.conn, union.loc[counted.index], counted["label"].to_numpy(), leads.index
        )
        said = (decided_by_hand(near.words, lead_of, key) for key in ("verdict", "grade"))
        decided = decide(leads, self.rules, *said)
        facts = [c for c in decided if c not in ("verdict", "verdict_rule", "reasons", "grade", "grade_rule")]
        leads["facts"] = _facts_text(leads, decided[facts])
        for column in ("verdict", "verdict_rule", "reasons", "grade", "grade_rule"):
            leads[column] = decided[column]
        leads["lead_id"] = lead_of
        leads["origin_id"] = found.first.reindex(leads.index)
        leads["rows"] = counted.groupby("label").size().reindex(leads.index)
        return leads.sort_values("origin_id")

    def _note(self, step: str) -> None:
        now = perf_counter()
        self.seconds[step] = now - self._last
        self._last = now


def _is_named(rows: pd.DataFrame, rules: Rules) -> pd.Series:
    """Whether a rejected row still counts once its person is known: only nobody to reach, but a full name."""
    rejecting = [rule for rule in rules.checklist if rule.rejects]
    reach = [rule.id for rule in rejecting if rule.test == "unreachable"]
    others = [rule.id for rule in rejecting if rule.test != "unreachable"]
    reach_only = _fails(rows, reach) & ~_fails(rows, others)
    return reach_only & rows["company_key"].notna() & rows["contact_key"].notna()


def _fails(rows: pd.DataFrame, rules: list[str]) -> pd.Series:
    """Whether a row fails one of the checks."""
    if not rules:
        return pd.Series(False, index=rows.index)
    return rows["issues"].str.contains(rf"(?:^|\|)(?:{'|'.join(rules)})(?:\||$)")


def _union(rows: pd.DataFrame, near: Neighbours) -> pd.DataFrame:
    """Put the chunk's joinable rows and the stored ones into one frame, index submission id."""
    columns = [c for c in ROW_COLUMNS if c not in ("id", "same_as")]
    fresh = rows.loc[rows["joinable"], columns].assign(new=True)
    if near.rows.empty:
        return fresh
    stored = near.rows.set_index("id").assign(new=False)
    return pd.concat([fresh, stored[[*columns, "new"]].astype(fresh.dtypes.to_dict())])


def _stands_for(stored: pd.DataFrame) -> pd.Series:
    followed = stored[stored["same_as"].notna()]
    return pd.Series(followed["same_as"].to_numpy(dtype=np.int64), index=followed["id"].to_numpy(), dtype="int64")


def _outcomes(rows: pd.DataFrame, found: Cluster, deliveries: Deliveries) -> pd.Series:
    """Name what became of each row of the chunk."""
    outcome = pd.Series("rejected", index=rows.index, dtype="str")
    member = found.member.index.intersection(rows.index)
    outcome[member] = "merged"
    new = found.lineage.lead.index[found.lineage.lead == 0]
    outcome[outcome.index.isin(found.first.reindex(new))] = "created"
    updates = deliveries.superseded[deliveries.superseded.isin(rows.index)]
    outcome[member[member.isin(updates)]] = "updated"
    if len(updates):
        # of several deliveries of one record in one chunk the first made the lead that the last one updates
        counts = resolve(deliveries.superseded, member)
        counts = counts[counts.isin(found.first.reindex(new))]
        made = pd.Series(counts.index.to_numpy(), index=counts.to_numpy()).groupby(level=0).min()
        outcome[made[made.to_numpy() != made.index.to_numpy()]] = "created"
    return outcome


def _facts_text(leads: pd.DataFrame, facts: pd.DataFrame) -> pd.Series:
    """Write the evidence of each lead as fact=code pairs."""
    named = {
        "need": leads["need_state"],
        "chain": leads["chain_state"],
        "urgency": leads["urgency_state"],
        "title": leads["title_state"],
        "junk": leads["junk"].str.replace("|", ",", regex=False),
        "blocked": leads["blocked"].str.replace("|", ",", regex=False),
    }
    named.update({str(name): facts[name].astype("str") for name in facts})
    text_ = pd.Series("", index=leads.index, dtype="str")
    for name, value in named.items():
        filled = value.notna() & (value != "")
        text_ = text_ + ("|" + name + "=" + value.fillna("")).where(filled, "")
    return text_.str.slice(1)
