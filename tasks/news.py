"""What there is to tell: the live assignments since the last telling, read once and given person by person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from models.streams import driver_rows
from tasks.spool import Spool
from tasks.workbook import SEPARATOR

#: The cells of a row's text, in the order of the sheet.
FIELDS = (
    "number", "company", "contact", "title", "phone", "email", "need", "urgency", "chain", "source", "source_detail",
    "mark", "first_contact", "industry", "region",
)  # fmt: skip
_SQL_OF = {
    "number": "l.number",
    "company": "a.name",
    "contact": "k.name",
    "title": "k.title",
    "phone": "k.phone",
    "email": "k.email",
    "first_contact": "replace(l.created, 'T', ' ')",
}
#: Stands for the person where a lead found no owner.
NOBODY = ""
# one text a row: a driver makes one object of it instead of fifteen
_CELLS = """
       {make}('%s|%s|%s|%s|%s|%s|%s', l.verdict, l.verdict_rule, l.grade, l.grade_rule, l.urgency_state, l.owner_rule,
              replace(l.reasons, '|', ',')),
       {make}('%s|%s|%s', l.budget_min, l.budget_max, l.budget_state),
       substr(CAST(l.contact_at AS TEXT), 1, 19), l.id, {make}(CAST(:form AS TEXT), {fields})
"""
_LEADS = """
JOIN lead l ON l.id = {of}.lead_id JOIN contact k ON k.id = l.contact_id
LEFT JOIN account a ON a.id = l.account_id
WHERE {of}.id > :low AND {of}.id <= :high AND l.joined_into IS NULL
"""
_OWNED = f"""
SELECT g.person, COALESCE(g.lifted_from, ''), {_CELLS} FROM assignment g {_LEADS.replace("{of}", "g")}
AND g.until IS NULL ORDER BY g.id
"""
# of several events of a lead the last one says how it stands
_UNOWNED = f"""
SELECT '', '', {_CELLS} FROM lead_event e {_LEADS.replace("{of}", "e")}
AND e.status = 'new' AND l.status = 'new' AND l.owner IS NULL
AND e.id = (SELECT MAX(x.id) FROM lead_event x WHERE x.lead_id = e.lead_id) ORDER BY e.id
"""
# what was given and taken again before anybody was told
_PASSED = "SELECT lead_id, person FROM assignment WHERE id > :low AND id <= :high AND until IS NOT NULL"
_FETCH, _BLOCK, _BUCKET_ROWS = 10_000, 50_000, 40_000
_NEVER = np.iinfo(np.int64).max

NEWS = pa.schema(
    [
        ("person", pa.int32()),
        ("lifted_from", pa.int32()),
        ("decision", pa.int32()),
        ("budget", pa.int32()),
        ("contact_at", pa.int64()),
        ("lead_id", pa.int64()),
        ("text", pa.large_string()),
    ]
)


class Codes:
    """Numbers for the distinct texts of a column, the same in every block."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._known: dict[str, int] = {}

    def of(self, column: pa.Array) -> pa.Array:
        """The number of each text."""
        encoded = column.dictionary_encode()
        numbers = [self._known.setdefault(value, len(self._known)) for value in encoded.dictionary.to_pylist()]
        self.values.extend(list(self._known)[len(self.values) :])
        return pa.array(numbers, pa.int32()).take(encoded.indices)


@dataclass(frozen=True)
class Decision:
    """What was decided about a lead, as the words of the database."""

    verdict: str
    verdict_rule: str
    grade: str
    grade_rule: str
    urgency: str
    owner_rule: str
    reasons: str

    @classmethod
    def of(cls, joined: str) -> "Decision":
        """Read the codes that one text holds."""
        return cls(*joined.split("|"))

    @property
    def rank(self) -> int:
        """The more urgent the smaller: grade first, then urgency."""
        return _place(_GRADES, self.grade) * len(_URGENCIES) + _place(_URGENCIES, self.urgency)


class News:
    """The new assignments of every person, and what nobody took; leads of one person come most urgent first."""

    def __init__(self, rows_expected: int) -> None:
        self.people, self.decisions, self.budgets = Codes(), Codes(), Codes()
        self.spool = Spool(max(1, -(-rows_expected // _BUCKET_ROWS)))
        #: Leads by person and decision, also of those that no mail lists.
        self.counts: np.ndarray = np.zeros((0, 0), dtype=np.int64)
        self.lifted: list[pa.Table] = []
        self._passed: list[pa.Table] = []

    def __enter__(self) -> "News":
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self.spool.close()

    def add(self, rows: pa.Table) -> None:
        """Take a block of rows."""
        person = rows["person"].to_numpy()
        decision = rows["decision"].to_numpy()
        shape = (len(self.people.values), len(self.decisions.values))
        counts = np.bincount(person * shape[1] + decision, minlength=shape[0] * shape[1]).reshape(shape)
        counts[: self.counts.shape[0], : self.counts.shape[1]] += self.counts
        self.counts = counts
        has = pc.not_equal(rows["lifted_from"], pa.scalar(self.people.of(pa.array([""]))[0].as_py(), pa.int32()))
        self.lifted.append(rows.filter(has))
        self.spool.add(rows, person % self.spool.buckets)

    def pass_over(self, leads: pa.Array, person: pa.Array) -> None:
        """Note who had which lead without ever hearing of it."""
        self._passed.append(pa.table({"lead_id": leads, "person": person}))

    def handed_over(self) -> pa.Table:
        """The rows that somebody who was told of the lead has to give up."""
        if not self.lifted:
            return NEWS.empty_table()
        rows = pa.concat_tables(self.lifted)
        if not self._passed:
            return rows
        passed = pa.concat_tables(self._passed)
        many = len(self.people.values)
        mine, theirs = (
            table["lead_id"].to_numpy() * many + table[person].to_numpy()
            for table, person in ((rows, "lifted_from"), (passed, "person"))
        )
        return rows.filter(pa.array(~np.isin(mine, theirs)))

    def by_person(self, keep: int) -> Iterator[tuple[int, pa.Table]]:
        """Each person's code and his `keep` most urgent leads."""
        for bucket in range(self.spool.buckets):
            rows = NEWS.empty_table()
            for place in self.spool.slices(bucket):
                rows = pa.concat_tables([rows, self.spool.read(place)])
                if rows.num_rows > 2 * _BUCKET_ROWS:
                    rows = self._first(rows, keep)
            if not rows.num_rows:
                continue
            rows = self._first(rows, keep)
            person = rows["person"].to_numpy()
            starts = np.flatnonzero(np.diff(person, prepend=-1))
            for start, stop in zip(starts, [*starts[1:], len(person)], strict=True):
                yield int(person[start]), rows.slice(start, stop - start)

    def ranks(self) -> np.ndarray:
        """The rank of each decision code."""
        return np.array([Decision.of(value).rank for value in self.decisions.values], dtype=np.int64)

    def _first(self, rows: pa.Table, keep: int) -> pa.Table:
        person = rows["person"].to_numpy()
        # numbers are given in the order of ids
        keys = (rows["lead_id"], rows["contact_at"])
        order = np.lexsort((*(key.to_numpy() for key in keys), self.ranks()[rows["decision"].to_numpy()], person))
        person = person[order]
        start = np.searchsorted(person, person)
        return rows.take(pa.array(order[np.arange(len(order)) - start < keep])).combine_chunks()


Span = tuple[int, int]
# field -> what is said in place of each of its values
Said = Mapping[str, Mapping[str, str]]


def read_news(conn: Connection, low: int, high: int, events: Span = (0, 0), said: Said | None = None) -> News:
    """Read the live assignments with low < id <= high, and the leads that events of that span left without owner.

    said: the words of the reader's language for the values of fields that have a vocabulary.
    """
    spans = ((_OWNED, (low, high)), (_UNOWNED, events))
    try:
        return _read(conn, spans, said or {}, guarded=False)
    except _SeparatorInText:
        return _read(conn, spans, said or {}, guarded=True)


def _read(conn: Connection, spans: tuple[tuple[str, Span], ...], said: Said, *, guarded: bool) -> News:
    (_, (low, high)), _ = spans
    news = News(high - low)
    try:
        for query, span in spans:
            for rows in _blocks(conn, query, span, news, said, guarded=guarded):
                news.add(rows)
        for fetched in driver_rows(conn, _PASSED, _FETCH, low=low, high=high):
            leads, people = zip(*fetched, strict=True)
            news.pass_over(pa.array(leads, pa.int64()), news.people.of(pa.array(people, pa.string())))
    except BaseException:
        news.spool.close()
        raise
    return news


class _SeparatorInText(Exception):
    """A value holds the sign that separates the values."""


def _blocks(conn: Connection, query: str, span: Span, news: News, said: Said, *, guarded: bool) -> Iterator[pa.Table]:
    low, high = span
    if high <= low:
        return
    make = "format" if conn.dialect.name == "postgresql" else "printf"
    fields = ", ".join(_field(name, said.get(name), guarded) for name in FIELDS)
    values = {"low": low, "high": high, "form": SEPARATOR.join(["%s"] * len(FIELDS))}
    values |= {"sep": SEPARATOR} if guarded else {}
    parts: list[pa.Table] = []
    for fetched in driver_rows(conn, query.format(make=make, fields=fields), _FETCH, **values):
        parts.append(_table(list(zip(*fetched, strict=True)), news))
        if len(parts) * _FETCH >= _BLOCK:
            yield pa.concat_tables(parts)
            parts = []
    if parts:
        yield pa.concat_tables(parts)


def _field(name: str, said: Mapping[str, str] | None, guarded: bool) -> str:
    sql = _SQL_OF.get(name, f"l.{name}")
    if said:
        cases = " ".join(f"WHEN '{value}' THEN '{shown}'" for value, shown in said.items())
        sql = f"CASE {sql} {cases} ELSE {sql} END"
    return f"replace({sql}, CAST(:sep AS TEXT), ' ')" if guarded else sql


def _table(columns: list[tuple[object, ...]], news: News) -> pa.Table:
    person, lifted, decision, budget, contact_at, lead, joined = columns
    joined = pa.array(joined, pa.large_string())
    raw = joined.buffers()[2].to_pybytes()
    if raw.count(SEPARATOR.encode()) != len(joined) * (len(FIELDS) - 1):
        raise _SeparatorInText
    stamps = pa.array(contact_at, pa.string()).cast(pa.timestamp("s")).cast(pa.int64())
    arrays = [
        news.people.of(pa.array(person, pa.string())),
        news.people.of(pa.array(lifted, pa.string())),
        news.decisions.of(pa.array(decision, pa.string())),
        news.budgets.of(pa.array(budget, pa.string())),
        stamps.fill_null(_NEVER),
        pa.array(lead, pa.int64()),
        joined,
    ]
    return pa.Table.from_arrays(arrays, schema=NEWS)


def _place(order: tuple[str, ...], value: str) -> int:
    return order.index(value) if value in order else len(order) - 1


_GRADES = ("A", "B", "C", "")
_URGENCIES = ("urgent", "frame", "unknown", "no_plan", "")
